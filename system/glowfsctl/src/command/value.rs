//! Values of options.

use crate::program::{Failed, Given, Outcome};

/// A number of bytes: `4096`, `128K`, `1M`.
#[cfg(feature = "make")]
pub fn bytes(given: &Given, option: &str) -> Outcome<Option<u32>> {
    let Some(value) = given.value(option) else {
        return Ok(None);
    };
    let text = value.to_string_lossy();
    let (digits, unit) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1 << 10),
        None => match text.strip_suffix(['m', 'M']) {
            Some(digits) => (digits, 1 << 20),
            None => (&*text, 1),
        },
    };
    let number = digits.parse::<u32>().ok();
    match number.and_then(|number| number.checked_mul(unit)) {
        Some(number) => Ok(Some(number)),
        None => Err(Failed::Usage(format!(
            "--{option}: '{text}' is no number of bytes"
        ))),
    }
}

/// log2 of a number of bytes.
#[cfg(feature = "make")]
pub fn log(given: &Given, option: &str) -> Outcome<Option<u8>> {
    match bytes(given, option)? {
        Some(size) if !size.is_power_of_two() => Err(Failed::Usage(format!(
            "--{option}: {size} is no power of 2"
        ))),
        size => Ok(size.map(|size| size.trailing_zeros() as u8)),
    }
}

/// Threads to use.
pub fn threads(given: &Given) -> Outcome<usize> {
    let Some(value) = given.value("threads") else {
        return Ok(std::thread::available_parallelism().map_or(1, usize::from));
    };
    match value.to_str().and_then(|text| text.parse().ok()) {
        Some(threads @ 1..=1024) => Ok(threads),
        _ => Err(Failed::Usage(
            "--threads needs a number from 1 to 1024".to_owned(),
        )),
    }
}
