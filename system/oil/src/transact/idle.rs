//! A transaction that changes nothing: no package comes or goes, and the world stays as it is. It leaves the database
//! alone and the history has nothing to say of it, so that it costs no more than finding that out.

use super::place::Root;
use super::{Outcome, Plan};
use crate::database::scripts::Scripts;
use crate::database::sidecar::Heads;
use crate::database::{DIRECTORY, installed, read_if_there};
use crate::error::Result;

/// Whether a plan is one; the root must have a database, for the first transaction makes what of it is missing.
pub fn is_idle(root: &Root, plan: &Plan) -> Result<bool> {
    let root = root.path();
    let triggers = root.join(DIRECTORY).join("triggers");
    let files = [installed::path(root), Scripts::path_of(root), triggers];
    if !plan.steps.is_empty() || !files.iter().all(|file| file.exists()) {
        return Ok(false);
    }
    let world = read_if_there(&root.join("etc/apk/world"))?;
    Ok(world.is_some_and(|world| world == plan.world.as_bytes()))
}

/// What there is after it, which is what there was before.
pub fn outcome(root: &Root) -> Result<Outcome> {
    let heads = Heads::read(root.path())?;
    let mut outcome = Outcome {
        packages: heads.places.len(),
        ..Outcome::default()
    };
    for (start, end) in heads.places {
        for line in heads.text[start..end].split(|&byte| byte == b'\n') {
            match line {
                [b'I', b':', size @ ..] => {
                    let size = std::str::from_utf8(size).ok();
                    outcome.bytes += size.and_then(|size| size.parse().ok()).unwrap_or(0);
                }
                [b'f', b':', flags @ ..] => {
                    let broken = |flag: &u8| matches!(flag, b'f' | b's' | b'x');
                    outcome.errors += usize::from(flags.iter().any(broken));
                }
                _ => {}
            }
        }
    }
    Ok(outcome)
}
