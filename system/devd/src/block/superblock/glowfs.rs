//! GlowFS (`docs/glowfs-format.md`, "Superblock").

use super::label;
use crate::block::Contents;
use crate::block::source::{Source, le16};

pub fn look(source: &Source) -> Option<Contents> {
    let header = source.read(0, 256)?;
    let known = header.starts_with(b"GLOWFS\r\n") && le16(&header, 8) == 1;
    known.then(|| Contents {
        kind: "glowfs",
        uuid: None,
        label: label(&header[72..104]),
    })
}
