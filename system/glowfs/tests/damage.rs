//! Every kind of damage has its message: of bytes that were flipped, and of images that are made wrong with digests that are right.

mod common;

use common::{
    entry_offset, image, metadata_offset, plain_options, problems, repair, sample, superblock,
};
use glowfs::format::superblock::LENGTH;
use glowfs::reader::Image;

/// The image, with its digests made right after the change.
fn changed(change: impl Fn(&mut Vec<u8>)) -> Vec<String> {
    let mut bytes = image(&sample(), &plain_options());
    change(&mut bytes);
    repair(&mut bytes);
    problems(bytes)
}

fn tells(found: &[String], expected: &str) {
    assert!(
        found.iter().any(|problem| problem.contains(expected)),
        "'{expected}' is not in {found:#?}"
    );
}

/// Where inode `number` lies in the image.
fn inode(bytes: &[u8], number: usize) -> usize {
    metadata_offset(bytes) + (number - 1) * 64
}

/// The number of a file of the sample.
fn number(bytes: &[u8], path: &str) -> usize {
    let image = Image::open(bytes.to_vec()).expect("it is right");
    image.lookup(path.as_bytes()).expect("it is there").0 as usize
}

/// Where what an inode points to lies in the image.
fn content(bytes: &[u8], path: &str) -> usize {
    let image = Image::open(bytes.to_vec()).expect("it is right");
    let (_, inode) = image.lookup(path.as_bytes()).expect("it is there");
    metadata_offset(bytes) + inode.position as usize
}

#[test]
fn the_sample_is_right() {
    assert_eq!(changed(|_| ()), Vec::<String>::new());
    assert_eq!(
        problems(image(&sample(), &plain_options())),
        Vec::<String>::new()
    );
}

#[test]
fn any_bit_that_is_flipped_is_found() {
    let whole = image(&sample(), &plain_options());
    let length = superblock(&whole).length as usize;
    // What is signed, and what digests cover: all but the signatures.
    for at in (0..256).chain((LENGTH..length).step_by(97)) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        // The time, the label and compatible features are nobody's business but the digest's.
        if (16..20).contains(&at) || (60..104).contains(&at) {
            let (old, new) = (Image::open(whole.clone()), Image::open(bytes));
            let Ok(new) = new else { continue };
            assert_ne!(old.expect("it is right").identity(), new.identity(), "{at}");
            continue;
        }
        assert!(!problems(bytes).is_empty(), "byte {at}");
    }
}

#[test]
fn the_superblock_is_looked_at() {
    for (at, byte, told) in [
        (0, 0, "not a GlowFS image"),
        (8, 2, "version 2 of the format is unknown"),
        (11, 0, "length of the signed part"),
        (13, 1, "unknown features (bits 0x100)"),
        (20, 11, "size of data blocks"),
        (21, 17, "size of metadata blocks"),
        (22, 3, "unknown kind of digest"),
        (23, 4, "levels of the table"),
        (24, 1, "length of the image"),
        (36, 1, "number of inodes"),
        (46, 2, "length of the metadata"),
        (52, 255, "blocks of the metadata"),
        (56, 0, "dictionary"),
        (63, 255, "time of making"),
        (112, 0, "length of the node on top"),
        (119, 1, "compression"),
        (200, 1, "reserved bytes"),
        (256, 33, "number of signatures"),
        (4000, 1, "bytes after the signatures"),
    ] {
        let mut bytes = image(&sample(), &plain_options());
        bytes[at] = byte;
        tells(&problems(bytes), told);
    }
    let mut bytes = image(&sample(), &plain_options());
    bytes.truncate(9000);
    tells(&problems(bytes), "truncated: 9000 bytes are there");
    tells(&problems(b"GLOWFS\r\n".to_vec()), "truncated");
    tells(&problems(b"anything".to_vec()), "not a GlowFS image");
}

