//! How cost grows with the number of services: the exponent of `cost = factor * count ^ exponent`.

/// The exponent that fits these pairs of count and cost best: the slope of a straight line through their logarithms, by
/// least squares. 1 is linear, 2 quadratic. Absent for fewer than two different counts, and where a count or cost is
/// not above zero.
#[allow(clippy::cast_precision_loss)] // A handful of points.
pub fn exponent(points: &[(f64, f64)]) -> Option<f64> {
    let logarithm = |value: f64| (value > 0.0 && value.is_finite()).then(|| value.ln());
    let points = points
        .iter()
        .map(|(count, cost)| Some((logarithm(*count)?, logarithm(*cost)?)))
        .collect::<Option<Vec<_>>>()?;
    let number = points.len() as f64;
    let (x, y) = (
        points.iter().map(|point| point.0).sum::<f64>() / number,
        points.iter().map(|point| point.1).sum::<f64>() / number,
    );
    let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let common: f64 = points
        .iter()
        .map(|point| (point.0 - x) * (point.1 - y))
        .sum();
    (spread > 0.0).then(|| common / spread)
}

/// The middle of some figures, or the mean of the two in the middle.
pub fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    let upper = *figures.get(middle)?;
    Some(match figures.len() % 2 {
        0 => f64::midpoint(figures[middle - 1], upper),
        _ => upper,
    })
}

/// The least of some figures.
pub fn least(figures: &[f64]) -> Option<f64> {
    figures.iter().copied().min_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTS: [f64; 4] = [1000.0, 2000.0, 5000.0, 10_000.0];

    fn of(cost: impl Fn(f64) -> f64) -> f64 {
        exponent(&COUNTS.map(|count| (count, cost(count)))).unwrap()
    }

    #[test]
    fn powers_are_found() {
        assert!((of(|n| 3.0 * n) - 1.0).abs() < 1e-9);
        assert!((of(|n| 0.001 * n * n) - 2.0).abs() < 1e-9);
        assert!((of(|_| 5.0)).abs() < 1e-9);
        assert!((of(|n| n.powf(1.3)) - 1.3).abs() < 1e-9);
    }

    #[test]
    fn noise_and_a_fixed_share_move_it_little() {
        let noisy = [
            (1000.0, 1.05),
            (2000.0, 1.92),
            (5000.0, 5.2),
            (10_000.0, 9.7),
        ];
        assert!((exponent(&noisy).unwrap() - 1.0).abs() < 0.05);
        assert!(of(|n| 100.0 + n) < 1.0);
        let logarithmic = of(|n| n * n.log2());
        assert!((1.05..1.2).contains(&logarithmic), "{logarithmic}");
    }

    #[test]
    fn what_has_no_slope_has_none() {
        assert_eq!(exponent(&[]), None);
        assert_eq!(exponent(&[(1000.0, 1.0)]), None);
        assert_eq!(exponent(&[(1000.0, 1.0), (1000.0, 2.0)]), None);
        assert_eq!(exponent(&[(1000.0, 1.0), (2000.0, 0.0)]), None);
        assert_eq!(exponent(&[(1000.0, 1.0), (2000.0, f64::NAN)]), None);
    }

    #[test]
    fn the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(Vec::new()), None);
        assert_eq!(least(&[3.0, 1.0, 2.0]), Some(1.0));
    }
}
