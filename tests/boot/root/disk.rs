//! A disk with one partition that has a label: a GPT (UEFI Specification, 5.3), without the second one at the disk's end.

/// Bytes of a sector.
const SECTOR: usize = 512;
/// The sector that the partition begins at.
const FIRST: usize = 2048;
/// Entries of the table, and bytes of each.
const ENTRIES: usize = 128;
const ENTRY: usize = 128;

/// A disk with this in its one partition.
pub fn with(data: &[u8], label: &str) -> Vec<u8> {
    let sectors = data.len().div_ceil(SECTOR);
    let last = FIRST + sectors - 1;
    let mut disk = vec![0; (last + 1 + 64) * SECTOR];
    let end = disk.len() / SECTOR - 1;
    disk[FIRST * SECTOR..FIRST * SECTOR + data.len()].copy_from_slice(data);

    // The first sector says that all of the disk is taken.
    disk[450] = 0xee;
    disk[454..458].copy_from_slice(&1u32.to_le_bytes());
    disk[458..462].copy_from_slice(&(end as u32).to_le_bytes());
    disk[510..512].copy_from_slice(&[0x55, 0xaa]);

    let table = 2 * SECTOR;
    disk[table..table + 16].fill(0xaa);
    disk[table + 16..table + 32].fill(0x11);
    disk[table + 32..table + 40].copy_from_slice(&(FIRST as u64).to_le_bytes());
    disk[table + 40..table + 48].copy_from_slice(&(last as u64).to_le_bytes());
    for (place, unit) in disk[table + 56..]
        .chunks_exact_mut(2)
        .zip(label.encode_utf16())
    {
        place.copy_from_slice(&unit.to_le_bytes());
    }
    let sum = crc32fast::hash(&disk[table..table + ENTRIES * ENTRY]);

    let mut header = [0; 92];
    header[..8].copy_from_slice(b"EFI PART");
    header[8..12].copy_from_slice(&0x0001_0000u32.to_le_bytes());
    header[12..16].copy_from_slice(&92u32.to_le_bytes());
    for (at, sector) in [(24, 1), (32, end), (40, 34), (48, end - 33), (72, 2)] {
        header[at..at + 8].copy_from_slice(&(sector as u64).to_le_bytes());
    }
    header[56..72].fill(0x22);
    for (at, number) in [(80, ENTRIES as u32), (84, ENTRY as u32), (88, sum)] {
        header[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }
    let sum = crc32fast::hash(&header);
    header[16..20].copy_from_slice(&sum.to_le_bytes());
    disk[SECTOR..SECTOR + 92].copy_from_slice(&header);
    disk
}