#[test]
fn digests_are_compared() {
    let whole = image(&sample(), &plain_options());
    let sb = superblock(&whole);
    let mut bytes = whole.clone();
    bytes[LENGTH] ^= 1;
    tells(&problems(bytes), "block 0: wrong digest");
    let mut bytes = whole.clone();
    bytes[entry_offset(&whole, 1)] ^= 1;
    tells(&problems(bytes), "table: level 0, node 0: wrong digest");
    let mut bytes = whole.clone();
    bytes[sb.length as usize - 1] ^= 1;
    tells(&problems(bytes), "the bytes after the table are not zero");
}

#[test]
fn the_table_is_looked_at() {
    for (at, value, told) in [
        (0, 0_u64, "outside the image"),
        (0, 1 << 40, "outside the image"),
        (8, 0, "stored length"),
        (12, 0, "plain length"),
        (12, 5 << 24 | 4096, "compression"),
    ] {
        let found = changed(|bytes| {
            let entry = entry_offset(bytes, 1) + at;
            let length = if at == 0 { 8 } else { 4 };
            bytes[entry..entry + length].copy_from_slice(&value.to_le_bytes()[..length]);
        });
        tells(&found, told);
    }
    tells(
        &changed(|bytes| {
            let entry = entry_offset(bytes, 1);
            bytes[entry] ^= 1;
        }),
        "a gap before it",
    );
    tells(
        &changed(|bytes| {
            let (one, two) = (entry_offset(bytes, 1), entry_offset(bytes, 2));
            bytes.copy_within(one..one + 8, two);
        }),
        "overlaps the one before",
    );
}

#[test]
fn inodes_are_looked_at() {
    // Path, place in the record, bytes, message.
    let cases: &[(&str, usize, &[u8], &str)] = &[
        ("d/run", 1, &[0x30], "unknown type of file"),
        ("d/run", 2, &[9], "unknown layout"),
        ("d/run", 3, &[1], "reserved bytes"),
        ("d/run", 4, &[0, 0, 0, 0], "no links"),
        ("d/run", 4, &[3], "fewer entries name it"),
        ("d/run", 4, &[1], "more entries name it"),
        ("d/run", 24, &[255, 255, 255, 255], "time of modification"),
        (
            "d/run",
            28,
            &[255, 255, 255, 15],
            "position of extended attributes",
        ),
        ("d/run", 39, &[0x80], "size"),
        (
            "d/run",
            40,
            &[1],
            "a field that it does not use has a value",
        ),
        ("d/run", 48, &[255, 255], "first block"),
        ("d/run", 52, &[255, 255], "tail"),
        ("d/run", 56, &[255, 255], "offset of the tail"),
        ("d/run", 60, &[1], "reserved bytes"),
        ("d/run", 32, &[0, 0, 0, 0], "blocks of an empty file"),
        ("d/holey", 32, &[0xff, 0x3f], "another length"),
        ("d/holey", 40, &[4], "position of the list of blocks"),
        ("d/inline", 40, &[0, 0, 0], "position of the content"),
        (
            "d/fifo",
            32,
            &[1],
            "layout or size that files of its type do not have",
        ),
        (
            "d/deep/link",
            32,
            &[0],
            "layout or size that files of its type do not have",
        ),
        ("d", 48, &[0], "a directory's parent"),
        ("many", 40, &[1], "position of the directory"),
        ("", 1, &[0x81], "the root is no directory"),
        ("", 48, &[2], "the root's parent"),
        (
            "d/deep",
            48,
            &[1],
            "a directory in it says that it lies elsewhere",
        ),
        (
            "d/fifo",
            1,
            &[0xc1],
            "its type is not the one its entry says",
        ),
    ];
    for (path, at, new, told) in cases {
        let found = changed(|bytes| {
            let at = inode(bytes, number(bytes, path)) + at;
            bytes[at..at + new.len()].copy_from_slice(new);
        });
        tells(&found, told);
    }
}

