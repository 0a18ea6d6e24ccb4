//! `mount`: an image as a file system, by FUSE.

use super::{key, open, value};
use crate::fuse::{self, Told};
use crate::program::{DONE, FAILED, Failed, Given, Outcome, complain};
use glowfs::{Error, Result, sign as signing};
use rustix::process::setsid;
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// In the environment of what goes on in the background: who began it waits for a byte on its standard output.
const BACKGROUND: &str = "GLOWFSCTL_BACKGROUND";

pub fn mount(given: &Given) -> Outcome {
    let background = std::env::var_os(BACKGROUND).is_some();
    if !given.has("foreground") && !background {
        return begin();
    }
    let (path, directory) = (Path::new(&given.words[0]), Path::new(&given.words[1]));
    let keys = given
        .values("key")
        .map(key::public)
        .collect::<Result<Vec<_>>>()?;
    let wanted = match given.value("digest") {
        None => None,
        Some(text) => match text.to_str().and_then(signing::hexadecimal) {
            Some(digest) => Some(digest),
            None => {
                let what = "--digest of mount is 64 hexadecimal digits (glowfsctl info)";
                return Err(Failed::Usage(what.to_owned()));
            }
        },
    };
    let image = open(path)?;
    if !keys.is_empty() {
        image.require(&keys).map_err(|error| error.of(path))?;
    }
    if wanted.is_some_and(|wanted| wanted != image.identity()) {
        let what = format!(
            "{}: the image's digest is not the required one",
            path.display()
        );
        return Err(Error::impossible(format_args!("{what}")).into());
    }
    if keys.is_empty() && wanted.is_none() && !given.has("quiet") {
        complain(&format!(
            "{}: without --key or --digest damage is found, but not that the whole image was exchanged",
            path.display()
        ));
    }
    let options = fuse::Options {
        threads: value::threads(given)?,
        allow_other: given.has("allow-other"),
    };
    let told = Arc::new(Told::new(background));
    fuse::run(
        image,
        path,
        directory,
        &options,
        told,
        || match background {
            true => leave(),
            false => Ok(()),
        },
    )
    .map_err(|error| error.of(path))?;
    Ok(DONE)
}

/// Runs this program once more, for the background, and waits until it has mounted the image or said why not.
fn begin() -> Outcome {
    let own = Path::new("/proc/self/exe");
    let failed = || {
        Error::file(
            own,
            "starting it for the background (--foreground needs none)",
        )
    };
    let mut words = std::env::args_os();
    let mut child = Command::new(own)
        .arg0(words.next().unwrap_or_default())
        .args(words)
        .env(BACKGROUND, "")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed())?;
    let told = child.stdout.take().map(|mut out| out.read(&mut [0]));
    if let Some(Ok(1)) = told {
        return Ok(DONE);
    }
    let status = child.wait().map_err(failed())?;
    // It has said why.
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(FAILED))
}

/// Lets go of who began this: its terminal, its folder, its standard streams.
fn leave() -> Result<()> {
    let null = Path::new("/dev/null");
    let failed = || Error::file(null, "taking it for standard output");
    let file: File = OpenOptions::new()
        .read(true)
        .write(true)
        .open(null)
        .map_err(failed())?;
    // It leads no group: it was spawned.
    let _ = setsid();
    let _ = std::env::set_current_dir("/");
    // Who waits may have been ended by now; the image is mounted nevertheless.
    let _ = std::io::stdout().write_all(b"\n");
    let _ = std::io::stdout().flush();
    dup2_stdin(&file)
        .and_then(|()| dup2_stdout(&file))
        .and_then(|()| dup2_stderr(&file))
        .map_err(|errno| failed()(errno.into()))
}
