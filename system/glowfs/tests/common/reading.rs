//! Images that others are made of by changing them, and all ways of reading one.

use super::change::edit;
use super::{image, plain_options, repair, sample};
use glowfs::format::inode::Kind;
use glowfs::reader::Image;
use glowfs::verify::verify;
use glowfs::writer::{Codec, Options};
use glowfs::{delta, diff};

/// Images with blocks of every compression.
pub fn seeds() -> Vec<Vec<u8>> {
    let with = |codec, dictionary| Options {
        codec,
        dictionary,
        ..plain_options()
    };
    [
        with(Codec::None, 0),
        with(Codec::Lz4, 0),
        with(Codec::Zstd(3), 0),
        with(Codec::Zstd(3), 1024),
    ]
    .iter()
    .map(|options| image(&sample(), options))
    .collect()
}

/// Every way of reading; what is wrong may be found anywhere.
pub fn read_all(bytes: Vec<u8>, whole: &[u8]) {
    let Ok(image) = Image::open(bytes) else {
        return;
    };
    let _ = verify(&image, 1, &mut |_, _| ());
    let mut visits = 0;
    let _ = image.walk(b"", &mut |visit| {
        visits += 1;
        // Each directory is there once, but several may be made to have the same entries.
        if visits > 10_000 {
            return Err(glowfs::Error::impossible(format_args!("enough")));
        }
        let _ = image.attributes(&visit.inode);
        match visit.inode.kind() {
            Kind::Link => drop(image.target(&visit.inode)),
            Kind::Regular => {
                let mut buffer = vec![0; 10_000];
                for at in [
                    0,
                    4095,
                    5000,
                    visit.inode.size / 2,
                    visit.inode.size.saturating_sub(10),
                ] {
                    let _ = image.read_at(visit.number, &visit.inode, at, &mut buffer);
                }
            }
            Kind::Directory => {
                let directory = image.directory(visit.number, &visit.inode)?;
                for (near, name) in ["000", "run", "199", "nothing"].iter().enumerate() {
                    let _ = directory.find_near(&image, name.as_bytes(), near as u32 * 50);
                }
            }
            _ => (),
        }
        Ok(())
    });
    let other = Image::open(whole.to_vec()).expect("it was not changed");
    let mut paths = 0;
    let _ = diff::diff(&image, &other, &mut |_, _| {
        paths += 1;
        match paths > 10_000 {
            true => Err(glowfs::Error::impossible(format_args!("enough"))),
            false => Ok(()),
        }
    });
    let mut made = Vec::new();
    if delta::make(&other, &image, &mut made).is_ok() {
        let _ = delta::apply(&other, &made[..], std::io::sink());
    }
}

/// What a fuzzer's bytes stand for: which image, whether its digests are repaired, and what is changed in it; then it is read.
pub fn read_edited(seeds: &[Vec<u8>], data: &[u8]) {
    let Some((first, edits)) = data.split_first() else {
        return;
    };
    let whole = &seeds[usize::from(first >> 1) % seeds.len()];
    let mut bytes = whole.clone();
    edit(&mut bytes, edits);
    if first & 1 == 0 {
        repair(&mut bytes);
    }
    read_all(bytes, whole);
}
