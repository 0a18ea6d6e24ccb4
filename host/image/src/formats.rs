//! The kinds of files that an image can be asked for as, and which of them an edition is made as.

use std::fmt;
use std::str::FromStr;

use alpenglow_forge::Edition;

use crate::{Compression, Error, Result};

/// One kind of file that a machine boots from, or a container engine takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// The root as a compressed cpio archive, which the kernel unpacks into memory.
    Initramfs,
    /// The same archive as it is, for what loads it faster than a kernel unpacks it.
    Cpio,
    /// The kernel with its own decompressor in front, as PC boot loaders take it.
    Bzimage,
    /// The kernel as a plain ELF file, as machine monitors that know PVH take it.
    Vmlinux,
    /// The root as a gzipped tar archive, as `docker import` and `wsl --import` take it.
    Tar,
    /// The same archive, compressed by a fifth more by xz, for what knows that.
    TarXz,
    /// The root as a container image of one gzipped layer, in an archive.
    Oci,
    /// The same image with its layer compressed by Zstandard, for engines since 2023.
    OciZstd,
}

impl Format {
    /// Every format, in the order of building.
    pub const ALL: [Format; 8] = [
        Format::Bzimage,
        Format::Vmlinux,
        Format::Initramfs,
        Format::Cpio,
        Format::Tar,
        Format::TarXz,
        Format::Oci,
        Format::OciZstd,
    ];
    /// What an edition with a kernel is made as, unless it says otherwise: what machines boot from.
    pub const OF_MACHINES: [Format; 4] = [
        Format::Bzimage,
        Format::Vmlinux,
        Format::Initramfs,
        Format::Cpio,
    ];

    /// The name on command lines, in output and in editions.
    pub fn name(self) -> &'static str {
        match self {
            Format::Initramfs => "initramfs",
            Format::Cpio => "cpio",
            Format::Bzimage => "bzimage",
            Format::Vmlinux => "vmlinux",
            Format::Tar => "tar",
            Format::TarXz => "tar-xz",
            Format::Oci => "oci",
            Format::OciZstd => "oci-zstd",
        }
    }

    /// What its file is called where it is delivered: with the ending by which others know what it is, if there is one.
    pub fn file_name(self) -> &'static str {
        match self {
            Format::Tar => "root.tar.gz",
            Format::TarXz => "root.tar.xz",
            Format::Oci => "oci.tar",
            Format::OciZstd => "oci-zstd.tar",
            _ => self.name(),
        }
    }

    /// Whether it is made of the edition's kernel.
    fn is_kernel(self) -> bool {
        matches!(self, Format::Bzimage | Format::Vmlinux)
    }
}

/// What an edition is made as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The edition's name.
    edition: String,
    /// The formats, in the order in which they are told.
    pub formats: Vec<Format>,
    /// How the initramfs is compressed, if there is one.
    pub compression: Compression,
}

impl Made {
    /// As the edition declares it.
    ///
    /// # Errors
    /// [`Error::Edition`] when it declares what is not known, what does not fit together, or nothing.
    pub fn of(edition: &Edition) -> Result<Made> {
        let wrong = |problem: String| Error::Edition {
            name: edition.name.clone(),
            problem,
        };
        let parse = |name: &String| name.parse::<Format>().map_err(|e| wrong(e.to_string()));
        let mut formats = edition
            .formats
            .iter()
            .map(parse)
            .collect::<Result<Vec<_>>>()?;
        if formats.is_empty() {
            if edition.kernel.is_none() {
                return Err(wrong(
                    "it has neither a kernel nor formats, so nothing is made of it: add kernel = \"linux-min\" for \
                     machines, or formats = [\"oci\", \"tar\"] for containers"
                        .into(),
                ));
            }
            formats.extend(Format::OF_MACHINES);
        }
        for (index, format) in formats.iter().enumerate() {
            if formats[..index].contains(format) {
                return Err(wrong(format!("formats has '{format}' twice")));
            }
            if format.is_kernel() && edition.kernel.is_none() {
                return Err(wrong(format!(
                    "format '{format}' is made of a kernel, and it has none: add kernel = \"linux-min\", or leave the \
                     format out"
                )));
            }
        }
        let compression = match (&edition.compression, formats.contains(&Format::Initramfs)) {
            (Some(name), true) => name.parse().map_err(|e: Error| wrong(e.to_string()))?,
            (None, false) => Compression::None,
            (None, true) => {
                return Err(wrong(
                    "it does not say how its initramfs is compressed: add compression = \"none\""
                        .into(),
                ));
            }
            (Some(_), false) => {
                return Err(wrong(
                    "compression is that of an initramfs, which is not among its formats: leave it out".into(),
                ));
            }
        };
        Ok(Made {
            edition: edition.name.clone(),
            formats,
            compression,
        })
    }

