//! Reads a payload where it lies: no copy, and each value is checked when it is used.

use super::{Error, MAX_PAYLOAD, Reason, tag};

type Result<T> = std::result::Result<T, Error>;

/// A payload's bytes.
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a> {
    bytes: &'a [u8],
}

/// A value word: type and offset, or type and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Value(pub u32);

impl Value {
    /// Nothing.
    pub const NULL: Value = Value(0);

    /// The top four bits.
    pub fn tag(self) -> u32 {
        self.0 >> 28
    }

    /// The other bits.
    pub fn rest(self) -> u32 {
        self.0 & 0x0fff_ffff
    }

    fn error(self, reason: Reason) -> Error {
        let offset = self.rest();
        Error { offset, reason }
    }
}

impl<'a> Payload<'a> {
    /// Checks the header of eight bytes: compatible version 0, version, reserved, root.
    ///
    /// # Errors
    /// [`Reason::Header`] and [`Reason::Version`].
    pub fn new(bytes: &'a [u8]) -> Result<Self> {
        let at = |reason| Error { offset: 0, reason };
        if bytes.len() < 8 || bytes.len() > MAX_PAYLOAD {
            return Err(at(Reason::Header));
        }
        if bytes[0] != 0 {
            return Err(at(Reason::Version));
        }
        Ok(Self { bytes })
    }

    /// Everything.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The root value's object; empty if the root is null.
    ///
    /// # Errors
    /// As [`Payload::slots`].
    pub fn root(&self) -> Result<Slots<'a>> {
        let word = self.bytes[4..8].try_into().unwrap_or([0; 4]);
        self.slots(Value(u32::from_le_bytes(word)), tag::OBJECT)
    }

    fn array<const N: usize>(&self, value: Value) -> Result<[u8; N]> {
        let offset = value.rest() as usize;
        self.bytes
            .get(offset..offset + N)
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(value.error(Reason::Bounds))
    }

    fn aligned(&self, value: Value) -> Result<()> {
        match value.rest() % 4 {
            0 => Ok(()),
            _ => Err(value.error(Reason::Alignment)),
        }
    }

    /// A number; null is none.
    ///
    /// # Errors
    /// [`Reason::Type`], [`Reason::Bounds`] and [`Reason::Alignment`].
    pub fn int(&self, value: Value) -> Result<Option<u64>> {
        match value.tag() {
            tag::SPECIAL if value == Value::NULL => Ok(None),
            tag::INT => Ok(Some(u64::from(value.rest()))),
            tag::INT32 => {
                self.aligned(value)?;
                Ok(Some(u64::from(u32::from_le_bytes(self.array(value)?))))
            }
            tag::INT64 => {
                self.aligned(value)?;
                Ok(Some(u64::from_le_bytes(self.array(value)?)))
            }
            _ => Err(value.error(Reason::Type)),
        }
    }

    /// Bytes; null is none of them.
    ///
    /// # Errors
    /// [`Reason::Type`] and [`Reason::Bounds`].
    pub fn blob(&self, value: Value) -> Result<&'a [u8]> {
        let (length, width) = match value.tag() {
            tag::SPECIAL if value == Value::NULL => return Ok(&[]),
            tag::BLOB8 => (u32::from(self.array::<1>(value)?[0]), 1),
            tag::BLOB16 => (u32::from(u16::from_le_bytes(self.array(value)?)), 2),
            tag::BLOB32 => (u32::from_le_bytes(self.array(value)?), 4),
            _ => return Err(value.error(Reason::Type)),
        };
        let begin = value.rest() as usize + width;
        begin
            .checked_add(length as usize)
            .and_then(|end| self.bytes.get(begin..end))
            .ok_or(value.error(Reason::Bounds))
    }

    /// An array's or an object's slots; null has none.
    ///
    /// # Errors
    /// [`Reason::Type`], [`Reason::Bounds`], [`Reason::Alignment`] and [`Reason::Count`].
    pub fn slots(&self, value: Value, tag: u32) -> Result<Slots<'a>> {
        if value == Value::NULL {
            let (payload, slots) = (*self, &[][..]);
            return Ok(Slots {
                payload,
                slots,
                value,
            });
        }
        // Writers mark most arrays as objects.
        if value.tag() != tag && (tag, value.tag()) != (tag::ARRAY, tag::OBJECT) {
            return Err(value.error(Reason::Type));
        }
        self.aligned(value)?;
        let count = u32::from_le_bytes(self.array(value)?) as usize;
        let begin = value.rest() as usize + 4;
        let length = count
            .checked_sub(1)
            .ok_or(value.error(Reason::Count))?
            .checked_mul(4)
            .ok_or(value.error(Reason::Bounds))?;
        let slots = begin
            .checked_add(length)
            .and_then(|end| self.bytes.get(begin..end))
            .ok_or(value.error(Reason::Bounds))?;
        let payload = *self;
        Ok(Slots {
            payload,
            slots,
            value,
        })
    }
}

/// The values of an array or an object, counted from 1.
#[derive(Clone, Copy, Debug)]
pub struct Slots<'a> {
    payload: Payload<'a>,
    slots: &'a [u8],
    value: Value,
}

impl<'a> Slots<'a> {
    /// How many slots were written; those beyond are null.
    pub fn len(&self) -> usize {
        self.slots.len() / 4
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The payload that they are of.
    pub fn payload(&self) -> Payload<'a> {
        self.payload
    }

    /// The value that led here: equal for two that share their bytes.
    pub fn value(&self) -> Value {
        self.value
    }

    /// An error about the whole.
    pub fn error(&self, reason: Reason) -> Error {
        self.value.error(reason)
    }

    /// The word in slot `number`.
    pub fn get(&self, number: usize) -> Value {
        let begin = number.wrapping_sub(1).saturating_mul(4);
        let word = self.slots.get(begin..begin.saturating_add(4));
        let word = word.and_then(|word| word.try_into().ok());
        Value(u32::from_le_bytes(word.unwrap_or([0; 4])))
    }

    /// The words in order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = Value> + use<'a> {
        let words = self.slots.chunks_exact(4);
        words.map(|word| Value(u32::from_le_bytes(word.try_into().unwrap_or([0; 4]))))
    }

    /// The number in a slot, 0 if it is null.
    ///
    /// # Errors
    /// As [`Payload::int`].
    pub fn int(&self, number: usize) -> Result<u64> {
        Ok(self.payload.int(self.get(number))?.unwrap_or(0))
    }

    /// The number in a slot, of 32 bits.
    ///
    /// # Errors
    /// As [`Payload::int`], and [`Reason::Value`] if it is larger.
    pub fn int32(&self, number: usize) -> Result<u32> {
        let value = self.get(number);
        u32::try_from(self.int(number)?).map_err(|_| value.error(Reason::Value))
    }

    /// The bytes in a slot.
    ///
    /// # Errors
    /// As [`Payload::blob`].
    pub fn blob(&self, number: usize) -> Result<&'a [u8]> {
        self.payload.blob(self.get(number))
    }

    /// The object in a slot.
    ///
    /// # Errors
    /// As [`Payload::slots`].
    pub fn object(&self, number: usize) -> Result<Slots<'a>> {
        self.payload.slots(self.get(number), tag::OBJECT)
    }

    /// The array in a slot.
    ///
    /// # Errors
    /// As [`Payload::slots`].
    pub fn array(&self, number: usize) -> Result<Slots<'a>> {
        self.payload.slots(self.get(number), tag::ARRAY)
    }
}
