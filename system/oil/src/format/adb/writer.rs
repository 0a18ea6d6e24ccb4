//! Makes a payload. What was written once is not written again: the same bytes get the same offset.
//!
//! Values are laid as apk lays them, bytes without alignment and everything else at a multiple of four, so that what
//! is given in apk's order comes out as apk's bytes.

use super::reader::Value;
use super::{MAX_PAYLOAD, tag};
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher, Hasher};

/// A payload in the making.
pub struct Writer {
    bytes: Vec<u8>,
    /// Where what has this hash lies. Half of the hash is enough: what it leads to is compared.
    known: HashMap<u32, u32, BuildHasherDefault<Same>>,
    full: bool,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// With a header and nothing else.
    pub fn new() -> Self {
        Self {
            bytes: vec![0; 8],
            known: HashMap::default(),
            full: false,
        }
    }

    /// Sets the root and gives the payload.
    ///
    /// # Errors
    /// [`Error::Limit`] if it became larger than offsets reach.
    pub fn finish(mut self, root: Value) -> Result<Vec<u8>> {
        if self.full {
            return Err(Error::Limit("an ADB payload"));
        }
        self.bytes[4..8].copy_from_slice(&root.0.to_le_bytes());
        Ok(self.bytes)
    }

    /// Where `parts` lie, one after another, at a multiple of `align`: there already, or from now on.
    fn place(&mut self, align: usize, parts: &[&[u8]]) -> u32 {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let mut hasher = DefaultHasher::new();
        hasher.write_usize(align);
        parts.iter().for_each(|part| hasher.write(part));
        let hash = hasher.finish() as u32;
        if let Some(offset) = self.known.get(&hash) {
            let mut rest = self.bytes.get(*offset as usize..).unwrap_or(&[]);
            let same = parts.iter().all(|part| {
                let good = rest.starts_with(part);
                rest = rest.get(part.len()..).unwrap_or(&[]);
                good
            });
            if same {
                return *offset;
            }
        }
        let offset = self.bytes.len().next_multiple_of(align);
        if offset + length > MAX_PAYLOAD {
            self.full = true;
            return 0;
        }
        self.bytes.resize(offset, 0);
        parts
            .iter()
            .for_each(|part| self.bytes.extend_from_slice(part));
        self.known.entry(hash).or_insert(offset as u32);
        offset as u32
    }

    /// Bytes; none of them are null.
    pub fn blob(&mut self, bytes: &[u8]) -> Value {
        self.blob_of(&[bytes])
    }

    /// Bytes in parts.
    pub fn blob_of(&mut self, parts: &[&[u8]]) -> Value {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let length = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        let (tag, width) = match u32::from_le_bytes(length) {
            0 => return Value::NULL,
            1..0x100 => (tag::BLOB8, 1),
            0x100..0x1_0000 => (tag::BLOB16, 2),
            _ => (tag::BLOB32, 4),
        };
        let all: Vec<&[u8]> = [&length[..width]]
            .into_iter()
            .chain(parts.iter().copied())
            .collect();
        word(tag, self.place(width, &all))
    }

    /// A payload of its own, as a block: its length takes four bytes however short it is, as with apk.
    pub fn nested(&mut self, block: &[u8]) -> Value {
        let length = u32::try_from(block.len()).unwrap_or(u32::MAX).to_le_bytes();
        word(tag::BLOB32, self.place(4, &[&length, block]))
    }

    /// Bytes that are to be changed later, not shared with others.
    pub fn own_blob(&mut self, bytes: &[u8]) -> Value {
        let known = std::mem::take(&mut self.known);
        let value = self.blob(bytes);
        self.known = known;
        value
    }

    /// A number.
    pub fn int(&mut self, number: u64) -> Value {
        match u32::try_from(number) {
            Ok(small @ 0..0x1000_0000) => word(tag::INT, small),
            Ok(medium) => word(tag::INT32, self.place(4, &[&medium.to_le_bytes()])),
            Err(_) => word(tag::INT64, self.place(4, &[&number.to_le_bytes()])),
        }
    }

    /// A number, and null in place of 0.
    pub fn some(&mut self, number: u64) -> Value {
        if number == 0 {
            Value::NULL
        } else {
            self.int(number)
        }
    }

    /// Values each with its meaning, the first in slot 1. Nulls at the end are left out; if nothing is left it is null.
    pub fn object(&mut self, values: &[Value]) -> Value {
        self.slots(tag::OBJECT, values)
    }

    /// Values of one kind. As apk does, they are marked as an object.
    pub fn array(&mut self, values: &[Value]) -> Value {
        self.slots(tag::OBJECT, values)
    }

    /// Values of one kind, marked as an array: so apk writes extended attributes.
    pub fn marked_array(&mut self, values: &[Value]) -> Value {
        self.slots(tag::ARRAY, values)
    }

    fn slots(&mut self, tag: u32, values: &[Value]) -> Value {
        let length = values.iter().rposition(|value| *value != Value::NULL);
        let Some(length) = length.map(|last| last + 1) else {
            return Value::NULL;
        };
        let words: Vec<u8> = [length as u32 + 1]
            .into_iter()
            .chain(values[..length].iter().map(|value| value.0))
            .flat_map(u32::to_le_bytes)
            .collect();
        word(tag, self.place(4, &[&words]))
    }
}

