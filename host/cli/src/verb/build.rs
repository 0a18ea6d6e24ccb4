//! `alpenglow build`

use super::Which;
use crate::context::Context;
use crate::error::Result;
use alpenglow_forge::Edition;
use alpenglow_image::{Format, Made};
use clap::Args;
use std::process::ExitCode;

/// Arguments of `build`.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    which: Which,
    /// The format, several times for several: bzimage, vmlinux, initramfs and cpio of editions for machines, tar and oci of
    /// those for containers; all that the edition is made as when none is given
    #[arg(long, short)]
    format: Vec<Format>,
}

/// Builds and prints `FORMAT PATH BYTES` for each image.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let context = Context::open()?;
    let Which { edition, arch } = &arguments.which;
    // Before anything is built.
    let made = Made::of(&Edition::read(&context.repository, edition)?)?;
    let formats = made.asked(&arguments.format)?;
    let system = context.system(edition, *arch)?;
    let folder = context
        .repository
        .join("target")
        .join(format!("{edition}-{arch}"));
    for format in formats {
        let (path, bytes) = system.deliver(format, &folder)?;
        println!("{format} {} {bytes}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}
