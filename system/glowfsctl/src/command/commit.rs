//! `commit`: folds the upper layer of an overlay into a new image.

use super::beside::Beside;
use super::progress::Progress;
use super::{mkfs, open};
use crate::program::{Failed, Given, Outcome};
use glowfs::{overlay, writer};
use std::io::BufWriter;
use std::path::Path;

pub fn commit(given: &Given) -> Outcome {
    let (upper, path) = (Path::new(&given.words[0]), Path::new(&given.words[1]));
    let Some(to) = given.value("output").map(Path::new) else {
        let what = "commit needs --output NEW, which may be the image itself";
        return Err(Failed::Usage(what.to_owned()));
    };
    let mut options = mkfs::options(given)?;
    let image = open(path)?;
    if !given.has("label") {
        options.label = String::from_utf8_lossy(image.superblock().label()).into_owned();
    }
    let mut tree = overlay::tree_of(&image).map_err(|error| error.of(path))?;
    overlay::fold(&mut tree, upper)?;
    let beside = Beside::new(to)?;
    let mut progress = Progress::new("commit", given.has("quiet"));
    let made = writer::write_over(
        &tree,
        &options,
        &image,
        BufWriter::with_capacity(1 << 20, &beside.file),
        &mut |done, all| progress.show(done, all),
    )
    .map_err(|error| error.of(path))?;
    drop(progress);
    beside.rename(to)?;
    mkfs::tell(given, &made)
}
