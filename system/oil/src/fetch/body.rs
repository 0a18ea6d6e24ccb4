//! Writes what a server sends into `PLACE.part`, so that an attempt that is cut off can be gone on with.

use super::client::{Fault, fault};
use super::connection::reason;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

/// A file whose size nobody has said is not larger than this.
const MAX_UNKNOWN: u64 = 512 << 20;

/// Writes a body behind what is there, and makes sure of its length.
pub fn receive(
    mut body: impl Read,
    place: &Path,
    have: u64,
    whole: Option<u64>,
    received: &dyn Fn(u64),
) -> Result<(), Fault> {
    let path = part(place);
    let at = |error: std::io::Error| fault(format!("{}: {error}", path.display()), false);
    let mut file = open_part(&path, have).map_err(at)?;
    let limit = whole.unwrap_or(MAX_UNKNOWN);
    let mut buffer = vec![0; 128 << 10];
    let mut length = have;
    loop {
        let count = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) => {
                let reason = reason(&error);
                return Err(fault(
                    format!("the connection broke off after {length} bytes: {reason}"),
                    true,
                ));
            }
        };
        length += count as u64;
        if length > limit {
            drop(file);
            let _ = fs::remove_file(&path);
            return Err(fault(
                format!("the server sends more than {limit} bytes"),
                false,
            ));
        }
        file.write_all(&buffer[..count]).map_err(at)?;
        received(count as u64);
    }
    match whole {
        Some(whole) if length < whole => Err(fault(
            format!("the server closed after {length} of {whole} bytes"),
            true,
        )),
        _ => Ok(()),
    }
}

fn open_part(path: &Path, have: u64) -> std::io::Result<File> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    file.set_len(have)?;
    let mut file = file;
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(have))?;
    Ok(file)
}

/// Where the bytes of a file are until all of it is there.
pub fn part(place: &Path) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// How many of them are.
pub fn part_length(place: &Path) -> u64 {
    fs::metadata(part(place)).map_or(0, |metadata| metadata.len())
}
