//! The verbs.

pub mod bench;
pub mod boot;
pub mod build;
pub mod clean;
pub mod doctor;
pub mod package;
pub mod test;

use alpenglow_builder::Arch;
use clap::Args;

/// Which system a verb is about.
#[derive(Args)]
pub struct Which {
    /// The edition: a file of editions/, without .toml
    #[arg(long, short, default_value = "min")]
    pub edition: String,
    /// The architecture: x86_64, aarch64 or riscv64
    #[arg(long, default_value = "x86_64")]
    pub arch: Arch,
}
