//! `keygen`, `sign` and `adbsign`.

use super::arguments::{Arguments, invalid};
use super::beside::beside;
use super::change::files_trust as trust;
use super::outcome::{FAILED, Failure, Outcome, reason, reason_of};
use super::session::{Session, settings};
use oil::context::Context;
use oil::format::compress::Compression;
use oil::keys::{KeyKind, PrivateKey};
use oil::make::{sign_adb, sign_v2};
use std::fs::{self, File};
use std::io::{BufWriter, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The keys that the command line names.
pub fn signing_keys(arguments: &Arguments) -> Result<Vec<PrivateKey>, Failure> {
    let read = |path: &str| {
        let key = PrivateKey::read(Path::new(path));
        key.map_err(|error| {
            Failure::of(
                format_args!("Failed to load signing key: {path}"),
                reason_of(&error),
            )
        })
    };
    arguments.values("sign-key").into_iter().map(read).collect()
}

/// How files are to be compressed, if the command line says so.
pub fn compression(arguments: &Arguments) -> Result<Option<Compression>, Failure> {
    arguments
        .value("compression")
        .map(|text| text.parse().map_err(|_| invalid("compression", text)))
        .transpose()
}

/// `keygen`.
pub fn keygen(session: &mut Session, arguments: &Arguments) -> Outcome {
    let [path] = arguments.operands.as_slice() else {
        return Err(Failure::usage("keygen takes one FILE"));
    };
    let kind = match arguments.value("type").unwrap_or("p256") {
        "p256" => KeyKind::P256,
        "p384" => KeyKind::P384,
        "rsa2048" => KeyKind::Rsa(2048),
        "rsa4096" => KeyKind::Rsa(4096),
        other => return Err(invalid("type", other)),
    };
    let place = Path::new(path);
    let public = PathBuf::from(format!("{path}.pub"));
    let name = public
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let key = PrivateKey::generate(&name, kind)?;
    let write = |place: &Path, mode: u32, text: &str| {
        let mut options = File::options();
        let file = options.write(true).create_new(true).mode(mode).open(place);
        file.and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| Failure::of(place.display(), reason(&error)))
    };
    write(place, 0o600, &key.to_pem()?)?;
    write(&public, 0o644, &key.public_pem()?)?;
    if session.verbosity >= 0 {
        writeln!(session.out, "{path}: the private key; keep it to yourself")?;
        writeln!(
            session.out,
            "{}: the public key; it belongs into etc/apk/keys",
            public.display()
        )?;
    }
    Ok(0)
}

/// `adbsign`: as apk has it, a file that cannot be signed is told and no failure.
pub fn adbsign(session: &mut Session, arguments: &Arguments) -> Outcome {
    each(session, arguments, false)?;
    Ok(0)
}

/// `sign`.
pub fn sign(session: &mut Session, arguments: &Arguments) -> Outcome {
    if arguments.values("sign-key").is_empty() {
        return Err(Failure::usage("sign takes a key: --sign-key FILE"));
    }
    Ok(if each(session, arguments, true)? {
        0
    } else {
        FAILED
    })
}

/// Signs each file. False if one could not be.
fn each(session: &mut Session, arguments: &Arguments, both: bool) -> Result<bool, Failure> {
    let mut settings = settings(arguments)?;
    settings.installed = false;
    // Whoever signs files vouches for them himself.
    settings.allow_untrusted |= both;
    let context = session.open_with(&settings)?;
    let keys = signing_keys(arguments)?;
    let compression = compression(arguments)?;
    let mut well = true;
    for path in &arguments.operands {
        let job = Job {
            place: Path::new(path),
            keys: &keys,
            reset: arguments.has("reset-signatures"),
            compression,
        };
        if let Err(error) = job.run(&context, both) {
            well = false;
            session.error(&format!("{path}: {}", reason_of(&error)));
        }
    }
    Ok(well)
}

struct Job<'a> {
    place: &'a Path,
    keys: &'a [PrivateKey],
    reset: bool,
    compression: Option<Compression>,
}

impl Job<'_> {
    fn run(&self, context: &Context, both: bool) -> oil::error::Result<()> {
        let mut file = File::open(self.place)?;
        let mode = file.metadata()?.permissions();
        let mut mark = [0; 2];
        file.read_exact(&mut mark)?;
        file.rewind()?;
        let is_v2 = mark == [0x1f, 0x8b];
        if is_v2 && !both {
            return Err(oil::error::Error::Unknown);
        }
        if !both {
            oil::stream::verify(&file, &trust(context))
                .map(|_| ())
                .or_else(|error| match error {
                    oil::error::Error::Unknown => Ok(()),
                    other => Err(other),
                })?;
            file.rewind()?;
        }
        let beside = beside(self.place);
        let written = || -> oil::error::Result<()> {
            let mut out = BufWriter::with_capacity(128 << 10, File::create(&beside)?);
            if is_v2 {
                sign_v2(&file, &mut out, self.keys, self.reset)?;
            } else {
                sign_adb(&file, &mut out, self.keys, self.reset, self.compression)?;
            }
            let out = out.into_inner().map_err(|error| error.into_error())?;
            out.set_permissions(mode)?;
            fs::rename(&beside, self.place)?;
            Ok(())
        };
        written().inspect_err(|_| {
            let _ = fs::remove_file(&beside);
        })
    }
}
