//! Trees become images and trees again; whatever the options, and whatever the number of threads.

mod common;

use common::{image, noise, problems, regular};
use glowfs::format::filter::Filter;
use glowfs::format::inode::Kind;
use glowfs::format::superblock::Digest;
use glowfs::reader::Image;
use glowfs::tree::{Content, Data, Node, Tree};
use glowfs::writer::{Codec, Options};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// What can be seen of a file, its content as bytes.
#[derive(Debug, PartialEq)]
struct Seen {
    mode: u16,
    links: u32,
    owner: (u32, u32),
    modified: (i64, u32),
    attributes: BTreeMap<Vec<u8>, Vec<u8>>,
    content: Vec<u8>,
    device: (u32, u32),
}

fn expected(tree: &Tree) -> BTreeMap<Vec<u8>, Seen> {
    let mut links = vec![0_u32; tree.files.len()];
    let mut waiting = vec![(Vec::new(), 0)];
    let mut paths = Vec::new();
    while let Some((path, file)) = waiting.pop() {
        links[file] += 1;
        if let Some(entries) = tree.entries(file) {
            let directories = entries
                .values()
                .filter(|child| tree.entries(**child).is_some());
            links[file] += 1 + directories.count() as u32;
            for (name, child) in entries {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    [&path[..], b"/", name].concat()
                };
                waiting.push((path, *child));
            }
        }
        paths.push((path, file));
    }
    let seen = |(path, file): (Vec<u8>, usize)| {
        let node = &tree.files[file];
        let (content, device) = match &node.content {
            Content::Regular(_, Data::Memory(bytes)) => (bytes.to_vec(), (0, 0)),
            Content::Link(target) => (target.clone(), (0, 0)),
            Content::Character(major, minor) | Content::Block(major, minor) => {
                (Vec::new(), (*major, *minor))
            }
            _ => (Vec::new(), (0, 0)),
        };
        let seen = Seen {
            mode: node.mode(),
            links: links[file],
            owner: (node.user, node.group),
            modified: node.modified,
            attributes: node.attributes.clone(),
            content,
            device,
        };
        (path, seen)
    };
    paths.into_iter().map(seen).collect()
}

fn found(bytes: Vec<u8>) -> BTreeMap<Vec<u8>, Seen> {
    let image = Image::open(bytes).unwrap();
    let mut all = BTreeMap::new();
    image
        .walk(b"", &mut |visit| {
            let inode = visit.inode;
            let content = match inode.kind() {
                Kind::Regular => {
                    let mut content = vec![0xa5; inode.size as usize + 10];
                    let read = image.read_at(visit.number, &inode, 0, &mut content)?;
                    content.truncate(read);
                    content
                }
                Kind::Link => image.target(&inode)?,
                _ => Vec::new(),
            };
            let device = matches!(inode.kind(), Kind::Character | Kind::Block);
            let seen = Seen {
                mode: inode.mode,
                links: inode.links,
                owner: (inode.user, inode.group),
                modified: inode.modified,
                attributes: image.attributes(&inode)?.into_iter().collect(),
                content,
                device: if device { inode.device() } else { (0, 0) },
            };
            all.insert(visit.path.to_vec(), seen);
            // And by name, from the root on.
            assert_eq!(image.lookup(visit.path)?.0, visit.number);
            Ok(())
        })
        .unwrap();
    all
}

/// Pieces of content: noise, zeros, text that repeats, of a length that matters to blocks of 4 KiB or not.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![
        0..200_usize,
        4000..4200_usize,
        Just(4096),
        Just(8192),
        0..20_000_usize
    ];
    let piece = (0..4_u8, length, 0..6_u64).prop_map(|(kind, length, seed)| match kind {
        0 => vec![0; length],
        1 => b"all work and no play "
            .iter()
            .copied()
            .cycle()
            .take(length)
            .collect(),
        _ => noise(length, seed),
    });
    proptest::collection::vec(piece, 0..3).prop_map(|pieces| pieces.concat())
}

