//! The parsers, each with what it must keep to.

pub mod containers;
pub mod databases;
pub mod indexes;
pub mod packages;
pub mod texts;

use std::io::{self, Read};

/// Gives bytes a few at a time, as pipes and sockets do.
pub struct Pieces<'a>(pub &'a [u8], pub usize);

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(into.len());
        self.0.read(&mut into[..length])
    }
}
