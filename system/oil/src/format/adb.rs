//! ADB, the binary form of v3 (apk-v3(5)): a payload of values that point at one another, in a container of blocks.
//!
//! [`reader`] reads a payload in place, checking each value where it is used; [`schema`] gives its objects their
//! meaning; [`writer`] makes one; [`block`] is the container around it. Any bytes give a result or an error that
//! names the place; nothing recurses, and what is allocated is bounded by what was read.

pub mod block;
pub mod build;
mod info;
pub mod reader;
pub mod schema;
pub mod writer;

/// What a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// An index: `indx`.
    Index = 0x7864_6e69,
    /// A package: `pckg`.
    Package = 0x676b_6370,
    /// A converted database of installed packages: `idb`.
    Database = 0x0062_6469,
}

impl Kind {
    /// From the header's number.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::Index, Self::Package, Self::Database]
            .into_iter()
            .find(|kind| *kind as u32 == number)
    }

    /// The header's number.
    pub fn number(self) -> u32 {
        self as u32
    }
}

/// Types of value words: the top four bits.
pub mod tag {
    /// Null, true and false.
    pub const SPECIAL: u32 = 0;
    /// A number in the word.
    pub const INT: u32 = 1;
    /// A number of 32 bits at the offset.
    pub const INT32: u32 = 2;
    /// A number of 64 bits at the offset.
    pub const INT64: u32 = 3;
    /// Bytes, their count in 8 bits before them.
    pub const BLOB8: u32 = 8;
    /// In 16 bits.
    pub const BLOB16: u32 = 9;
    /// In 32 bits.
    pub const BLOB32: u32 = 10;
    /// Values of one kind.
    pub const ARRAY: u32 = 13;
    /// Values each with its meaning.
    pub const OBJECT: u32 = 14;
}

/// A payload is smaller than this, for an offset has 28 bits.
pub const MAX_PAYLOAD: usize = 1 << 28;

/// A value that is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ADB value at byte {offset}: {reason}")]
pub struct Error {
    /// In the payload.
    pub offset: u32,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The payload has no header, or is larger than offsets reach.
    #[error("not a payload")]
    Header,
    /// It is for readers that do not exist yet.
    #[error("a version that is not known")]
    Version,
    /// It points beyond the end.
    #[error("points beyond the end")]
    Bounds,
    /// It points between words.
    #[error("points between words")]
    Alignment,
    /// It has another type.
    #[error("has another type than its place")]
    Type,
    /// An array or object that counts no slots, not even its own.
    #[error("counts no slots")]
    Count,
    /// A number, a name or a digest that its place does not allow.
    #[error("is not allowed in its place")]
    Value,
    /// More entries than anybody needs.
    #[error("too many entries")]
    Limit,
}
