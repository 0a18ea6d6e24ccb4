//! How the system is, in one read: what the kernel module `alpenglow_core` gives (`kernel/alpenglow_core/layout.rs`).

use crate::Root;
use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};

/// The module's device.
const DEVICE: &str = "/dev/alpenglow_core";

/// Bytes of version 1. What a later version adds stands behind.
const BYTES: usize = 384;

/// Bytes that it begins with.
const MAGIC: &[u8; 8] = b"AlpgCore";

/// Memory, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    pub total: u64,
    pub free: u64,
    /// What is to be had without taking it from somebody.
    pub available: u64,
    pub buffers: u64,
    /// The page cache, without buffers.
    pub cached: u64,
    pub shared: u64,
    pub swap: u64,
    pub swap_free: u64,
}

/// How long somebody waited for a resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stall {
    /// Nanoseconds since boot.
    pub total: u64,
    /// Per cent of the last 10, 60 and 300 seconds, in 1/2048.
    pub averages: [u32; 3],
}

/// Pressure: `some` is of those times in which somebody waited, `full` in which everybody did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pressure {
    pub io_some: Stall,
    pub io_full: Stall,
    pub memory_some: Stall,
    pub memory_full: Stall,
    pub cpu_some: Stall,
}

/// How the system is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Nanoseconds since boot (CLOCK_BOOTTIME).
    pub time: u64,
    /// Of the last 1, 5 and 15 minutes, in 1/2048.
    pub load: [u32; 3],
    pub memory: Memory,
    /// None where the kernel does not account for it.
    pub pressure: Option<Pressure>,
    /// `uname -r`.
    pub release: String,
    /// `uname -v`, of which 64 bytes.
    pub version: String,
}

impl State {
    /// Reads it; none where the module is not loaded.
    ///
    /// # Errors
    /// Those of reading the device, and [`ErrorKind::InvalidData`] for what is not of this layout.
    pub fn read(root: &Root) -> Result<Option<Self>> {
        let mut file = match File::open(root.at(DEVICE)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        // The whole is asked for at once: it is of one moment then.
        let mut bytes = [0; BYTES];
        let length = file.read(&mut bytes)?;
        let state = (length == BYTES).then(|| Self::parse(&bytes)).flatten();
        let wrong = || Error::new(ErrorKind::InvalidData, "not of a layout that is known");
        state.ok_or_else(wrong).map(Some)
    }

    fn parse(bytes: &[u8; BYTES]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let magic = rest.take(MAGIC.len());
        if magic != MAGIC || rest.number() < 1 || (rest.number() as usize) < BYTES {
            return None;
        }
        let time = rest.long();
        let load = [rest.number(), rest.number(), rest.number()];
        let flags = rest.number();
        let memory = Memory {
            total: rest.long(),
            free: rest.long(),
            available: rest.long(),
            buffers: rest.long(),
            cached: rest.long(),
            shared: rest.long(),
            swap: rest.long(),
            swap_free: rest.long(),
        };
        let pressure = Pressure {
            io_some: rest.stall(),
            io_full: rest.stall(),
            memory_some: rest.stall(),
            memory_full: rest.stall(),
            cpu_some: rest.stall(),
        };
        // Of all processors there is no full.
        rest.stall();
        Some(Self {
            time,
            load,
            memory,
            pressure: (flags & 1 != 0).then_some(pressure),
            release: rest.text(),
            version: rest.text(),
        })
    }
}

/// What is not read yet. Of what is there no more, nothing is read, and numbers are 0.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    #[inline(never)]
    fn take(&mut self, length: usize) -> &'b [u8] {
        let (part, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        part
    }

    fn number(&mut self) -> u32 {
        self.take(4).try_into().map_or(0, u32::from_le_bytes)
    }

    #[inline(never)]
    fn long(&mut self) -> u64 {
        self.take(8).try_into().map_or(0, u64::from_le_bytes)
    }

    #[inline(never)]
    fn stall(&mut self) -> Stall {
        let stall = Stall {
            total: self.long(),
            averages: [self.number(), self.number(), self.number()],
        };
        self.number();
        stall
    }

    fn text(&mut self) -> String {
        let bytes = self.take(64);
        let end = bytes.iter().position(|byte| *byte == 0);
        String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]).into_owned()
    }
}

/// The module's own description of the layout.
#[cfg(test)]
#[path = "../../../kernel/alpenglow_core/layout.rs"]
mod layout;

#[cfg(test)]
mod tests {
    use super::*;

    fn stall(number: u64) -> layout::Stall {
        layout::Stall {
            total: number,
            averages: [number as u32 + 1, number as u32 + 2, number as u32 + 3],
        }
    }

    fn given(pressure: bool) -> layout::State<'static> {
        layout::State {
            time: 7,
            load: [2048, 3072, 1],
            memory: [1, 2, 3, 4, 5, 6, 7, 8],
            pressure: pressure.then(|| [10, 20, 30, 40, 50, 0].map(stall)),
            release: b"7.2.13",
            version: &[b'v'; 70],
        }
    }

    #[test]
    fn what_the_module_lays_out_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        assert_eq!(State::read(&root).unwrap(), None);
        std::fs::create_dir(root.at("/dev")).unwrap();
        let write = |bytes: &[u8]| std::fs::write(root.at(DEVICE), bytes).unwrap();
        write(&given(true).encode());
        let state = State::read(&root).unwrap().unwrap();
        assert_eq!((state.time, state.load), (7, [2048, 3072, 1]));
        assert_eq!((state.memory.total, state.memory.available), (1, 3));
        assert_eq!((state.memory.swap, state.memory.swap_free), (7, 8));
        let pressure = state.pressure.unwrap();
        assert_eq!(pressure.io_full.total, 20);
        assert_eq!(pressure.cpu_some.averages, [51, 52, 53]);
        assert_eq!(state.release, "7.2.13");
        assert_eq!(state.version, "v".repeat(64));
        write(&given(false).encode());
        assert_eq!(State::read(&root).unwrap().unwrap().pressure, None);
        write(&given(true).encode()[..383]);
        assert!(State::read(&root).is_err());
        write(&[0; BYTES]);
        assert!(State::read(&root).is_err());
    }

    #[test]
    fn its_text_says_the_same() {
        let text = given(true).to_string();
        for line in [
            "release 7.2.13\n",
            "load 1.00 1.50 0.00\n",
            "memory.available 3\n",
            "swap.free 8\n",
            "pressure.cpu.some 0.02 0.02 0.02 50\n",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(!given(false).to_string().contains("pressure"));
    }
}
