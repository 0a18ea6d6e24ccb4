//! Sizes for people, as apk writes them.

const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];

/// The unit in which a number has at most four digits, and how many bits that unit is away.
fn unit(bytes: u64) -> usize {
    (0..UNITS.len() - 1)
        .find(|unit| bytes >> (10 * unit) < 10_000)
        .unwrap_or(UNITS.len() - 1)
}

/// `9 B`, `2929 KiB`, `11 MiB`: whole units.
pub fn whole(bytes: u64) -> String {
    let unit = unit(bytes);
    format!("{} {}", bytes >> (10 * unit), UNITS[unit])
}

/// `9 B`, `2929 KiB`, `11.8 MiB`: with a decimal from MiB on.
pub fn human(bytes: u64) -> String {
    let unit = unit(bytes);
    if unit < 2 {
        return whole(bytes);
    }
    // Tenths, rounded; of those that are as near, the even one.
    let (tenths, size) = (u128::from(bytes) * 10, 1_u128 << (10 * unit));
    let (whole, rest) = (tenths / size, tenths % size * 2);
    let up = rest > size || rest == size && whole % 2 == 1;
    let tenths = whole + u128::from(up);
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_seen() {
        for (bytes, short, long) in [
            (0, "0 B", "0 B"),
            (9999, "9999 B", "9999 B"),
            (10_000, "9 KiB", "9 KiB"),
            (10_239_999, "9999 KiB", "9999 KiB"),
            (10_240_000, "9 MiB", "9.8 MiB"),
            (1_234_567_890, "1177 MiB", "1177.4 MiB"),
            (12_345_678_901, "11 GiB", "11.5 GiB"),
            (0x64_000_000 + 0x40000, "1600 MiB", "1600.2 MiB"),
            (0x64_000_000 + 0xc0000, "1600 MiB", "1600.8 MiB"),
            (u64::MAX, "16777215 TiB", "16777216.0 TiB"),
        ] {
            assert_eq!(
                (whole(bytes).as_str(), human(bytes).as_str()),
                (short, long)
            );
        }
    }
}
