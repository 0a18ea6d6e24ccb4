//! Values as bytes, for the state that re-execution hands on. Any bytes can be read: what is no value is `None`.

use crate::memory::Room;
use std::time::Duration;

/// Reads from front to back.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What can be written and read again. Each is compiled once and called: a state is read once in a daemon's life, and
/// its code would else be repeated for every field.
pub trait Codec: Sized {
    fn write(&self, out: &mut Vec<u8>);
    fn read(from: &mut Reader<'_>) -> Option<Self>;
}

macro_rules! number {
    ($($type:ty),*) => {$(
        impl Codec for $type {
            #[inline(never)]
            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            #[inline(never)]
            fn read(from: &mut Reader<'_>) -> Option<Self> {
                Some(Self::from_le_bytes(from.take(size_of::<Self>())?.try_into().ok()?))
            }
        }
    )*};
}
number!(u8, u16, u32, u64, i32, i64);

impl Codec for usize {
    #[inline(never)]
    fn write(&self, out: &mut Vec<u8>) {
        (*self as u64).write(out);
    }

    #[inline(never)]
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        u64::read(from)?.try_into().ok()
    }
}

impl Codec for bool {
    #[inline(never)]
    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    #[inline(never)]
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        match u8::read(from)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Codec for Box<[u8]> {
    #[inline(never)]
    fn write(&self, out: &mut Vec<u8>) {
        self.len().write(out);
        out.extend_from_slice(self);
    }

    #[inline(never)]
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let length = usize::read(from)?;
        Some(from.take(length)?.into())
    }
}

impl<T: Codec> Codec for Option<T> {
    #[inline(never)]
    fn write(&self, out: &mut Vec<u8>) {
        self.is_some().write(out);
        if let Some(value) = self {
            value.write(out);
        }
    }

    #[inline(never)]
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(if bool::read(from)? {
            Some(T::read(from)?)
        } else {
            None
        })
    }
}

impl<T: Codec> Codec for Vec<T> {
    #[inline(never)]
    fn write(&self, out: &mut Vec<u8>) {
        self.len().write(out);
        for value in self {
            value.write(out);
        }
    }

    #[inline(never)]
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let length = usize::read(from)?;
        // No more than there can be, whatever the length says: every value takes a byte.
        let mut values = Self::new();
        values.room(length.min(from.0.len())).ok()?;
        for _ in 0..length {
            values.push(T::read(from)?);
        }
        Some(values)
    }
}

impl<T: Codec> Codec for Box<T> {
    #[inline(never)]
    fn write(&self, out: &mut Vec<u8>) {
        (**self).write(out);
    }

    #[inline(never)]
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        T::read(from).map(Self::new)
    }
}

impl Codec for Duration {
    #[inline(never)]
    fn write(&self, out: &mut Vec<u8>) {
        self.as_secs().write(out);
        self.subsec_nanos().write(out);
    }

    #[inline(never)]
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (seconds, nanos) = (u64::read(from)?, u32::read(from)?);
        (nanos < 1_000_000_000).then(|| Self::new(seconds, nanos))
    }
}

macro_rules! tuple {
    ($($name:ident),*) => {
        impl<$($name: Codec),*> Codec for ($($name,)*) {
            #[inline(never)]
            fn write(&self, out: &mut Vec<u8>) {
                #[allow(non_snake_case)]
                let ($($name,)*) = self;
                $($name.write(out);)*
            }

            #[inline(never)]
            fn read(from: &mut Reader<'_>) -> Option<Self> {
                Some(($($name::read(from)?,)*))
            }
        }
    };
}
tuple!(A, B);
tuple!(A, B, C);

/// A structure: its fields one after the other.
macro_rules! record {
    ($type:ty { $($field:ident),* $(,)? }) => {
        impl $crate::codec::Codec for $type {
            #[inline(never)]
            fn write(&self, out: &mut Vec<u8>) {
                // Every field, or this does not compile.
                let Self { $($field),* } = self;
                $($crate::codec::Codec::write($field, out);)*
            }

            #[inline(never)]
            fn read(from: &mut $crate::codec::Reader<'_>) -> Option<Self> {
                $(let $field = $crate::codec::Codec::read(from)?;)*
                Some(Self { $($field),* })
            }
        }
    };
}
pub(crate) use record;

/// An enumeration without values: its number in this list.
macro_rules! choice {
    ($type:ty { $($variant:ident),* $(,)? }) => {
        impl $crate::codec::Codec for $type {
            #[inline(never)]
            fn write(&self, out: &mut Vec<u8>) {
                let all = [$(Self::$variant),*];
                // Every variant, or this does not compile.
                match self {
                    $(Self::$variant)|* => {}
                }
                let place = all.iter().position(|other| other == self);
                out.push(place.map_or(u8::MAX, |place| place as u8));
            }

            #[inline(never)]
            fn read(from: &mut $crate::codec::Reader<'_>) -> Option<Self> {
                let all = [$(Self::$variant),*];
                let place = <u8 as $crate::codec::Codec>::read(from)?;
                all.into_iter().nth(usize::from(place))
            }
        }
    };
}
pub(crate) use choice;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Value = (Vec<(Box<[u8]>, Option<u32>, bool)>, (u64, i64));

    proptest! {
        #[test]
        fn what_is_written_is_read(
            list in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..20), any::<Option<u32>>(), any::<bool>()), 0..8),
            pair in any::<(u64, i64)>(),
        ) {
            let list = list.into_iter().map(|(text, number, flag)| (text.into_boxed_slice(), number, flag)).collect();
            let value: Value = (list, pair);
            let mut out = Vec::new();
            value.write(&mut out);
            let mut reader = Reader::new(&out);
            prop_assert_eq!(Value::read(&mut reader), Some(value));
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Value::read(&mut Reader::new(&bytes));
        }
    }
}