fn word(tag: u32, rest: u32) -> Value {
    Value(tag << 28 | rest)
}

/// For keys that are hashes already.
#[derive(Default)]
pub struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u32(&mut self, number: u32) {
        // The table looks at the top bits too.
        self.0 = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader::Payload;
    use super::super::{Reason, tag};
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Vec<u8> {
        let mut writer = Writer::new();
        let values = [
            writer.blob(b"name"),
            writer.int(5),
            writer.int(0x1000_0000),
            writer.int(1 << 40),
            Value::NULL,
            writer.blob(&[7; 300]),
            writer.blob(&[8; 70_000]),
            writer.blob(b"name"),
        ];
        let array = writer.array(&[values[0], values[5]]);
        let root = writer.object(&[&values[..], &[array, Value::NULL]].concat());
        writer.finish(root).unwrap()
    }

    #[test]
    fn values_come_back() {
        let bytes = sample();
        let root = Payload::new(&bytes).unwrap().root().unwrap();
        assert_eq!(root.len(), 9);
        assert_eq!(root.blob(1).unwrap(), b"name");
        assert_eq!(root.int(2).unwrap(), 5);
        assert_eq!(root.int(3).unwrap(), 0x1000_0000);
        assert_eq!(root.int(4).unwrap(), 1 << 40);
        assert_eq!(root.int(5).unwrap(), 0);
        assert_eq!(root.blob(6).unwrap(), [7; 300]);
        assert_eq!(root.blob(7).unwrap(), [8; 70_000]);
        assert_eq!(root.get(1), root.get(8));
        assert_eq!(root.array(9).unwrap().blob(2).unwrap(), [7; 300]);
        assert!(root.array(10).unwrap().is_empty());
        assert_eq!(root.get(usize::MAX), Value::NULL);
        assert_eq!(root.get(0), Value::NULL);
        assert!(root.object(9).is_ok());
        assert_eq!(root.object(1).unwrap_err().reason, Reason::Type);
        assert_eq!(root.int(1).unwrap_err().reason, Reason::Type);
        assert_eq!(root.blob(2).unwrap_err().reason, Reason::Type);
    }

    #[test]
    fn places_are_checked() {
        let word = |tag: u32, rest: u32| Value(tag << 28 | rest);
        let bytes = [[0; 8], [0xff; 8]].concat();
        let payload = Payload::new(&bytes).unwrap();
        let slots = |value: Value| payload.slots(value, value.tag()).unwrap_err().reason;
        assert_eq!(slots(word(tag::ARRAY, 0)), Reason::Count);
        assert_eq!(slots(word(tag::ARRAY, 8)), Reason::Bounds);
        assert_eq!(slots(word(tag::OBJECT, 9)), Reason::Alignment);
        assert_eq!(slots(word(tag::OBJECT, 0x0fff_fffc)), Reason::Bounds);
        for tag in [tag::BLOB8, tag::BLOB16, tag::BLOB32] {
            assert_eq!(
                payload.blob(word(tag, 8)).unwrap_err().reason,
                Reason::Bounds
            );
            assert_eq!(
                payload.blob(word(tag, 16)).unwrap_err().reason,
                Reason::Bounds
            );
        }
        assert_eq!(
            payload.int(word(tag::INT64, 12)).unwrap_err().reason,
            Reason::Bounds
        );
        assert_eq!(
            payload.int(word(tag::INT64, 10)).unwrap_err().reason,
            Reason::Alignment
        );
        assert_eq!(payload.int(Value(1)).unwrap_err().reason, Reason::Type);
        assert!(Payload::new(&[1; 8]).is_err() && Payload::new(&[0; 7]).is_err());
    }

    proptest! {
        #[test]
        fn blobs_are_shared(blobs: Vec<Vec<u8>>) {
            let mut writer = Writer::new();
            let values: Vec<Value> = blobs.iter().map(|blob| writer.blob(blob)).collect();
            let length = writer.bytes.len();
            let again: Vec<Value> = blobs.iter().map(|blob| writer.blob(blob)).collect();
            prop_assert_eq!(&values, &again);
            prop_assert_eq!(writer.bytes.len(), length);
            let root = writer.object(&[values.first().copied().unwrap_or(Value::NULL)]);
            let bytes = writer.finish(root).unwrap();
            let payload = Payload::new(&bytes).unwrap();
            for (blob, value) in blobs.iter().zip(values) {
                prop_assert_eq!(payload.blob(value).unwrap(), &blob[..]);
            }
        }

        #[test]
        fn any_word_of_any_bytes(bytes: Vec<u8>, word: u32) {
            if let Ok(payload) = Payload::new(&[&[0; 4][..], &bytes].concat()) {
                let _ = (payload.int(Value(word)), payload.blob(Value(word)), payload.root());
                if let Ok(slots) = payload.slots(Value(word), Value(word).tag()) {
                    prop_assert!(slots.values().count() <= bytes.len());
                }
            }
        }
    }
}
