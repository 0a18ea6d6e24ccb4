// SPDX-License-Identifier: MIT

//! Verifying Ed25519 (RFC 8032): the kernel has no such thing, and all that is secret stays with who signs.
//!
//! Nothing here is secret, so nothing is done in constant time. It is strict: keys and signatures must be encoded canonically, and
//! keys of small order, for which anything can be signed, are refused.

use super::sha512;

/// Whether `signature` is one by `key` over `message`.
pub fn verify(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let (Some(r), Some(s)) = (signature.first_chunk::<32>(), signature.last_chunk::<32>()) else {
        return false;
    };
    let scalar = words(s);
    if !below(&scalar, &ORDER) {
        return false;
    }
    let (Some(point), Some(base)) = (Point::decode(key), Point::decode(&BASE)) else {
        return false;
    };
    if point.double().double().double().is_neutral() {
        return false;
    }
    let hash = reduce(&sha512::digest(&[r, key, message]));
    // R = sB - kA
    Point::combine(&scalar, &base, &hash, &point.negate()).encode() == *r
}

/// y = 4 / 5, with the even x.
const BASE: [u8; 32] = {
    let mut bytes = [0x66; 32];
    bytes[0] = 0x58;
    bytes
};

/// The order of the base point: 2^252 + 27742317777372353535851937790883648493.
const ORDER: [u64; 4] = [
    0x5812_631a_5cf5_d3ed,
    0x14de_f9de_a2f7_9cd6,
    0,
    0x1000_0000_0000_0000,
];

/// p = 2^255 - 19.
const PRIME: [u64; 4] = [
    0xffff_ffff_ffff_ffed,
    u64::MAX,
    u64::MAX,
    0x7fff_ffff_ffff_ffff,
];

/// d = -121665 / 121666.
const D: [u64; 4] = [
    0x75eb_4dca_1359_78a3,
    0x0070_0a4d_4141_d8ab,
    0x8cc7_4079_7779_e898,
    0x5203_6cee_2b6f_fe73,
];

/// A square root of -1.
const ROOT: [u64; 4] = [
    0xc4ee_1b27_4a0e_a0b0,
    0x2f43_1806_ad2f_e478,
    0x2b4d_0099_3dfb_d7a7,
    0x2b83_2480_4fc1_df0b,
];

/// (p - 5) / 8 = 2^252 - 3.
const ROOT_POWER: [u64; 4] = [
    0xffff_ffff_ffff_fffd,
    u64::MAX,
    u64::MAX,
    0x0fff_ffff_ffff_ffff,
];

/// p - 2.
const INVERSE_POWER: [u64; 4] = [
    0xffff_ffff_ffff_ffeb,
    u64::MAX,
    u64::MAX,
    0x7fff_ffff_ffff_ffff,
];

/// 256 bits, little endian, as words, the lowest first.
fn words(bytes: &[u8; 32]) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = bytes
            .iter()
            .rev()
            .fold(0, |word, byte| word << 8 | u64::from(*byte));
    }
    words
}

fn below(left: &[u64; 4], right: &[u64; 4]) -> bool {
    left.iter().rev().lt(right.iter().rev())
}

fn bit(words: &[u64; 4], index: usize) -> bool {
    words
        .get(index / 64)
        .is_some_and(|word| word >> (index % 64) & 1 == 1)
}

/// 512 bits modulo the order, a bit at a time from the highest.
fn reduce(bytes: &[u8; 64]) -> [u64; 4] {
    let mut rest = [0_u64; 4];
    for byte in bytes.iter().rev() {
        for shift in (0..8).rev() {
            // Below the order, which has 253 bits: doubling does not overflow.
            let mut carry = u64::from(byte >> shift & 1);
            for word in &mut rest {
                (*word, carry) = (*word << 1 | carry, *word >> 63);
            }
            if !below(&rest, &ORDER) {
                let mut borrow = false;
                for (word, order) in rest.iter_mut().zip(ORDER) {
                    let (less, first) = word.overflowing_sub(order);
                    let (less, second) = less.overflowing_sub(u64::from(borrow));
                    (*word, borrow) = (less, first || second);
                }
            }
        }
    }
    rest
}

/// An element of the field of 2^255 - 19: five limbs of 51 bits, which may be a little longer between operations.
#[derive(Clone, Copy)]
struct Field([u64; 5]);

const LOW: u64 = (1 << 51) - 1;

