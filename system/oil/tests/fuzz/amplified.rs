//! Few bytes that say much: lists whose parts share one long text, extensions without end, texts that double. Each is
//! refused before it takes [`crate::MEMORY`].

use crate::limited;
use oil::error::{Error, Result};
use oil::format::adb::Kind;
use oil::format::adb::block::{BlockKind, write_block, write_header};
use oil::format::adb::reader::Value;
use oil::format::adb::writer::Writer;
use oil::format::gzip;
use oil::format::v2::tar_writer::{Header, write_end, write_entry};
use oil::index::{Index, IndexTrust};
use oil::repositories::Repositories;
use oil::stream::{PackageReader, Trust};

fn container(kind: Kind, writer: Writer, root: Value) -> Vec<u8> {
    let payload = writer.finish(root).expect("it fits");
    let mut file = Vec::new();
    write_header(&mut file, kind).expect("in memory");
    write_block(&mut file, BlockKind::Adb, &payload).expect("in memory");
    file
}

fn is_limited<T>(result: Result<T>) -> bool {
    match result {
        Ok(_) => false,
        Err(error) => {
            assert!(
                error.to_string().contains("larger than") || error.to_string().contains("too many"),
                "{error}"
            );
            true
        }
    }
}

/// Metadata's first fields, then nulls up to `slot`, then `value` there.
fn info(writer: &mut Writer, slot: usize, value: Value) -> Value {
    let mut values = vec![Value::NULL; 21];
    values[0] = writer.blob(b"x");
    values[1] = writer.blob(b"1");
    values[4] = writer.blob(b"noarch");
    values[slot - 1] = value;
    writer.object(&values)
}

#[test]
fn lists_whose_parts_are_one_long_text() {
    limited();
    for slot in [15, 16, 21] {
        let mut writer = Writer::new();
        let text = writer.blob(&vec![b'x'; 1 << 20]);
        let part = if slot == 21 {
            text
        } else {
            writer.object(&[text])
        };
        let list = writer.array(&vec![part; 60_000]);
        let info = info(&mut writer, slot, list);
        let root = writer.object(&[info]);
        let file = container(Kind::Package, writer, root);
        assert!(
            is_limited(PackageReader::open(&file[..], &Trust::Anything)),
            "{slot}"
        );
    }
    let mut writer = Writer::new();
    let text = writer.blob(&vec![b'x'; 1 << 20]);
    let triggers = writer.array(&vec![text; 60_000]);
    let info = info(&mut writer, 6, Value::NULL);
    let root = writer.object(&[info, Value::NULL, Value::NULL, triggers]);
    let file = container(Kind::Package, writer, root);
    assert!(is_limited(PackageReader::open(&file[..], &Trust::Anything)));
}

#[test]
fn files_that_share_a_long_name_or_long_attributes() {
    limited();
    for names in [true, false] {
        let mut writer = Writer::new();
        let value = writer.blob(&[b"user.x\0", &vec![b'x'; 60_000][..]].concat());
        let xattrs = writer.array(&vec![value; 2000]);
        let acls: Vec<Value> = (0..1000)
            .map(|mode| {
                let mode = writer.int(mode % 512);
                let user = writer.blob(format!("u{mode:?}").as_bytes());
                let list = if names { Value::NULL } else { xattrs };
                writer.object(&[mode, user, Value::NULL, list])
            })
            .collect();
        let files: Vec<Value> = (0..1000)
            .map(|number: usize| {
                let name = format!("{}{number:04}", "n".repeat(if names { 4000 } else { 1 }));
                let name = writer.blob(name.as_bytes());
                writer.object(&[name, acls[number]])
            })
            .collect();
        let files = writer.array(&files);
        let folders: Vec<Value> = (0..1000)
            .map(|number| {
                let name = writer.blob(format!("{number:04}").as_bytes());
                writer.object(&[name, acls[0], files])
            })
            .collect();
        let folders = writer.array(&folders);
        let info = info(&mut writer, 6, Value::NULL);
        let root = writer.object(&[info, folders]);
        let file = container(Kind::Package, writer, root);
        let package =
            PackageReader::open(&file[..], &Trust::Anything).expect("its metadata is good");
        assert!(
            is_limited(package.entries().expect("a v3 package")),
            "{names}"
        );
    }
}

#[test]
fn packages_of_an_index_that_are_one_long_text() {
    limited();
    let mut writer = Writer::new();
    let text = writer.blob(&vec![b'x'; 1 << 20]);
    let part = writer.object(&[text]);
    let list = writer.array(&vec![part; 60_000]);
    let one = info(&mut writer, 15, list);
    let packages = writer.array(&vec![one; 1000]);
    let root = writer.object(&[Value::NULL, packages]);
    let file = container(Kind::Index, writer, root);
    let index = Index::read(&file[..], IndexTrust::Anything).expect("nothing is copied yet");
    let package = index.package(0).expect("there");
    assert!(is_limited(package.to_info().map_err(Error::from)));
}

#[test]
fn extensions_without_an_end() {
    limited();
    let record = "1000001 SCHILY.xattr.user.a=";
    let record = format!("{record}{}\n", "x".repeat(1_000_001 - record.len() - 1));
    let mut data = Vec::new();
    for _ in 0..1500 {
        write_entry(
            &mut data,
            &Header::new(b"x", b'x', 0o644),
            record.as_bytes(),
        )
        .expect("in memory");
        // What is compressed well is kept short here too.
        if data.len() > 200 << 20 {
            break;
        }
    }
    write_entry(&mut data, &Header::new(b"f", b'0', 0o644), b"").expect("in memory");
    write_end(&mut data).expect("in memory");
    let mut reader = oil::format::v2::tar::Reader::new(&data[..]);
    assert!(is_limited(reader.next_entry()));
}

#[test]
fn an_index_of_more_packages_than_there_are() {
    limited();
    let text = "P:a\nV:1\n\n".repeat((1 << 18) + 1);
    let mut archive = Vec::new();
    write_entry(
        &mut archive,
        &Header::new(b"APKINDEX", b'0', 0o644),
        text.as_bytes(),
    )
    .expect("in memory");
    write_end(&mut archive).expect("in memory");
    let file = gzip::compress(&archive, 1);
    assert!(is_limited(Index::read(&file[..], IndexTrust::Anything)));
}

#[test]
fn variables_that_double() {
    limited();
    let mut text = String::from("set A=aaaaaaaaaaaaaaaa\n");
    text += &"set A=${A}${A}\n".repeat(40);
    text += "/r/${A}\n";
    let mut all = Repositories::new("x86_64");
    all.add_text(&text, "list");
    assert!(
        all.warnings.iter().any(|one| one.contains("longer than")),
        "{:?}",
        all.warnings
    );
}
