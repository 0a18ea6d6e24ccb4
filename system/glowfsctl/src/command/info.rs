//! `info`: what an image is.

use super::open;
use crate::program::{DONE, Given, Outcome, print};
use std::path::Path;

pub fn info(given: &Given) -> Outcome {
    let image = open(Path::new(&given.words[0]))?;
    print(&format!("{:#?}\n", image.superblock()))?;
    Ok(DONE)
}
