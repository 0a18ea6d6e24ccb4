//! FAT12, FAT16, FAT32 (Microsoft's "FAT32 File System Specification" 1.03). The label is an entry of the root folder; what
//! the boot sector has is what it was when the file system was made.

use super::label;
use crate::block::Contents;
use crate::block::source::{Source, le16, le32};

/// Bytes of the root folder that are looked at: the label is the first entry of nearly all.
const FOLDER: usize = 16 << 10;

pub fn look(source: &Source) -> Option<Contents> {
    let boot = source.read(0, 512)?;
    let sector = u64::from(le16(&boot, 11));
    let cluster = boot[13];
    let reserved = u64::from(le16(&boot, 14));
    let tables = u64::from(boot[16]);
    let sane = boot[510..] == [0x55, 0xaa]
        && sector.is_power_of_two()
        && (512..=4096).contains(&sector)
        && cluster.is_power_of_two()
        && reserved != 0
        && (1..=4).contains(&tables)
        && (boot[21] == 0xf0 || boot[21] >= 0xf8);
    if !sane {
        return None;
    }
    let short = u64::from(le16(&boot, 22));
    // FAT32 has its length elsewhere, and what follows it further behind.
    let (length, extended, folder) = match short {
        0 => {
            let length = u64::from(le32(&boot, 36));
            let first = u64::from(le32(&boot, 44)).checked_sub(2)?;
            let data = reserved + tables.checked_mul(length)?;
            (length, 64, data + first.checked_mul(u64::from(cluster))?)
        }
        length => (length, 36, reserved + tables * length),
    };
    if length == 0 {
        return None;
    }
    let bytes = match short {
        0 => usize::from(cluster) * usize::try_from(sector).ok()?,
        _ => usize::from(le16(&boot, 17)) * 32,
    };
    // 0x28 and 0x29 say that there is a number, the latter that there is a label too.
    let signed = boot[extended + 2];
    let number = le32(&boot, extended + 3);
    let at = folder.checked_mul(sector)?;
    let entry = source
        .read(at, bytes.min(FOLDER))
        .and_then(|entries| volume(&entries));
    let own = || {
        (signed == 0x29)
            .then(|| label(&boot[extended + 7..extended + 18]))
            .flatten()
    };
    Some(Contents {
        kind: "vfat",
        uuid: matches!(signed, 0x28 | 0x29)
            .then(|| format!("{:04X}-{:04X}", number >> 16, number & 0xffff)),
        label: entry.or_else(own).filter(|label| label != b"NO NAME"),
    })
}

/// The entry that is the label: its attributes are that it is one.
fn volume(entries: &[u8]) -> Option<Vec<u8>> {
    let used = entries.chunks_exact(32).take_while(|entry| entry[0] != 0);
    let mut labels = used.filter(|entry| entry[0] != 0xe5 && entry[11] & 0x3f == 0x08);
    let mut text = labels.next()?[..11].to_vec();
    // 0xe5 marks what was deleted, and stands as 5.
    if text[0] == 5 {
        text[0] = 0xe5;
    }
    label(&text)
}