fn content() -> impl Strategy<Value = Content> {
    prop_oneof![
        3 => Just(Content::Directory(BTreeMap::new())),
        5 => bytes().prop_map(regular),
        1 => proptest::collection::vec(1..=255_u8, 1..300).prop_map(Content::Link),
        1 => (0..4096_u32, 0..1_u32 << 20).prop_map(|(major, minor)| Content::Character(major, minor)),
        1 => (0..4096_u32, 0..1_u32 << 20).prop_map(|(major, minor)| Content::Block(major, minor)),
        1 => prop_oneof![Just(Content::Fifo), Just(Content::Socket)],
    ]
}

fn attributes() -> impl Strategy<Value = BTreeMap<Vec<u8>, Vec<u8>>> {
    let name = prop_oneof![
        Just(b"user.a".to_vec()),
        Just(b"user.ab".to_vec()),
        Just(b"security.capability".to_vec()),
        Just(b"trusted.x".to_vec()),
        Just(b"system.posix_acl_access".to_vec()),
        Just(b"system.posix_acl_default".to_vec()),
        Just(b"system.posix_acl_accessory".to_vec()),
        Just(b"odd".to_vec()),
    ];
    let value = proptest::collection::vec(any::<u8>(), 0..300);
    prop_oneof![
        2 => Just(BTreeMap::new()),
        1 => proptest::collection::btree_map(name, value, 0..5),
    ]
}

fn node() -> impl Strategy<Value = Node> {
    (
        0..0o10000_u16,
        any::<(u32, u32)>(),
        any::<i64>(),
        0..1_000_000_000_u32,
        attributes(),
        content(),
    )
        .prop_map(
            |(permissions, (user, group), seconds, nanoseconds, attributes, content)| Node {
                permissions,
                user,
                group,
                modified: (seconds, nanoseconds),
                attributes,
                content,
            },
        )
}

/// A file, its name, the directory that it is put in, and the file whose second name this is.
type Entry = (
    Node,
    Vec<u8>,
    prop::sample::Index,
    Option<prop::sample::Index>,
);

/// Files go into directories that are there already; some get a second name.
fn tree() -> impl Strategy<Value = Tree> {
    let name = proptest::collection::vec(prop_oneof![b'a'..=b'c', 1..b'.', 0x80..=255_u8], 1..4);
    let entry = (
        node(),
        name,
        any::<prop::sample::Index>(),
        proptest::option::weighted(0.1, any::<prop::sample::Index>()),
    );
    let entry = entry.boxed();
    let few = proptest::collection::vec(entry.clone(), 0..30);
    let many = proptest::collection::vec(entry, 200..300);
    prop_oneof![8 => few, 1 => many].prop_map(|entries: Vec<Entry>| {
        let mut tree = Tree::new();
        let mut directories = vec![0];
        for (node, name, above, linked) in entries {
            let directory = *above.get(&directories);
            if tree
                .entries(directory)
                .is_some_and(|entries| entries.contains_key(&name))
            {
                continue;
            }
            let file = match linked.map(|index| index.index(tree.files.len())) {
                Some(file) if tree.entries(file).is_none() => file,
                _ => tree.add(node),
            };
            if tree.entries(file).is_some() {
                directories.push(file);
            }
            tree.insert(directory, &name, file);
        }
        tree
    })
}