impl Field {
    const ZERO: Field = Field([0; 5]);
    const ONE: Field = Field([1, 0, 0, 0, 0]);

    /// Of 256 bits below 2^255.
    const fn from_words(words: &[u64; 4]) -> Field {
        let [a, b, c, d] = *words;
        Field([
            a & LOW,
            (a >> 51 | b << 13) & LOW,
            (b >> 38 | c << 26) & LOW,
            (c >> 25 | d << 39) & LOW,
            d >> 12 & LOW,
        ])
    }

    /// The one representation of 32 bytes, little endian.
    fn encode(self) -> [u8; 32] {
        let Field([a, b, c, d, e]) = self.carry().carry();
        // Below 2^255 + something small now: p is subtracted at most once, when adding 19 reaches bit 255.
        let mut over = (a + 19) >> 51;
        for limb in [b, c, d, e] {
            over = (limb + over) >> 51;
        }
        let mut limbs = [a + 19 * over, b, c, d, e];
        let mut carry = 0;
        for limb in &mut limbs {
            let sum = *limb + carry;
            (*limb, carry) = (sum & LOW, sum >> 51);
        }
        let [a, b, c, d, e] = limbs;
        let mut bytes = [0; 32];
        for (place, word) in bytes.chunks_exact_mut(8).zip([
            a | b << 51,
            b >> 13 | c << 38,
            c >> 26 | d << 25,
            d >> 39 | e << 12,
        ]) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    fn carry(self) -> Field {
        let Field([a, b, c, d, e]) = self;
        Field([
            (a & LOW) + 19 * (e >> 51),
            (b & LOW) + (a >> 51),
            (c & LOW) + (b >> 51),
            (d & LOW) + (c >> 51),
            (e & LOW) + (d >> 51),
        ])
    }

    fn add(self, other: Field) -> Field {
        let mut sum = self;
        for (limb, more) in sum.0.iter_mut().zip(other.0) {
            *limb += more;
        }
        sum.carry()
    }

    /// With 16 p added, so that no limb goes below zero.
    fn sub(self, other: Field) -> Field {
        let mut difference = Field([(LOW - 18) << 4, LOW << 4, LOW << 4, LOW << 4, LOW << 4]);
        for ((limb, more), less) in difference.0.iter_mut().zip(self.0).zip(other.0) {
            *limb = *limb + more - less;
        }
        difference.carry()
    }

    fn negate(self) -> Field {
        Field::ZERO.sub(self)
    }

    /// Limbs of both are below 2^54, so sums of five products, 19-fold, stay below 2^128.
    fn mul(self, other: Field) -> Field {
        let (a, b) = (self.0, other.0);
        let product = |x: u64, y: u64| u128::from(x) * u128::from(y);
        let wrapped = [b[0], b[1] * 19, b[2] * 19, b[3] * 19, b[4] * 19];
        let sums = [
            product(a[0], b[0])
                + product(a[1], wrapped[4])
                + product(a[2], wrapped[3])
                + product(a[3], wrapped[2])
                + product(a[4], wrapped[1]),
            product(a[0], b[1])
                + product(a[1], b[0])
                + product(a[2], wrapped[4])
                + product(a[3], wrapped[3])
                + product(a[4], wrapped[2]),
            product(a[0], b[2])
                + product(a[1], b[1])
                + product(a[2], b[0])
                + product(a[3], wrapped[4])
                + product(a[4], wrapped[3]),
            product(a[0], b[3])
                + product(a[1], b[2])
                + product(a[2], b[1])
                + product(a[3], b[0])
                + product(a[4], wrapped[4]),
            product(a[0], b[4])
                + product(a[1], b[3])
                + product(a[2], b[2])
                + product(a[3], b[1])
                + product(a[4], b[0]),
        ];
        let mut limbs = [0; 5];
        let mut carry = 0_u128;
        for (limb, sum) in limbs.iter_mut().zip(sums) {
            let sum = sum + carry;
            *limb = sum as u64 & LOW;
            carry = sum >> 51;
        }
        // The carry is below 2^64 / 19 by far: 5 * 19 * 2^108 / 2^51 is below 2^64, and what is carried here is what limb 4, without 19, leaves.
        let low = u128::from(limbs[0]) + carry * 19;
        limbs[0] = low as u64 & LOW;
        limbs[1] += (low >> 51) as u64;
        Field(limbs)
    }

    fn square(self) -> Field {
        self.mul(self)
    }

    fn power(self, exponent: &[u64; 4]) -> Field {
        let mut result = Field::ONE;
        for index in (0..255).rev() {
            result = result.square();
            if bit(exponent, index) {
                result = result.mul(self);
            }
        }
        result
    }

    fn equals(self, other: Field) -> bool {
        self.encode() == other.encode()
    }

    fn is_odd(self) -> bool {
        self.encode().first().is_some_and(|byte| byte & 1 == 1)
    }
}

/// A point of -x² + y² = 1 + dx²y² in extended coordinates: x = X/Z, y = Y/Z, xy = T/Z (Hisil, Wong, Carter, Dawson 2008).
#[derive(Clone, Copy)]
struct Point {
    x: Field,
    y: Field,
    z: Field,
    t: Field,
}

impl Point {
    const NEUTRAL: Point = Point {
        x: Field::ZERO,
        y: Field::ONE,
        z: Field::ONE,
        t: Field::ZERO,
    };

