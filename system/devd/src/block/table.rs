//! What the table of partitions says about one: GPT (UEFI Specification 2.10, 5.3), or the MBR.

use super::Partition;
use super::source::{Source, le16, le32, le64, part};

/// Bytes of an entry, and entries of a table, that make sense.
const ENTRY: std::ops::RangeInclusive<u32> = 128..=4096;
const ENTRIES: u32 = 1024;

/// The entry of partition `number`, from 1, of a disk with sectors of `sector` bytes.
pub fn entry(disk: &Source, sector: u64, number: u32) -> Option<Partition> {
    if !sector.is_power_of_two() || !(512..=65536).contains(&sector) {
        return None;
    }
    gpt(disk, sector, number).or_else(|| mbr(disk, number))
}

fn gpt(disk: &Source, sector: u64, number: u32) -> Option<Partition> {
    let header = disk.read(sector, 512)?;
    let length = usize::try_from(le32(&header, 12)).ok()?;
    if !header.starts_with(b"EFI PART") || !(92..=512).contains(&length) {
        return None;
    }
    let mut summed = header[..length].to_vec();
    summed[16..20].fill(0);
    if crc32(&summed) != le32(&header, 16) {
        return None;
    }
    let (first, count, size) = (le64(&header, 72), le32(&header, 80), le32(&header, 84));
    if !ENTRY.contains(&size) || count > ENTRIES || number == 0 || number > count {
        return None;
    }
    let at = first
        .checked_mul(sector)?
        .checked_add(u64::from(number - 1) * u64::from(size))?;
    let entry = disk.read(at, 128)?;
    if entry[..16] == [0; 16] {
        return None;
    }
    let name: Vec<u16> = (56..128)
        .step_by(2)
        .map(|at| le16(&entry, at))
        .take_while(|unit| *unit != 0)
        .collect();
    let name = String::from_utf16_lossy(&name);
    Some(Partition {
        uuid: guid(part(&entry, 16)),
        label: (!name.is_empty()).then_some(name),
    })
}

/// The disk's number and the partition's, as the kernel takes it in `root=PARTUUID=` (`block/early-lookup.c`).
fn mbr(disk: &Source, number: u32) -> Option<Partition> {
    let sector = disk.read(0, 512)?;
    let id = le32(&sector, 440);
    let signed = sector[510..] == [0x55, 0xaa];
    // 0xee: it only keeps the place for a GPT.
    let protects = (446..510).step_by(16).any(|at| sector[at + 4] == 0xee);
    (signed && id != 0 && !protects && number != 0).then(|| Partition {
        uuid: format!("{id:08x}-{number:02x}"),
        label: None,
    })
}

/// The first three parts are little-endian.
fn guid(bytes: [u8; 16]) -> String {
    let tail: String = bytes[10..]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!(
        "{:08x}-{:04x}-{:04x}-{:02x}{:02x}-{tail}",
        le32(&bytes, 0),
        le16(&bytes, 4),
        le16(&bytes, 6),
        bytes[8],
        bytes[9]
    )
}

/// CRC-32 as in Ethernet.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A disk with two partitions, of which the second is the table's fourth entry.
    pub fn disk(sector: usize) -> Vec<u8> {
        let mut disk = vec![0; sector * 40];
        disk[446 + 4] = 0xee;
        disk[440] = 7;
        disk[510..512].copy_from_slice(&[0x55, 0xaa]);
        let mut header = [0; 92];
        header[..8].copy_from_slice(b"EFI PART");
        header[12..16].copy_from_slice(&92u32.to_le_bytes());
        header[72..80].copy_from_slice(&2u64.to_le_bytes());
        header[80..84].copy_from_slice(&128u32.to_le_bytes());
        header[84..88].copy_from_slice(&128u32.to_le_bytes());
        let sum = crc32(&header);
        header[16..20].copy_from_slice(&sum.to_le_bytes());
        disk[sector..sector + 92].copy_from_slice(&header);
        for (number, name) in [(1, "EFI"), (4, "Größe 1")] {
            let at = sector * 2 + (number - 1) * 128;
            for byte in 0..16 {
                disk[at + byte] = 0xaa;
                disk[at + 16 + byte] = u8::try_from(byte + number).unwrap();
            }
            for (unit, value) in name.encode_utf16().enumerate() {
                disk[at + 56 + unit * 2..at + 58 + unit * 2].copy_from_slice(&value.to_le_bytes());
            }
        }
        disk
    }

    #[test]
    fn entries_of_a_gpt_are_found() {
        for sector in [512, 4096] {
            let source = Source::Bytes(disk(sector));
            let entry = |number| entry(&source, u64::try_from(sector).unwrap(), number);
            let first = entry(1).unwrap();
            assert_eq!(first.uuid, "04030201-0605-0807-090a-0b0c0d0e0f10");
            assert_eq!(first.label.as_deref(), Some("EFI"));
            assert_eq!(entry(4).unwrap().label.as_deref(), Some("Größe 1"));
            assert_eq!((entry(2), entry(0), entry(129)), (None, None, None));
        }
        // A sum that is wrong is a table that is not there.
        let mut disk = disk(512);
        disk[512 + 81] ^= 1;
        assert_eq!(entry(&Source::Bytes(disk), 512, 1), None);
    }

    #[test]
    fn partitions_of_an_mbr_have_the_disks_number() {
        let mut disk = vec![0; 512];
        disk[440..444].copy_from_slice(&0x1234_abcdu32.to_le_bytes());
        disk[510..].copy_from_slice(&[0x55, 0xaa]);
        let found = entry(&Source::Bytes(disk), 512, 5).unwrap();
        assert_eq!(found.uuid, "1234abcd-05");
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    proptest! {
        #[test]
        fn any_disk_will_do(bytes in proptest::collection::vec(any::<u8>(), 0..2048), sector: u64, number: u32, at in 0..600usize, value: u8) {
            entry(&Source::Bytes(bytes), sector, number);
            let mut disk = disk(512);
            disk[512 + at] = value;
            entry(&Source::Bytes(disk), 512, number % 200);
        }
    }
}
