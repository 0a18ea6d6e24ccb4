//! Amounts as people write them.

/// Bytes: a number, perhaps with K, M, G or T behind it (1,024 each), and B or iB behind that.
pub fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = number(text.trim())?;
    let short = unit.strip_suffix("iB").or(unit.strip_suffix('B'));
    let shift = match short.unwrap_or(unit) {
        "" => 0,
        "K" | "k" => 10,
        "M" | "m" => 20,
        "G" | "g" => 30,
        "T" | "t" => 40,
        _ => return None,
    };
    number.checked_mul(1 << shift)
}

/// A number, and the unit behind it.
#[inline(never)]
fn number(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim()))
}

/// Bytes as the kernel takes them, or `max`.
pub fn bytes_or_max(text: &str) -> Option<String> {
    match text {
        "max" => Some("max".to_owned()),
        _ => bytes(text).map(|bytes| bytes.to_string()),
    }
}

/// A share: `50%`.
pub fn percent(text: &str) -> Option<u64> {
    let number = text.strip_suffix('%')?;
    let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|_| plain)
}

/// `cpu.max`: quota and period in microseconds; `50%` is half of one processor in each 100 ms.
pub fn cpu_max(text: &str) -> Option<String> {
    let period = 100_000;
    if let Some(share) = percent(text) {
        let quota = share
            .checked_mul(period / 100)
            .filter(|quota| *quota >= 1000)?;
        return Some(format!("{quota} {period}"));
    }
    let mut fields = text.split_ascii_whitespace();
    let quota = fields.next()?;
    if quota != "max" {
        quota.parse::<u64>().ok().filter(|quota| *quota >= 1000)?;
    }
    let period = match fields.next() {
        Some(field) => field
            .parse()
            .ok()
            .filter(|period| (1000..=1_000_000).contains(period))?,
        None => period,
    };
    fields.next().is_none().then(|| format!("{quota} {period}"))
}

/// Microseconds: `150ms`, `1s`, `500us`, or a plain number of them.
pub fn micros(text: &str) -> Option<u64> {
    let (number, unit) = number(text)?;
    let factor = match unit {
        "" | "us" => 1,
        "ms" => 1000,
        "s" => 1_000_000,
        "min" => 60_000_000,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// `0-3,6`, or nothing.
pub fn is_list(text: &str) -> bool {
    text.is_empty() || ranges(text).is_some()
}

/// The ranges of a list in order, those that touch made one.
pub fn ranges(text: &str) -> Option<Vec<(u32, u32)>> {
    let mut ranges = Vec::new();
    for part in text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        let (low, high) = (low.parse().ok()?, high.parse().ok()?);
        if low > high || high > 1 << 20 {
            return None;
        }
        let at = ranges.partition_point(|earlier| *earlier < (low, high));
        ranges.insert(at, (low, high));
    }
    let mut joined: Vec<(u32, u32)> = Vec::new();
    for (low, high) in ranges {
        match joined.last_mut() {
            Some(last) if low <= last.1 + 1 => last.1 = last.1.max(high),
            _ => joined.push((low, high)),
        }
    }
    Some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        for (text, expected) in [
            ("0", Some(0)),
            ("512M", Some(512 << 20)),
            ("1 GiB", Some(1 << 30)),
            ("4KB", Some(4096)),
            ("2t", Some(2 << 40)),
            ("1.5G", None),
            ("", None),
            ("-1", None),
            ("M", None),
            ("99999999999T", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
        assert_eq!(cpu_max("50%").as_deref(), Some("50000 100000"));
        assert_eq!(cpu_max("max").as_deref(), Some("max 100000"));
        assert_eq!(cpu_max("20000 50000").as_deref(), Some("20000 50000"));
        for wrong in ["0%", "%", "10", "1 2 3", "20000 1", "x", ""] {
            assert_eq!(cpu_max(wrong), None, "{wrong}");
        }
        assert_eq!(micros("150ms"), Some(150_000));
        assert_eq!(micros("1s"), Some(1_000_000));
        assert_eq!(micros("1h"), None);
        assert_eq!(ranges("3,0-1,2,7-9"), Some(vec![(0, 3), (7, 9)]));
        assert!(is_list("") && !is_list("3-1") && !is_list("x") && !is_list("0-9999999"));
    }
}
