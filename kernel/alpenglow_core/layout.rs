// SPDX-License-Identifier: GPL-2.0-only

//! How the state of a system is laid out, version 1; little endian. Nothing here knows of a kernel,
//! so that it is tested outside of one.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | `AlpgCore` |
//! | 8 | 4 | version: 1. What a later one adds stands behind; what is here stays |
//! | 12 | 4 | bytes of the whole: 384 |
//! | 16 | 8 | nanoseconds since boot, with those in suspend (CLOCK_BOOTTIME) |
//! | 24 | 3 × 4 | load of the last 1, 5 and 15 minutes, in 1/2048 |
//! | 36 | 4 | flags: 1 pressure is accounted for |
//! | 40 | 8 × 8 | memory in bytes: all, free, available, buffers, cache, shared, swap, free swap |
//! | 104 | 6 × 24 | pressure: io some, io full, memory some, memory full, cpu some, and zeros |
//! | 248 | 64 | release of the kernel (`uname -r`), zeros behind |
//! | 312 | 64 | its version (`uname -v`), zeros behind, cut where it is longer |
//! | 376 | 8 | zeros |
//!
//! Each pressure: 8 bytes nanoseconds stalled since boot, 3 × 4 bytes per cent of the last 10, 60
//! and 300 seconds in 1/2048, 4 bytes zeros.

use core::fmt;

/// Bytes of the whole.
pub(crate) const BYTES: usize = 384;

/// Bit of the flags: pressure is accounted for.
const PRESSURE: u32 = 1;

/// Names of the parts of memory.
const MEMORY: [&str; 8] = [
    "memory.total",
    "memory.free",
    "memory.available",
    "memory.buffers",
    "memory.cached",
    "memory.shared",
    "swap.total",
    "swap.free",
];

/// Names of the kinds of pressure.
const KINDS: [&str; 6] = [
    "io.some",
    "io.full",
    "memory.some",
    "memory.full",
    "cpu.some",
    "cpu.full",
];

/// Pressure of one kind.
#[derive(Clone, Copy, Default)]
pub(crate) struct Stall {
    /// Nanoseconds since boot.
    pub(crate) total: u64,
    /// Per cent of the last 10, 60 and 300 seconds, in 1/2048.
    pub(crate) averages: [u32; 3],
}

/// What a system is like.
pub(crate) struct State<'a> {
    /// Nanoseconds since boot.
    pub(crate) time: u64,
    /// Of the last 1, 5 and 15 minutes, in 1/2048.
    pub(crate) load: [u32; 3],
    /// Bytes, by [`MEMORY`].
    pub(crate) memory: [u64; 8],
    /// By [`KINDS`], if it is accounted for.
    pub(crate) pressure: Option<[Stall; 6]>,
    /// Of the kernel.
    pub(crate) release: &'a [u8],
    /// Of the kernel.
    pub(crate) version: &'a [u8],
}

/// Bytes that are filled from their beginning.
struct Filled {
    bytes: [u8; BYTES],
    end: usize,
}

impl Filled {
    fn put(&mut self, part: &[u8]) {
        let end = self.end + part.len();
        if let Some(room) = self.bytes.get_mut(self.end..end) {
            room.copy_from_slice(part);
            self.end = end;
        }
    }

    fn text(&mut self, text: &[u8]) {
        let mut part = [0; 64];
        for (to, from) in part.iter_mut().zip(text) {
            *to = *from;
        }
        self.put(&part);
    }
}

impl State<'_> {
    /// As it is read.
    pub(crate) fn encode(&self) -> [u8; BYTES] {
        let mut filled = Filled {
            bytes: [0; BYTES],
            end: 0,
        };
        filled.put(b"AlpgCore");
        filled.put(&1u32.to_le_bytes());
        filled.put(&(BYTES as u32).to_le_bytes());
        filled.put(&self.time.to_le_bytes());
        for load in self.load {
            filled.put(&load.to_le_bytes());
        }
        let flags = if self.pressure.is_some() { PRESSURE } else { 0 };
        filled.put(&flags.to_le_bytes());
        for bytes in self.memory {
            filled.put(&bytes.to_le_bytes());
        }
        for stall in self.pressure.unwrap_or_default() {
            filled.put(&stall.total.to_le_bytes());
            for average in stall.averages {
                filled.put(&average.to_le_bytes());
            }
            filled.put(&[0; 4]);
        }
        filled.text(self.release);
        filled.text(self.version);
        filled.bytes
    }
}

/// A line for each number, its name first; times in nanoseconds, memory in bytes, loads and per
/// cent with two decimals.
impl fmt::Display for State<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes| core::str::from_utf8(bytes).unwrap_or("?");
        writeln!(f, "release {}", text(self.release))?;
        writeln!(f, "version {}", text(self.version))?;
        writeln!(f, "time {}", self.time)?;
        let [one, five, fifteen] = self.load.map(Fixed);
        writeln!(f, "load {one} {five} {fifteen}")?;
        for (name, bytes) in MEMORY.iter().zip(self.memory) {
            writeln!(f, "{name} {bytes}")?;
        }
        for (name, stall) in KINDS.iter().zip(self.pressure.iter().flatten()) {
            let [ten, sixty, more] = stall.averages.map(Fixed);
            writeln!(f, "pressure.{name} {ten} {sixty} {more} {}", stall.total)?;
        }
        Ok(())
    }
}

/// A number in 1/2048.
struct Fixed(u32);

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = u64::from(self.0 % 2048) * 100 / 2048;
        write!(f, "{}.{hundredths:02}", self.0 / 2048)
    }
}
