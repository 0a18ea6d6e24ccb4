//! The processor architectures that a stage can be asked for.

use std::fmt;
use std::str::FromStr;

/// A processor architecture, by the name that `uname -m` prints for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Arch {
    /// 64-bit x86 (AMD64).
    X86_64,
    /// 64-bit Arm, little endian.
    Aarch64,
    /// 64-bit RISC-V with the `imafdc` extensions.
    Riscv64,
}

/// A name that is not an architecture.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("architecture '{0}' is not known; there are x86_64, aarch64 and riscv64")]
pub struct UnknownArch(pub String);

impl Arch {
    /// Every architecture, in the order of their names in documents.
    pub const ALL: [Arch; 3] = [Arch::X86_64, Arch::Aarch64, Arch::Riscv64];

    /// The name that `uname -m` prints.
    pub fn name(self) -> &'static str {
        match self {
            Arch::X86_64 => "x86_64",
            Arch::Aarch64 => "aarch64",
            Arch::Riscv64 => "riscv64",
        }
    }

    /// The kernel's name for it: `make ARCH=…`, a folder of `arch/`.
    pub fn kernel(self) -> &'static str {
        match self {
            Arch::X86_64 => "x86_64",
            Arch::Aarch64 => "arm64",
            Arch::Riscv64 => "riscv",
        }
    }

    /// clang's target triple for musl.
    pub fn triple(self) -> String {
        format!("{}-linux-musl", self.name())
    }

    /// rustc's target triple for musl.
    pub fn rust_target(self) -> &'static str {
        match self {
            Arch::X86_64 => "x86_64-unknown-linux-musl",
            Arch::Aarch64 => "aarch64-unknown-linux-musl",
            Arch::Riscv64 => "riscv64gc-unknown-linux-musl",
        }
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Arch {
    type Err = UnknownArch;

    fn from_str(name: &str) -> Result<Self, UnknownArch> {
        Arch::ALL
            .into_iter()
            .find(|arch| arch.name() == name)
            .ok_or_else(|| UnknownArch(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for arch in Arch::ALL {
            assert_eq!(arch.name().parse(), Ok(arch));
        }
    }

    #[test]
    fn an_unknown_name_is_refused_by_name() {
        let error = "sparc".parse::<Arch>().unwrap_err();
        assert!(error.to_string().contains("'sparc'"));
    }
}