#[test]
fn directories_are_looked_at() {
    let names = 16 + 200 * 12 + 200 * 8;
    let cases: &[(&str, usize, &[u8], &str)] = &[
        ("d", 4, &[2], "unknown flags"),
        ("d", 12, &[1], "unknown flags"),
        (
            "d",
            0,
            &[1],
            "its length is not that of its entries and names",
        ),
        ("d", 16, &[0, 0], "an entry without an inode"),
        ("d", 16, &[1, 0], "an entry without an inode"),
        ("d", 16, &[255, 255], "an entry without an inode"),
        ("d", 20, &[200], "an entry's name is outside"),
        ("d", 20, &[1], "names do not follow each other"),
        ("d", 24, &[3], "an entry of unknown type"),
        ("d", 25, &[0], "an entry's name is outside"),
        ("d", 26, &[1], "reserved bytes"),
        ("d", 16, &[2], "it leads back up: a loop"),
        ("many", names, b"/", "an entry's name is none"),
        ("many", names, b"0010", "a name is there twice"),
        ("many", names, b"9", "names are not sorted"),
        ("many", names, b"z", "its index has a wrong hash"),
        (
            "many",
            16 + 200 * 12,
            &[255, 255, 255, 255],
            "its index is not sorted",
        ),
        (
            "many",
            20 + 200 * 12,
            &[255],
            "its index has an entry that is not there",
        ),
    ];
    for (path, at, new, told) in cases {
        let found = changed(|bytes| {
            let at = content(bytes, path) + at;
            bytes[at..at + new.len()].copy_from_slice(new);
        });
        tells(&found, told);
    }
    let twice = changed(|bytes| {
        let index = content(bytes, "many") + 16 + 200 * 12;
        bytes.copy_within(index..index + 8, index + 8);
    });
    tells(&twice, "its index has an entry twice");
}

#[test]
fn the_rest_of_the_metadata_is_looked_at() {
    tells(
        &changed(|bytes| {
            let list = content(bytes, "d/holey");
            bytes[list..list + 4].copy_from_slice(&1000_u32.to_le_bytes());
        }),
        "its list has a block that is not there",
    );
    tells(
        &changed(|bytes| {
            // The block of a hole: one that is used elsewhere has another length, or is none of this file's.
            let list = content(bytes, "d/holey");
            bytes[list..list + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        }),
        "nothing uses it",
    );
    tells(
        &changed(|bytes| {
            let target = content(bytes, "d/deep/link");
            bytes[target] = 0;
        }),
        "a zero byte in a link's target",
    );
    let set = |bytes: &[u8]| {
        let image = Image::open(bytes.to_vec()).expect("it is right");
        let (_, inode) = image.lookup(b"d/run").expect("it is there");
        metadata_offset(bytes) + inode.attributes_at().expect("it has some") as usize
    };
    for (at, new, told) in [
        (0, &[0][..], "number of attributes"),
        (4, &[0], "length of the set"),
        (4, &[20], "it ends too early"),
        (8, &[0], "an attribute's name"),
        (9, &[9], "an attribute's name"),
        (9, &[3, 5, 0, b'z'], "names are not sorted, or there twice"),
        (12, &[0], "a zero byte in a name"),
        (0, &[1], "bytes after the last attribute"),
    ] {
        let found = changed(|bytes| {
            let at = set(bytes) + at;
            bytes[at..at + new.len()].copy_from_slice(new);
        });
        tells(&found, told);
    }
    tells(
        &changed(|bytes| {
            let at = inode(bytes, number(bytes, "d/inline")) + 40;
            let link = content(bytes, "d/deep/link") - metadata_offset(bytes);
            bytes[at..at + 4].copy_from_slice(&(link as u32).to_le_bytes());
        }),
        "overlaps what is before it",
    );
    tells(&changed(|bytes| bytes[152] ^= 1), "superblock: files have");
    tells(&changed(|bytes| bytes[12] ^= 1), "the feature LZ4");
    tells(&changed(|bytes| bytes[12] ^= 2), "the feature Zstandard");
}