    /// The formats that are asked for, or all when none is.
    ///
    /// # Errors
    /// [`Error::NotMade`] when the edition is not made as one of them.
    pub fn asked(&self, formats: &[Format]) -> Result<Vec<Format>> {
        if formats.is_empty() {
            return Ok(self.formats.clone());
        }
        let has = |format: &Format| match self.formats.contains(format) {
            true => Ok(*format),
            false => Err(Error::NotMade {
                edition: self.edition.clone(),
                format: *format,
                made: self.list(),
            }),
        };
        formats.iter().map(has).collect()
    }

    /// The formats in words.
    pub fn list(&self) -> String {
        let names: Vec<&str> = self.formats.iter().map(|format| format.name()).collect();
        names.join(", ")
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Format> {
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
            "format 'qcow9' is not known; there are bzimage, vmlinux, initramfs, cpio, tar, tar-xz, oci, oci-zstd"
        );
    }

    fn made(lines: &str) -> Result<Made> {
        let text = format!("name = \"x\"\nsummary = \"s\"\n{lines}\n");
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("editions")).unwrap();
        std::fs::write(dir.path().join("editions/x.toml"), text).unwrap();
        Made::of(&Edition::read(dir.path(), "x").unwrap())
    }

    #[test]
    fn machines_and_containers() {
        let machine = made("kernel = \"k\"\ncompression = \"zstd\"").unwrap();
        assert_eq!(machine.formats, Format::OF_MACHINES);
        assert_eq!(machine.compression, Compression::Zstd);
        let container = made("formats = [\"oci\", \"tar\"]").unwrap();
        assert_eq!(container.formats, [Format::Oci, Format::Tar]);
        assert_eq!(container.asked(&[]).unwrap(), container.formats);
        assert_eq!(container.asked(&[Format::Tar]).unwrap(), [Format::Tar]);
        let text = container.asked(&[Format::Vmlinux]).unwrap_err().to_string();
        assert_eq!(
            text,
            "edition 'x' is not made as vmlinux, but as oci, tar: ask for one of these, or add it to formats of editions/x.toml"
        );
        // A root for the kernel of somebody else.
        let root = made("formats = [\"initramfs\"]\ncompression = \"none\"").unwrap();
        assert_eq!(root.formats, [Format::Initramfs]);
    }

    #[test]
    fn what_does_not_fit_together_is_told_with_its_file() {
        for (lines, expected) in [
            ("", "neither a kernel nor formats"),
            ("formats = []", "neither a kernel nor formats"),
            ("formats = [\"qcow9\"]", "'qcow9' is not known"),
            ("formats = [\"oci\", \"oci\"]", "'oci' twice"),
            ("formats = [\"bzimage\"]", "'bzimage' is made of a kernel"),
            ("formats = [\"initramfs\"]", "add compression = \"none\""),
            ("kernel = \"k\"", "add compression = \"none\""),
            (
                "kernel = \"k\"\ncompression = \"zip\"",
                "compression 'zip' is not known",
            ),
            (
                "formats = [\"oci\"]\ncompression = \"gzip\"",
                "which is not among its formats",
            ),
        ] {
            let text = made(lines).unwrap_err().to_string();
            assert!(
                text.starts_with("editions/x.toml: ") && text.contains(expected),
                "{lines}: {text}"
            );
        }
    }
}
