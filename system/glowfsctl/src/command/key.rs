//! Keys as the command line gives them.

use glowfs::{Error, Result, sign as signing};
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What a file has, or standard input where it is `-`.
///
/// # Errors
/// When it cannot be read.
pub fn text_of(file: &OsStr) -> Result<String> {
    let path = Path::new(file);
    // Standard input as a file: a reader of its own for it would be more code than all that is here.
    let open = match file == "-" {
        true => rustix::stdio::stdin().try_clone_to_owned().map(File::from),
        false => File::open(path),
    };
    let mut text = String::new();
    let read = open.and_then(|mut file| file.read_to_string(&mut text));
    read.map_err(Error::file(path, "reading"))?;
    Ok(text)
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
