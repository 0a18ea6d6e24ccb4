use super::*;
use proptest::prelude::*;
use std::process::Command;

/// An empty disk of so many KiB with bytes at places.
fn disk(kib: usize, parts: &[(usize, &[u8])]) -> Vec<u8> {
    let mut disk = vec![0; kib << 10];
    for (at, bytes) in parts {
        disk[*at..*at + bytes.len()].copy_from_slice(bytes);
    }
    disk
}

const UUID: [u8; 16] = [
    0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe, 1, 2, 3, 4, 5, 6, 7, 8,
];
const TEXT: &str = "10325476-98ba-dcfe-0102-030405060708";

/// A disk and what is to be found on it; nothing of a text means none.
struct Sample {
    kind: &'static str,
    uuid: &'static str,
    label: &'static [u8],
    disk: Vec<u8>,
}

fn sample(kind: &'static str, uuid: &'static str, label: &'static [u8], disk: Vec<u8>) -> Sample {
    Sample {
        kind,
        uuid,
        label,
        disk,
    }
}

fn ext(compatible: u8, incompatible: u8) -> Vec<u8> {
    disk(
        64,
        &[
            (1024, &[8]),
            (1028, &[8]),
            (1024 + 0x38, &[0x53, 0xef]),
            (1024 + 0x5c, &[compatible]),
            (1024 + 0x60, &[incompatible]),
            (1024 + 0x68, &UUID),
            (1024 + 0x78, b"a root"),
        ],
    )
}

/// A FAT of 512-byte sectors with two tables of four, whose root folder is at a place and has a label as its third entry.
fn fat(head: &[(usize, &[u8])], folder: usize, label: &[u8]) -> Vec<u8> {
    let mut disk = disk(
        256,
        &[
            (11, &[0, 2, 4, 2, 0, 2, 64, 0]),
            (21, &[0xf8]),
            (510, &[0x55, 0xaa]),
        ],
    );
    for (at, bytes) in head {
        disk[*at..*at + bytes.len()].copy_from_slice(bytes);
    }
    disk[folder..folder + 11].copy_from_slice(b"LONG NAME  ");
    disk[folder + 11] = 0x0f;
    disk[folder + 32..folder + 43].copy_from_slice(b"FILE    TXT");
    disk[folder + 64..folder + 75].copy_from_slice(label);
    disk[folder + 75] = 0x08;
    disk
}

/// Where the root folder is on them, in bytes.
const FOLDER_16: usize = (2 + 2 * 4) * 512;
const FOLDER_32: usize = (2 + 2 * 4 + 4) * 512;

/// One of each kind.
fn samples() -> Vec<Sample> {
    let btrfs: &[(usize, &[u8])] = &[
        (0x10020, &UUID),
        (0x10032, &[1]),
        (0x10040, b"_BHRfS_M"),
        (0x1012b, b"data"),
    ];
    let xfs: &[(usize, &[u8])] = &[
        (0, b"XFSB\0\0\x10\0"),
        (32, &UUID),
        (102, &[2, 0]),
        (108, b"twelve bytes"),
    ];
    let swap: &[(usize, &[u8])] = &[
        (1024, &[1]),
        (1036, &UUID),
        (1052, b"sw"),
        (4086, b"SWAPSPACE2"),
    ];
    let large: &[(usize, &[u8])] = &[(1024, &[1]), (1036, &UUID), (65526, b"SWAPSPACE2")];
    let glowfs: &[(usize, &[u8])] = &[(0, b"GLOWFS\r\n\x01"), (72, b"root")];
    let luks1: &[(usize, &[u8])] = &[(0, b"LUKS\xba\xbe\0\x01"), (24, b"aes"), (168, b"ab-12")];
    let luks2: &[(usize, &[u8])] = &[(0, b"LUKS\xba\xbe\0\x02"), (24, b"box"), (168, b"ab-12")];
    let fat16: &[(usize, &[u8])] = &[
        (22, &[4, 0]),
        (38, &[0x29, 0xcd, 0xab, 0x34, 0x12]),
        (43, b"NO NAME    FAT16   "),
    ];
    let fat32: &[(usize, &[u8])] = &[
        (17, &[0, 0]),
        (36, &[4]),
        (44, &[3]),
        (66, &[0x29, 0xcd, 0xab, 0x34, 0x12]),
        (71, b"OLD        FAT32   "),
    ];
    vec![
        sample("ext4", TEXT, b"a root", ext(4, 0x40)),
        sample("ext3", TEXT, b"a root", ext(4, 2)),
        sample("ext2", TEXT, b"a root", ext(0, 2)),
        sample("jbd", TEXT, b"a root", ext(0, 8)),
        sample("btrfs", TEXT, b"data", disk(80, btrfs)),
        sample("xfs", TEXT, b"twelve bytes", disk(64, xfs)),
        sample("swap", TEXT, b"sw", disk(64, swap)),
        sample("swap", TEXT, b"", disk(64, large)),
        sample("crypto_LUKS", "ab-12", b"", disk(64, luks1)),
        sample("crypto_LUKS", "ab-12", b"box", disk(64, luks2)),
        sample(
            "vfat",
            "1234-ABCD",
            b"BOOT",
            fat(fat16, FOLDER_16, b"BOOT       "),
        ),
        sample(
            "vfat",
            "1234-ABCD",
            b"EFI \x81",
            fat(fat32, FOLDER_32, b"EFI \x81      "),
        ),
        sample("glowfs", "", b"root", disk(64, glowfs)),
    ]
}

