//! The kinds of files that an image can be asked for as.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// One kind of file that a machine boots from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// The root as a compressed cpio archive, which the kernel unpacks into memory.
    Initramfs,
    /// The kernel with its own decompressor in front, as PC boot loaders take it.
    Bzimage,
    /// The kernel as a plain ELF file, as machine monitors that know PVH take it.
    Vmlinux,
}

impl Format {
    /// Every format, in the order of building.
    pub const ALL: [Format; 3] = [Format::Bzimage, Format::Vmlinux, Format::Initramfs];

    /// The name on command lines, in output and in editions.
    pub fn name(self) -> &'static str {
        match self {
            Format::Initramfs => "initramfs",
            Format::Bzimage => "bzimage",
            Format::Vmlinux => "vmlinux",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Format, Error> {
        Format::ALL
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| Error::UnknownName {
                what: "format",
                name: name.to_owned(),
                known: Format::ALL.map(Format::name).join(", "),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for format in Format::ALL {
            assert_eq!(format.name().parse::<Format>().unwrap(), format);
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = "qcow9".parse::<Format>().unwrap_err().to_string();
        assert_eq!(
            error,
            "format 'qcow9' is not known; there are bzimage, vmlinux, initramfs"
        );
    }
}
