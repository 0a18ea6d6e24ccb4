//! Indexes as repositories serve them, and as they are compiled.

use super::Pieces;
use crate::corpus;
use oil::error::Result;
use oil::format::compress::Compression;
use oil::format::v2::apkindex;
use oil::index::{Index, IndexTrust};
use oil::make::IndexMaker;
use oil::package::Info;
use std::fs;

/// Everything that is asked of an index; its packages' metadata.
fn ask(index: &Index) -> Vec<Info> {
    let _ = (index.description(), index.name_spec());
    for name in index.names() {
        let numbers = name.packages().chain(name.providers());
        for number in numbers.chain(name.install_if()) {
            if let Ok(package) = index.package(number) {
                let _ = (package.name(), package.version(), package.identity());
                let _ = (package.depends(), package.provides(), package.install_if());
            }
        }
        if let Ok(text) = name.name() {
            let _ = index.find(text);
        }
    }
    let _ = index.find(b"no such name");
    let packages = index.packages().flatten();
    packages.filter_map(|one| one.to_info().ok()).collect()
}

fn written(packages: &[Info]) -> Result<Vec<u8>> {
    let mut maker = IndexMaker::new();
    packages.iter().for_each(|info| maker.add(info.clone()));
    let mut file = Vec::new();
    maker.write_v3(&mut file, &[], Compression::None)?;
    Ok(file)
}

/// Whole and in pieces it says the same, and what is made of it is read as it was made.
pub fn index(bytes: &[u8]) {
    let trust = IndexTrust::Anything;
    let whole = Index::read(bytes, trust).map(|index| ask(&index)).ok();
    let pieces = Index::read(Pieces(bytes, 7), trust).map(|index| ask(&index));
    assert_eq!(whole, pieces.ok());
    if let Ok(signed) = Index::read(bytes, IndexTrust::Keys(corpus::trusted())) {
        assert_eq!(ask(&signed), corpus::indexed());
    }
    let Some(packages) = whole else { return };
    let Ok(first) = written(&packages) else {
        return;
    };
    let again = ask(&Index::read(&first[..], trust).expect("as written"));
    assert_eq!(written(&again).expect("fits"), first);
}

/// A record that can be installed is written as it was read.
pub fn records(bytes: &[u8]) {
    for record in apkindex::records(bytes).filter(|record| !record.broken) {
        let mut text = String::new();
        apkindex::write_record(&record.info, &mut text);
        let again: Vec<_> = apkindex::records(text.as_bytes()).collect();
        let [again] = &again[..] else {
            panic!("{text:?}")
        };
        let mut twice = String::new();
        apkindex::write_record(&again.info, &mut twice);
        assert_eq!(text, twice);
    }
}

/// A compiled index that was damaged is made again, or gives what can be had.
pub fn compiled(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("compiled");
    fs::write(&place, bytes).expect("written");
    let source = corpus::index_file();
    let trust = IndexTrust::Keys(corpus::trusted());
    let index = Index::load(source, &place, trust).expect("the source is good");
    let packages = ask(&index);
    if !index.was_compiled() {
        assert_eq!(packages, corpus::indexed());
        let index = Index::load(source, &place, trust).expect("made again");
        assert!(index.was_compiled());
    }
}
