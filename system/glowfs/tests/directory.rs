//! Names in directories: which may be there, and how they are found, whatever entry is looked at first.

mod common;

use common::{add, image, plain_options, regular};
use glowfs::format::directory::{INDEX_FROM, is_name};
use glowfs::reader::Image;
use glowfs::tree::{Content, Tree};
use std::collections::BTreeMap;

#[test]
fn names_are_told_from_what_is_none() {
    for length in 1..=255 {
        let mut name = vec![b'a'; length];
        assert!(is_name(&name), "{length} letters");
        for place in 0..length {
            for (byte, fits) in [
                (0, false),
                (b'/', false),
                (1, true),
                (0x80, true),
                (b'.', true),
                (0xff, true),
            ] {
                name[place] = byte;
                let fits = fits && name != b".";
                assert_eq!(is_name(&name), fits, "{byte:#x} at {place} of {length}");
            }
            name[place] = b'a';
        }
    }
    for none in [&b""[..], b".", b"..", &[b'a'; 256]] {
        assert!(!is_name(none));
    }
    assert!(is_name(b"..."));
}

#[test]
fn a_name_is_found_from_any_entry() {
    for many in [1, 3, 64, INDEX_FROM, 300] {
        let mut tree = Tree::new();
        add(&mut tree, "d", Content::Directory(BTreeMap::new()));
        for number in 0..many {
            let path = format!("d/{:0width$}", number * 2, width = 3 + number as usize % 90);
            add(&mut tree, &path, regular(Vec::new()));
        }
        let bytes = image(&tree, &plain_options());
        let opened = Image::open(bytes).expect("an image");
        let (number, inode) = opened.lookup(b"d").expect("it is there");
        let directory = opened.directory(number, &inode).expect("a directory");
        assert_eq!(directory.is_indexed(), many >= INDEX_FROM);
        let mut buffer = [0; 255];
        for wanted in 0..many {
            let entry = directory.entry(&opened, wanted).expect("an entry");
            let name = directory
                .name(&opened, &entry, &mut buffer)
                .expect("a name")
                .to_vec();
            for near in [
                0,
                1,
                wanted.saturating_sub(1),
                wanted,
                wanted + 1,
                many - 1,
                many,
                u32::MAX,
            ] {
                let found = directory.find_near(&opened, &name, near).expect("it reads");
                assert_eq!(
                    found,
                    Some((wanted, entry)),
                    "entry {wanted} of {many} from {near}"
                );
                for other in [
                    &name[..name.len() - 1],
                    &[&name[..], b"0"].concat(),
                    b"none",
                    b"\x01",
                ] {
                    let found = directory.find_near(&opened, other, near).expect("it reads");
                    let same = found.is_none_or(|(index, entry)| {
                        let mut buffer = [0; 255];
                        index < many
                            && directory
                                .name(&opened, &entry, &mut buffer)
                                .expect("a name")
                                == other
                    });
                    assert!(same, "{other:?} is another name");
                }
            }
        }
    }
}
