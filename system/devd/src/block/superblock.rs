//! File systems and what else is known by its first blocks. What is looked for are signatures, and as much beside them as tells
//! a file system from what is left of one.

mod btrfs;
mod ext4;
mod fat;
mod glowfs;
mod luks;
mod swap;
mod xfs;

use super::Contents;
use super::source::Source;

/// What is on it. Containers come first: what a device was before they were made may be left in it.
pub fn identify(source: &Source) -> Option<Contents> {
    let looks = [
        luks::look,
        xfs::look,
        btrfs::look,
        ext4::look,
        swap::look,
        glowfs::look,
        fat::look,
    ];
    looks.iter().find_map(|look| look(source))
}

/// 16 bytes as they are written in text; all zeroes are none.
fn uuid(bytes: [u8; 16]) -> Option<String> {
    let text = |range: std::ops::Range<usize>| -> String {
        bytes[range]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    };
    let parts = [
        text(0..4),
        text(4..6),
        text(6..8),
        text(8..10),
        text(10..16),
    ];
    (bytes != [0; 16]).then(|| parts.join("-"))
}

/// A label up to its first NUL, without blanks at its end; empty is none.
fn label(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = text.trim_ascii_end();
    (!text.is_empty()).then(|| text.to_vec())
}

#[cfg(test)]
mod tests;
