//! `convndx` and `convdb`.

use super::arguments::Arguments;
use super::beside::write_file;
use super::index::Old;
use super::keys::{compression, signing_keys};
use super::outcome::Outcome;
use super::session::{Session, settings};
use oil::database::installed::Installed;
use oil::make::{IndexMaker, write_database};

/// Reads indexes of either format and writes one of v3 that has all their packages.
pub fn convndx(session: &mut Session, arguments: &Arguments) -> Outcome {
    let mut settings = settings(arguments)?;
    settings.installed = false;
    let context = session.open_with(&settings)?;
    let keys = signing_keys(arguments)?;
    let compression = compression(arguments)?.unwrap_or_default();
    session.refuse_terminal(arguments)?;
    let mut maker = IndexMaker::new();
    for path in &arguments.operands {
        let old = Old::read(&context, path)?;
        old.packages.into_iter().for_each(|info| maker.add(info));
    }
    maker.write_v3(&mut session.out, &keys, compression)?;
    Ok(0)
}

/// Writes `installed.adb` into the current directory, as apk does.
pub fn convdb(session: &mut Session, arguments: &Arguments) -> Outcome {
    let context = session.open(arguments)?;
    let keys = signing_keys(arguments)?;
    let compression = compression(arguments)?.unwrap_or_default();
    let installed = Installed::read(context.root())?;
    write_file("installed.adb", |out| {
        write_database(out, context.root(), &installed, &keys, compression)
    })?;
    Ok(0)
}
