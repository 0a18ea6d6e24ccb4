//! What a word was perhaps meant to be.

/// How many letters have to be put in, taken out, changed or exchanged with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![(0..=to.len()).collect::<Vec<usize>>()];
    for (i, letter) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in to.iter().enumerate() {
            let change = rows[i][j] + usize::from(letter != other);
            let mut best = change.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && from[i - 1] == *other && to[j - 1] == *letter {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

/// The name that is nearest to a word, if one is near enough.
pub fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let allowed = (word.len() / 3).clamp(1, 3);
    names
        .map(|name| (distance(word, name), name))
        .filter(|(far, name)| *far <= allowed || (word.len() > 2 && name.starts_with(word)))
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_and_far() {
        let names = || ["add", "upgrade", "update", "verify"].into_iter();
        assert_eq!(nearest("ugprade", names()), Some("upgrade"));
        assert_eq!(nearest("ad", names()), Some("add"));
        assert_eq!(nearest("install", names()), None);
    }
}