fn options() -> impl Strategy<Value = Options> {
    let codec = prop_oneof![
        Just(Codec::None),
        Just(Codec::Lz4),
        Just(Codec::Lz4Hc(2)),
        Just(Codec::Lz4Hc(12)),
        Just(Codec::Zstd(1)),
        Just(Codec::Zstd(5))
    ];
    let digest = prop_oneof![Just(Digest::Sha256), Just(Digest::Blake2b)];
    (
        codec,
        digest,
        12..15_u8,
        12..14_u8,
        0..3_u8,
        0..5000_u32,
        prop_oneof![Just(0), Just(2048_u32)],
    )
        .prop_map(
            |(codec, digest, block_log, meta_log, smaller, inline, dictionary)| Options {
                codec,
                digest,
                block_log,
                meta_log,
                pack: (1 << block_log >> smaller).max(4096),
                inline,
                dictionary,
                filter: true,
                threads: 1,
                label: "a label".to_owned(),
                made: (-5, 7),
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn trees_come_back_as_they_were(tree in tree(), options in options()) {
        let bytes = image(&tree, &options);
        prop_assert_eq!(expected(&tree), found(bytes.clone()));
        prop_assert_eq!(problems(bytes.clone()), Vec::<String>::new());
        let threads = Options { threads: 3, ..options };
        prop_assert!(bytes == image(&tree, &threads), "another number of threads, other bytes");
    }
}

#[test]
fn a_table_of_several_levels_is_read() {
    let mut tree = Tree::new();
    // 70,000 blocks of 4 KiB are three levels; most of them are one block.
    let mut whole = Vec::new();
    for number in 0..70_000_u32 {
        let mut block = vec![1; 64];
        block[..4].copy_from_slice(&number.to_le_bytes());
        block.resize(4096, 2);
        whole.extend_from_slice(&block);
    }
    common::add(&mut tree, "large", regular(whole));
    let options = Options {
        codec: Codec::Zstd(1),
        ..common::plain_options()
    };
    let bytes = image(&tree, &options);
    assert_eq!(common::superblock(&bytes).levels, 3);
    assert_eq!(problems(bytes.clone()), Vec::<String>::new());
    assert!(expected(&tree) == found(bytes));
}

/// What becomes smaller is told from what does not by how a file begins and by how even its bytes are, in blocks of its own and packed.
#[test]
fn what_says_that_it_is_compressed_and_looks_so_is_stored_as_it_is() {
    const ZSTANDARD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
    let even = noise(60_000, 1);
    let text: Vec<u8> = (0..9_u32).flat_map(|n| [b'a' + n as u8; 90]).collect();
    let length_of = |begin: [u8; 4], content: &[u8]| {
        let mut tree = Tree::new();
        for (name, length) in [("blocks", 300_000), ("end", 50_000), ("other", 40_000)] {
            let content = content.iter().copied().cycle();
            let content = begin.into_iter().chain(content).take(length);
            common::add(&mut tree, name, regular(content.collect()));
        }
        let options = Options {
            codec: Codec::Zstd(3),
            ..Options::default()
        };
        let bytes = image(&tree, &options);
        assert_eq!(problems(bytes.clone()), Vec::<String>::new());
        assert!(expected(&tree) == found(bytes.clone()));
        bytes.len()
    };
    // Each is the same 60,000 bytes again and again, which a search finds: the word of the file is taken for it.
    assert!(length_of(ZSTANDARD, &even) > 390_000);
    assert!(length_of(*b"none", &even) < 260_000);
    assert!(length_of(ZSTANDARD, &text) < 20_000);
}

/// Bytes as programs have them, and those that a filter looks for more often than programs do.
fn program() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        3 => prop_oneof![Just(0xe8_u8), Just(0xe9), Just(0x0f), Just(0xff), Just(0x48), Just(0x8b), Just(0x8d), Just(0xc7)],
        2 => prop_oneof![Just(0_u8), Just(0x05), Just(0x15), Just(0x25), Just(0x80), Just(0x8f)],
        1 => any::<u8>(),
    ];
    proptest::collection::vec(byte, 0..400)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn filters_are_undone(bytes in program()) {
        for filter in [Filter::None, Filter::X86] {
            let mut turned = bytes.clone();
            filter.encode(&mut turned);
            filter.decode(&mut turned);
            prop_assert_eq!(&turned, &bytes);
        }
    }
}

#[test]
fn two_calls_of_one_function_are_the_same() {
    let mut bytes = vec![0x90; 64];
    bytes[3..8].copy_from_slice(&[0xe8, 32, 0, 0, 0]);
    bytes[13..18].copy_from_slice(&[0xe8, 22, 0, 0, 0]);
    Filter::X86.encode(&mut bytes);
    assert_eq!(bytes[3..8], [0xe8, 40, 0, 0, 0]);
    assert_eq!(bytes[13..18], bytes[3..8]);
}
