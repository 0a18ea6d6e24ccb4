// SPDX-License-Identifier: MIT

//! Little-endian numbers in records of a fixed length.

macro_rules! number {
    ($get:ident, $put:ident, $type:ty) => {
        /// The number at `at`; `at` is a constant of the format, and inside.
        pub(super) fn $get<const N: usize>(bytes: &[u8; N], at: usize) -> $type {
            const LENGTH: usize = core::mem::size_of::<$type>();
            let mut number = [0; LENGTH];
            if let Some(found) = bytes.get(at..at + LENGTH) {
                number.copy_from_slice(found);
            }
            <$type>::from_le_bytes(number)
        }

        /// Puts a number at `at`, which is a constant of the format, and inside.
        pub(super) fn $put<const N: usize>(bytes: &mut [u8; N], at: usize, value: $type) {
            const LENGTH: usize = core::mem::size_of::<$type>();
            if let Some(place) = bytes.get_mut(at..at + LENGTH) {
                place.copy_from_slice(&value.to_le_bytes());
            }
        }
    };
}

number!(get_u8, put_u8, u8);
number!(get_u16, put_u16, u16);
number!(get_u32, put_u32, u32);
number!(get_u64, put_u64, u64);
number!(get_i64, put_i64, i64);

/// The `M` bytes at `at`.
pub(super) fn get_array<const N: usize, const M: usize>(bytes: &[u8; N], at: usize) -> [u8; M] {
    let mut array = [0; M];
    if let Some(found) = bytes.get(at..at + M) {
        array.copy_from_slice(found);
    }
    array
}

/// Puts bytes at `at`.
pub(super) fn put_array<const N: usize>(bytes: &mut [u8; N], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

/// Whether the bytes from `from` up to `to` are zero.
pub(super) fn is_zero(bytes: &[u8], from: usize, to: usize) -> bool {
    bytes
        .get(from..to)
        .is_some_and(|range| range.iter().all(|byte| *byte == 0))
}
