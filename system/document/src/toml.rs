//! A reader of TOML (<https://toml.io/en/v1.1.0>), with lines. Dates and numbers with a fraction are refused: no
//! declaration has one. Tests hold it against the crate `toml`.

mod scan;
mod strings;
mod tables;

use crate::{Error, Table};

/// Reads a document.
///
/// # Errors
/// What is wrong, with its line.
pub fn parse(text: &[u8]) -> Result<Table, Error> {
    let wrong = |line, what| Error { line, what };
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(error) => {
            let before = &text[..error.valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count();
            let line = u32::try_from(line + 1).unwrap_or(0);
            return Err(wrong(line, "this line is not UTF-8".to_owned()));
        }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut scan = scan::Scan::new(text);
    let table = tables::read(&mut scan);
    table.map_err(|what| wrong(scan.line(), what))
}

#[cfg(test)]
mod tests;
