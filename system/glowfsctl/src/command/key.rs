//! Keys as the command line gives them.

use glowfs::{Error, Result, sign as signing};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

/// What a file has, or standard input where it is `-`.
///
/// # Errors
/// When it cannot be read.
pub fn text_of(file: &OsStr) -> Result<String> {
    let path = Path::new(file);
    let text = match file == "-" {
        true => io::read_to_string(io::stdin()),
        false => fs::read_to_string(path),
    };
    text.map_err(Error::file(path, "reading"))
}

/// What is wrong with a file, behind its name.
pub fn behind(file: &OsStr, error: &Error) -> Error {
    Error::impossible(format_args!("{}: {error}", file.display()))
}

/// A public key: digits, a file with it, or, where this can sign, a file with the private one.
///
/// # Errors
/// When it is none of them.
pub fn public(given: &OsStr) -> Result<[u8; 32]> {
    if let Some(key) = given.to_str().and_then(signing::hexadecimal) {
        return Ok(key);
    }
    let text = text_of(given)?;
    #[cfg(feature = "sign")]
    if let Ok(seed) = signing::private(&text) {
        return Ok(signing::public_of(&seed));
    }
    signing::public(&text).map_err(|error| behind(given, &error))
}
