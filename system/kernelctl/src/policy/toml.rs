//! A reader of TOML (<https://toml.io/en/v1.1.0>), with lines. Dates and numbers with a fraction are refused: no key takes
//! one. Its own, because the crate's is larger than the whole of kernelctl may be; tests hold it against the crate.

mod document;
mod scan;
mod strings;

use super::value::Table;
use crate::error::{Error, Origin, Result};

/// Reads a document.
///
/// # Errors
/// [`Error::Syntax`] with the line.
pub fn parse(file: &str, text: &[u8]) -> Result<Table> {
    let wrong = |line, what| Error::Syntax {
        origin: Origin::new(file, line),
        what,
    };
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
    let table = document::read(&mut scan);
    table.map_err(|what| wrong(scan.line(), what))
}

#[cfg(test)]
mod tests;
