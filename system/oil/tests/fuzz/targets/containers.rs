//! Compression, gzip members, blocks, payloads and tar archives.

use super::Pieces;
use oil::error::Result;
use oil::format::adb::block::{Block, BlockKind, Blocks, write_block, write_header as write_kind};
use oil::format::adb::reader::Payload;
use oil::format::adb::schema::{Directory, File, Index, Package};
use oil::format::adb::{Kind, build, tag, writer};
use oil::format::compress::{Compression, Decoder};
use oil::format::gzip::Members;
use oil::format::v2::tar::{Header, Reader};
use oil::format::v2::tar_writer;
use oil::package::ScriptKind;
use std::io::{BufRead, Read};

/// What a mutated file may decompress to here.
const LIMIT: u64 = 1 << 20;

/// A v3 file's wrapper: whole and in pieces it says the same.
pub fn compressed(bytes: &[u8]) {
    fn unpack(file: impl Read) -> Result<(Compression, Vec<u8>)> {
        let (mut decoder, compression) = Decoder::new(file)?;
        let mut plain = Vec::new();
        (&mut decoder).take(LIMIT).read_to_end(&mut plain)?;
        if (plain.len() as u64) < LIMIT {
            decoder.finish()?;
        }
        Ok((compression, plain))
    }
    let whole = unpack(bytes).ok();
    assert_eq!(whole, unpack(Pieces(bytes, 3)).ok());
}

/// Members of a file: no more than was asked for, and the same in pieces.
pub fn members(bytes: &[u8]) {
    fn unpack(file: impl Read, limit: u64) -> Result<Vec<Vec<u8>>> {
        let mut members = Members::new(file);
        let mut all = Vec::new();
        while members.next_member(limit)? {
            let mut member = Vec::new();
            while !members.fill_buf()?.is_empty() {
                let part = members.fill_buf()?;
                member.extend_from_slice(part);
                let length = part.len();
                members.consume(length);
            }
            assert!(member.len() as u64 <= limit);
            all.push(member);
        }
        Ok(all)
    }
    assert_eq!(
        unpack(bytes, LIMIT).ok(),
        unpack(Pieces(bytes, 5), LIMIT).ok()
    );
    let _ = unpack(bytes, 100);
}

/// A container's blocks are written as they were read.
pub fn blocks(bytes: &[u8]) {
    type All = Vec<(Block, Vec<u8>)>;
    fn read(bytes: &[u8]) -> Result<(Kind, All)> {
        let (mut blocks, kind) = Blocks::new(bytes)?;
        let mut all = Vec::new();
        while let Some(block) = blocks.next_block()? {
            let content = blocks.read_block(LIMIT)?;
            assert_eq!(content.len() as u64, block.size);
            all.push((block, content));
        }
        Ok((kind, all))
    }
    if let Ok((kind, all)) = read(bytes) {
        let mut written = Vec::new();
        write_kind(&mut written, kind).expect("in memory");
        for (block, content) in &all {
            write_block(&mut written, block.kind, content).expect("in memory");
        }
        assert_eq!(read(&written).expect("as written"), (kind, all));
    }
    // The same when content is taken as it comes, and when less is taken than there is.
    if let Ok((mut blocks, _)) = Blocks::new(bytes) {
        let _ = blocks.read_payload(LIMIT);
        while let Ok(Some(block)) = blocks.next_block() {
            if block.kind == BlockKind::Data {
                let _ = blocks.read_exact(&mut [0; 8]);
            }
            while let Ok(length @ 1..) = blocks.fill().map(<[u8]>::len) {
                blocks.consume(length);
            }
        }
    }
}

/// Everything that a payload may be the root of.
pub fn payload(bytes: &[u8]) {
    let Ok(root) = Payload::new(bytes).and_then(|payload| payload.root()) else {
        return;
    };
    let package = Package(root);
    if let Ok(info) = package.to_info() {
        let write = |info: &oil::package::Info| {
            let mut writer = writer::Writer::new();
            let values = build::info(&mut writer, info);
            let value = writer.object(&values);
            let root = writer.object(&[value]);
            writer.finish(root)
        };
        let read = |bytes: &[u8]| {
            let root = Payload::new(bytes).and_then(|payload| payload.root());
            let info = root.and_then(|root| Package(root).info());
            info.and_then(|info| info.to_info()).expect("as written")
        };
        // What is first read may be in another order than what is written.
        if let Ok(written) = write(&info) {
            let again = read(&written);
            assert_eq!(again, read(&write(&again).expect("fits")));
        }
    }
    for kind in ScriptKind::ALL {
        let _ = package.script(kind);
    }
    if let Ok(paths) = package.paths() {
        for value in paths.values().take(100) {
            let Ok(directory) = paths.payload().slots(value, tag::OBJECT).map(Directory) else {
                continue;
            };
            let _ = directory.acl().and_then(|acl| acl.xattrs().map(drop));
            let Ok(files) = directory.files() else {
                continue;
            };
            for number in 1..=files.len().min(100) {
                if let Ok(file) = files.object(number).map(File) {
                    let _ = (file.name(), file.size(), file.mtime(), file.hash());
                    let _ = (file.target(), file.acl().and_then(|acl| acl.mode()));
                }
            }
        }
    }
    let index = Index(root);
    let _ = (index.description(), index.name_spec());
    if let Ok(packages) = index.packages() {
        for number in 1..=packages.len().min(100) {
            let _ = Index::package(&packages, number).and_then(|one| one.to_info());
        }
    }
}

/// An archive's entries are written as they were read.
pub fn archive(bytes: &[u8]) {
    fn read(bytes: &[u8]) -> Result<Vec<(Header, Vec<u8>)>> {
        let mut reader = Reader::new(bytes);
        let mut all = Vec::new();
        while let Some(header) = reader.next_entry()? {
            // Every other one's content is passed over.
            let content = match all.len() % 2 {
                0 => reader.read_all(LIMIT)?,
                _ => Vec::new(),
            };
            all.push((header, content));
        }
        Ok(all)
    }
    let Ok(all) = read(bytes) else { return };
    for (header, content) in all.iter().step_by(2) {
        assert_eq!(header.size, content.len() as u64);
        // The writer writes what packages have: text without zero bytes.
        let texts = [&header.path, &header.link, &header.user, &header.group];
        let keys = header.xattrs.iter().map(|(name, _)| name);
        if texts.iter().any(|text| text.contains(&0))
            || keys.clone().any(|name| name.contains(&b'='))
            || !matches!(header.kind, b'0'..=b'6')
        {
            continue;
        }
        let own = tar_writer::Header {
            path: &header.path,
            link: &header.link,
            kind: header.kind,
            mode: header.mode,
            uid: header.uid,
            gid: header.gid,
            user: &header.user,
            group: &header.group,
            mtime: header.mtime,
            size: header.size,
            device: header.device,
            checksum: header.checksum,
            xattrs: &header.xattrs,
        };
        let mut written = Vec::new();
        tar_writer::write_entry(&mut written, &own, content).expect("in memory");
        tar_writer::write_end(&mut written).expect("in memory");
        let again = read(&written).expect("as written");
        assert_eq!(again, [(header.clone(), content.clone())]);
    }
}
