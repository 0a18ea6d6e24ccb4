//! JSON (RFC 8259), both ways.

mod read;
mod write;

pub use read::parse;
pub use write::Json;
