//! `alpenglow doctor`

use crate::context::Context;
use crate::error::Result;
use alpenglow_builder::debian::{BUILD, MACHINE};
use alpenglow_builder::{Root, apt};
use alpenglow_machine::kvm;
use std::path::Path;
use std::process::ExitCode;

/// Bytes that an empty cache grows to, roughly: roots 3 GB, sources and their trees 2 GB, builds 2 GB.
const NEEDED: u64 = 8 << 30;

/// Prints a line a requirement: what it is, whether it is met, and how to meet it.
pub fn run() -> Result<ExitCode> {
    let context = Context::open()?;
    let dir = context.cache.dir();
    let mut healthy = true;
    let mut line = |met: bool, needed: bool, what: &str, detail: String| {
        healthy &= met || !needed;
        let mark = match (met, needed) {
            (true, _) => "ok",
            (false, true) => "MISSING",
            (false, false) => "later",
        };
        println!("{mark:8} {what:18} {detail}");
    };
    let root = rustix::process::geteuid().is_root();
    line(
        root,
        true,
        "root",
        if root {
            "yes"
        } else {
            "run it as root: builds enter a root of their own"
        }
        .into(),
    );
    match apt::archives().and_then(|all| {
        Ok((
            apt::archive_of(&all, "bookworm")?.clone(),
            apt::archive_of(&all, "bookworm-security")?.clone(),
        ))
    }) {
        Ok((main, security)) => line(
            true,
            true,
            "Debian's archive",
            format!("{} and {}", main.uri, security.uri),
        ),
        Err(error) => line(false, true, "Debian's archive", error.to_string()),
    }
    let bootstrap = Path::new("/usr/sbin/debootstrap").exists();
    line(
        bootstrap,
        false,
        "debootstrap",
        if bootstrap {
            "/usr/sbin/debootstrap"
        } else {
            "installed by apt-get at the first build"
        }
        .into(),
    );
    let free = rustix::fs::statvfs(dir).map_or(0, |stat| stat.f_bavail * stat.f_frsize);
    let made = Root::made(&context.cache, &BUILD)?.is_some();
    let enough = made || free > NEEDED;
    line(
        enough,
        true,
        "disk",
        format!(
            "{} GB free in {}; an empty cache grows to about {} GB",
            free >> 30,
            dir.display(),
            NEEDED >> 30
        ),
    );
    for plan in [&BUILD, &MACHINE] {
        let root = Root::made(&context.cache, plan)?;
        let detail = root
            .as_ref()
            .map_or("made at the first build".to_owned(), |root| {
                format!("{} packages in {}", root.packages.len(), root.dir.display())
            });
        line(
            root.is_some(),
            false,
            &format!("{} root", plan.name),
            detail,
        );
    }
    println!(
        "         {:18} {}",
        "machines run on",
        kvm::verdict().reason
    );
    Ok(if healthy {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
