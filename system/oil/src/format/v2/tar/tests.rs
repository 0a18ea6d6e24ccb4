//! What the reader reads, and what it refuses.

use super::*;
use crate::format::v2::tar_writer::{Header as Out, write_end, write_entry};
use proptest::prelude::*;

pub fn read(bytes: &[u8]) -> Result<Vec<(Header, Vec<u8>)>> {
    let mut reader = Reader::new(bytes);
    let mut all = Vec::new();
    while let Some(header) = reader.next_entry()? {
        all.push((header, reader.read_all(1 << 20)?));
    }
    Ok(all)
}

fn sample() -> Vec<u8> {
    let mut bytes = Vec::new();
    let long = [b'n'; 180];
    let deep = [&long[..], b"/file"].concat();
    let xattrs = vec![
        (b"user.b".to_vec(), b"\0=\n".to_vec()),
        (b"user.a".to_vec(), vec![]),
    ];
    let entries: [Out; 4] = [
        Out::new(b"dir/", b'5', 0o755),
        Out {
            size: 3,
            xattrs: &xattrs,
            checksum: Some(Digest::of(crate::digest::Algorithm::Sha1, b"abc")),
            ..Out::new(&deep, b'0', 0o4644)
        },
        Out {
            link: &deep,
            ..Out::new(b"link", b'2', 0o777)
        },
        Out {
            device: (1, 3),
            ..Out::new(b"null", b'3', 0o666)
        },
    ];
    for (entry, data) in entries.iter().zip([&b""[..], b"abc", b"", b""]) {
        write_entry(&mut bytes, entry, data).unwrap();
    }
    write_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn entries_come_back() {
    let all = read(&sample()).unwrap();
    assert_eq!(all.len(), 4);
    assert_eq!(
        (all[0].0.path.as_slice(), all[0].0.kind),
        (&b"dir/"[..], b'5')
    );
    assert_eq!(all[1].1, b"abc");
    assert_eq!(all[1].0.mode, 0o4644);
    assert_eq!(all[1].0.path.len(), 185);
    assert_eq!(all[1].0.xattrs[1], (b"user.b".to_vec(), b"\0=\n".to_vec()));
    assert_eq!(all[1].0.xattrs[0].0, b"user.a");
    assert_eq!(all[2].0.link, all[1].0.path);
    assert_eq!(all[3].0.device, (1, 3));
}

#[test]
fn truncated_and_flipped() {
    let sample = sample();
    for length in 0..sample.len() {
        let part = read(&sample[..length]);
        if length % BLOCK != 0 && length < sample.len() - BLOCK {
            assert!(part.is_err(), "{length}");
        }
    }
    for bit in 0..sample.len() * 8 {
        let mut bad = sample.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let _ = read(&bad);
    }
}

#[test]
fn numbers() {
    assert_eq!(number(b"0000644\0"), Some(0o644));
    assert_eq!(number(b"   12 \0"), Some(10));
    assert_eq!(number(b"\0\0\0"), Some(0));
    assert_eq!(number(b"12x\0"), None);
    assert_eq!(number(b"\x80\0\0\0\0\0\0\x01\0\0\0\0"), Some(1 << 32));
    assert_eq!(
        number(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
        None
    );
    assert_eq!(number(b"777777777777"), Some(0o777_777_777_777));
}

proptest! {
    #[test]
    fn any_bytes(bytes: Vec<u8>) {
        let _ = read(&bytes);
    }
}