    /// RFC 8032, section 5.1.3.
    fn decode(bytes: &[u8; 32]) -> Option<Point> {
        let mut encoded = words(bytes);
        let odd = bit(&encoded, 255);
        encoded[3] &= u64::MAX >> 1;
        if !below(&encoded, &PRIME) {
            return None;
        }
        let y = Field::from_words(&encoded);
        let square = y.square();
        let u = square.sub(Field::ONE);
        let v = square.mul(Field::from_words(&D)).add(Field::ONE);
        let cube = v.square().mul(v);
        let mut x = u
            .mul(cube)
            .mul(u.mul(cube.square()).mul(v).power(&ROOT_POWER));
        let found = v.mul(x.square());
        if found.equals(u.negate()) {
            x = x.mul(Field::from_words(&ROOT));
        } else if !found.equals(u) {
            return None;
        }
        if odd && x.equals(Field::ZERO) {
            return None;
        }
        if x.is_odd() != odd {
            x = x.negate();
        }
        Some(Point {
            x,
            y,
            z: Field::ONE,
            t: x.mul(y),
        })
    }

    fn encode(&self) -> [u8; 32] {
        let inverse = self.z.power(&INVERSE_POWER);
        let mut bytes = self.y.mul(inverse).encode();
        if self.x.mul(inverse).is_odd() {
            bytes[31] |= 0x80;
        }
        bytes
    }

    fn is_neutral(&self) -> bool {
        self.x.equals(Field::ZERO) && self.y.equals(self.z)
    }

    fn negate(&self) -> Point {
        Point {
            x: self.x.negate(),
            t: self.t.negate(),
            ..*self
        }
    }

    /// RFC 8032, section 5.1.4: right for all pairs of points.
    fn add(&self, other: &Point) -> Point {
        let a = self.y.sub(self.x).mul(other.y.sub(other.x));
        let b = self.y.add(self.x).mul(other.y.add(other.x));
        let twice_d = Field::from_words(&D).add(Field::from_words(&D));
        let c = self.t.mul(twice_d).mul(other.t);
        let d = self.z.add(self.z).mul(other.z);
        let (e, f, g, h) = (b.sub(a), d.sub(c), d.add(c), b.add(a));
        Point {
            x: e.mul(f),
            y: g.mul(h),
            z: f.mul(g),
            t: e.mul(h),
        }
    }

    fn double(&self) -> Point {
        let (a, b) = (self.x.square(), self.y.square());
        let c = self.z.square().add(self.z.square());
        let h = a.add(b);
        let e = h.sub(self.x.add(self.y).square());
        let g = a.sub(b);
        let f = c.add(g);
        Point {
            x: e.mul(f),
            y: g.mul(h),
            z: f.mul(g),
            t: e.mul(h),
        }
    }

    /// `m` times `p` and `n` times `q`, added (Straus).
    fn combine(m: &[u64; 4], p: &Point, n: &[u64; 4], q: &Point) -> Point {
        let both = p.add(q);
        let mut sum = Point::NEUTRAL;
        for index in (0..253).rev() {
            sum = sum.double();
            sum = match (bit(m, index), bit(n, index)) {
                (false, false) => sum,
                (true, false) => sum.add(p),
                (false, true) => sum.add(q),
                (true, true) => sum.add(&both),
            };
        }
        sum
    }
}