#[test]
fn each_is_known_by_what_its_format_says() {
    for sample in samples() {
        let kind = sample.kind;
        let found = identify(&Source::Bytes(sample.disk)).unwrap_or_else(|| panic!("{kind}"));
        let uuid = found.uuid.as_deref().unwrap_or_default();
        let label = found.label.as_deref().unwrap_or_default();
        assert_eq!((found.kind, uuid, label), (kind, sample.uuid, sample.label));
    }
    assert_eq!(identify(&Source::Bytes(disk(128, &[]))), None);
    assert_eq!(identify(&Source::Bytes(Vec::new())), None);
}

#[test]
fn labels_that_say_nothing_are_none() {
    let mut fat = samples().swap_remove(10).disk;
    // Only the boot sector has one now, and it is the one that means none.
    fat[FOLDER_16 + 64] = 0xe5;
    assert_eq!(identify(&Source::Bytes(fat)).unwrap().label, None);
    let mut swap = samples().swap_remove(6).disk;
    swap[1036..1052].fill(0);
    assert_eq!(identify(&Source::Bytes(swap)).unwrap().uuid, None);
}

/// What the programs of this machine make, if it has them: the path of the image, and what was asked for.
#[test]
fn what_programs_make_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = "01234567-89ab-4def-8123-456789abcdef";
    let cases: &[(&str, &[&str], &str, &str)] = &[
        (
            "mkfs.ext4",
            &["-q", "-L", "my label", "-U", wanted],
            "ext4",
            wanted,
        ),
        (
            "mkfs.ext3",
            &["-q", "-L", "my label", "-U", wanted],
            "ext3",
            wanted,
        ),
        (
            "mkfs.ext2",
            &["-q", "-L", "my label", "-U", wanted],
            "ext2",
            wanted,
        ),
        (
            "mkfs.btrfs",
            &["-q", "-L", "my label", "-U", wanted],
            "btrfs",
            wanted,
        ),
        (
            "mkfs.xfs",
            &[
                "-q",
                "-L",
                "my_label",
                "-m",
                "uuid=01234567-89ab-4def-8123-456789abcdef",
            ],
            "xfs",
            wanted,
        ),
        (
            "mkswap",
            &["-q", "-L", "my label", "-U", wanted],
            "swap",
            wanted,
        ),
        (
            "mkfs.vfat",
            &["-n", "MY LABEL", "-i", "1234abcd", "-F", "12"],
            "vfat",
            "1234-ABCD",
        ),
        (
            "mkfs.vfat",
            &["-n", "MY LABEL", "-i", "1234abcd", "-F", "16"],
            "vfat",
            "1234-ABCD",
        ),
        (
            "mkfs.vfat",
            &["-n", "MY LABEL", "-i", "1234abcd", "-F", "32"],
            "vfat",
            "1234-ABCD",
        ),
    ];
    for (at, (program, words, kind, uuid)) in cases.iter().enumerate() {
        let image = folder.path().join(at.to_string());
        // More clusters than FAT12 has numbers for are refused.
        let size = if words.contains(&"12") { 8 } else { 512 };
        std::fs::File::create(&image)
            .unwrap()
            .set_len(size << 20)
            .unwrap();
        let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
        match Command::new(program)
            .args(*words)
            .arg(&image)
            .env("PATH", path)
            .output()
        {
            Ok(output) if output.status.success() => {}
            Ok(output) => panic!("{program}: {}", String::from_utf8_lossy(&output.stderr)),
            Err(_) => {
                eprintln!("passed over: there is no {program}");
                continue;
            }
        }
        let found = identify(&Source::path(&image).unwrap()).unwrap();
        assert_eq!(
            (found.kind, found.uuid.as_deref()),
            (*kind, Some(*uuid)),
            "{program}"
        );
        let label = String::from_utf8(found.label.unwrap()).unwrap();
        assert_eq!(
            label.to_lowercase().replace('_', " "),
            "my label",
            "{program}"
        );
    }
}

proptest! {
    #[test]
    fn any_disk_will_do(bytes in proptest::collection::vec(any::<u8>(), 0..5000)) {
        identify(&Source::Bytes(bytes));
    }

    /// One of each, with something else in some places, or cut off.
    #[test]
    fn damaged_ones_do_no_harm(which in 0..12usize, changes in proptest::collection::vec((0..4096usize, any::<u8>()), 0..12), length in 0..(256usize << 10)) {
        let mut disk = samples().swap_remove(which).disk;
        for (at, value) in changes {
            disk[at] = value;
        }
        disk.truncate(length.max(1));
        identify(&Source::Bytes(disk));
    }
}
