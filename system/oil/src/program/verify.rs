//! `verify`.

use super::arguments::Arguments;
use super::outcome::{Outcome, count, reason_of};
use super::session::Session;
use oil::error::{Error, Result};
use oil::index::{Index, IndexTrust};
use oil::keys::Keys;
use oil::stream::{self, Trust};
use std::fs::File;
use std::io::Write as _;

/// Checks files.
pub fn run(session: &mut Session, arguments: &Arguments) -> Outcome {
    let mut settings = super::session::settings(arguments)?;
    settings.installed = false;
    let context = session.open_with(&settings)?;
    let keys = (!settings.allow_untrusted).then_some(&context.keys);
    let mut errors = 0;
    for file in &arguments.operands {
        let result = check(file, keys);
        let text = match &result {
            Ok(()) => "OK".to_owned(),
            Err(Error::Unknown) => "file format is invalid or inconsistent".to_owned(),
            Err(error) => reason_of(error),
        };
        errors += usize::from(result.is_err());
        if session.verbosity >= 0 {
            writeln!(session.out, "{file}: {text}")?;
        } else if result.is_err() {
            writeln!(session.out, "{file}")?;
        }
    }
    Ok(count(errors))
}

/// Checks a package or an index, of either format.
fn check(path: &str, keys: Option<&Keys>) -> Result<()> {
    let trust = keys.map_or(Trust::Anything, Trust::Keys);
    match stream::verify(File::open(path)?, &trust) {
        Ok(_) => Ok(()),
        Err(Error::Unknown | Error::Missing(_)) => {
            let trust = keys.map_or(IndexTrust::Anything, IndexTrust::Keys);
            Index::read(File::open(path)?, trust).map(|_| ())
        }
        Err(error) => Err(error),
    }
}
