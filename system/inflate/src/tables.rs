//! The codes of a DEFLATE block as tables (RFC 1951, 3.2): what a few bits say is one look, and one more for the longest
//! codes.
//!
//! An entry of a table is a number whose lowest byte is how many bits it takes, those of the extra value behind the code
//! included; the next four bits are the code's own length. From bit 16 on is what it stands for: a literal byte, or the
//! length or distance that the extra bits are added to, or where the second table begins. [`LITERAL`] marks literals, and
//! [`OTHER`] what is none of a literal, length and distance: the block's end, a second table, a code that stands for
//! nothing.

/// Bits that the first look at a literal or length takes.
pub const LITERAL_BITS: u32 = 11;
/// Bits that the first look at a distance takes.
pub const DISTANCE_BITS: u32 = 8;
/// The longest code.
const LONGEST: usize = 15;
/// Entries of a table with its second tables: more than any code of 288 or 32 symbols has (enough.c of zlib: 2,342 for
/// 288 symbols, 11 bits at once, 15 at most; 402 for 32, 8 and 15).
pub const LITERALS: usize = 4096;
/// The same for distances.
pub const DISTANCES: usize = 512;

/// A literal.
pub const LITERAL: u32 = 1 << 31;
/// Something else than a literal, a length or a distance.
pub const OTHER: u32 = 1 << 15;
/// With [`OTHER`]: the block ends.
pub const END: u32 = 1 << 14;
/// With [`OTHER`]: the code stands for nothing.
pub const NOTHING: u32 = 1 << 13;

/// Codes of lengths: the lowest length of each and its extra bits (RFC 1951, 3.2.5).
const LENGTH: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];
/// Codes of distances, likewise.
const DISTANCE: [(u16, u8); 30] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1025, 9),
    (1537, 9),
    (2049, 10),
    (3073, 10),
    (4097, 11),
    (6145, 11),
    (8193, 12),
    (12289, 12),
    (16385, 13),
    (24577, 13),
];

/// What each symbol of literals and lengths stands for, without its code's length.
pub static LITERAL_SYMBOLS: [u32; 288] = {
    let mut all = [OTHER | NOTHING; 288];
    let mut symbol = 0;
    while symbol < 256 {
        all[symbol] = LITERAL | (symbol as u32) << 16;
        symbol += 1;
    }
    all[256] = OTHER | END;
    with_extra(&LENGTH, &mut all, 257);
    all
};

/// What each symbol of distances stands for.
pub static DISTANCE_SYMBOLS: [u32; 32] = {
    let mut all = [OTHER | NOTHING; 32];
    with_extra(&DISTANCE, &mut all, 0);
    all
};

const fn with_extra(values: &[(u16, u8)], all: &mut [u32], from: usize) {
    let mut symbol = 0;
    while symbol < values.len() {
        let (base, extra) = values[symbol];
        all[from + symbol] = (base as u32) << 16 | extra as u32;
        symbol += 1;
    }
}

/// What each symbol of the code of the lengths of codes stands for: itself.
pub static LENGTH_SYMBOLS: [u32; 19] = {
    let mut all = [0; 19];
    let mut symbol = 0;
    while symbol < all.len() {
        all[symbol] = (symbol as u32) << 16;
        symbol += 1;
    }
    all
};

/// Makes the table of a code from its symbols' lengths, the first look taking `bits`. False if there is no such code:
/// too many of a length, or too few; but where `few` allows it there may be one code, of one bit, or none. `symbols` says
/// what each stands for.
pub fn make(table: &mut [u32], bits: u32, lengths: &[u8], few: bool, symbols: &[u32]) -> bool {
    let mut count = [0_u16; LONGEST + 1];
    for &length in lengths {
        count[usize::from(length)] += 1;
    }
    count[0] = 0;
    let longest = count.iter().rposition(|&count| count > 0).unwrap_or(0);
    let mut left = 1_i32;
    for &count in &count[1..] {
        left = (left << 1) - i32::from(count);
        if left < 0 {
            return false;
        }
    }
    if left > 0 && !(few && longest <= 1) {
        return false;
    }
    let first = 1 << bits;
    // As far as the table is filled: for codes of so many bits, it is repeated for those of one more.
    table[..2].fill(OTHER | NOTHING | 1);
    let mut filled = 2;
    // Where the symbols of each length begin among all in order.
    let mut place = [0_u16; LONGEST + 2];
    for length in 1..=LONGEST {
        place[length + 1] = place[length] + count[length];
    }
    let mut sorted = [0_u16; 288];
    for (symbol, &length) in lengths.iter().enumerate() {
        if length > 0 {
            let place = &mut place[usize::from(length)];
            sorted[usize::from(*place)] = symbol as u16;
            *place += 1;
        }
    }
    let mut sorted = sorted.iter();
    let mut code = 0_u32;
    let mut end = first;
    // The second table that is being filled: where it begins, its bits, and the first bits that lead to it.
    let mut second = (0, 0, u32::MAX);
    for length in 1..=longest.max(bits as usize) as u32 {
        if length <= bits && filled < 1 << length {
            table.copy_within(..filled, filled);
            filled *= 2;
        }
        for nth in 0..count[length as usize] {
            let &symbol = sorted.next().expect("as many as were counted");
            let value = symbols[usize::from(symbol)];
            let extra = value & 0xff;
            // Bits of a code come the first first, those of all else the lowest first.
            let reversed = code.reverse_bits() >> (32 - length);
            if length <= bits {
                let entry = value & !0xff | length << 8 & 0xf00 | (length + extra);
                table[reversed as usize] = entry;
            } else {
                let prefix = reversed & (first as u32 - 1);
                if prefix != second.2 {
                    // As many bits as there are codes left that begin so.
                    let mut more = length - bits;
                    let mut room = (1_i32 << more) - i32::from(count[length as usize] - nth);
                    while room > 0 && bits + more < longest as u32 {
                        more += 1;
                        room = (room << 1) - i32::from(count[(bits + more) as usize]);
                    }
                    second = (end, more, prefix);
                    end += 1 << more;
                    if end > table.len() {
                        return false;
                    }
                    table[prefix as usize] = OTHER | (second.0 as u32) << 16 | more << 8 | bits;
                }
                let own = length - bits;
                let entry = value & !0xff | own << 8 & 0xf00 | (own + extra);
                let places = &mut table[second.0..second.0 + (1 << second.1)];
                places[(reversed >> bits) as usize..]
                    .iter_mut()
                    .step_by(1 << own)
                    .for_each(|place| *place = entry);
            }
            code += 1;
        }
        code <<= 1;
    }
    true
}
