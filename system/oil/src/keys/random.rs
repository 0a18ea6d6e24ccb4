//! The system's random numbers, as the crates that calculate with keys ask for them.

use rsa::rand_core::{TryCryptoRng, TryRng};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};
use std::io;

/// `getrandom(2)`.
#[derive(Debug)]
pub(crate) struct System;

impl TryRng for System {
    type Error = io::Error;

    fn try_next_u32(&mut self) -> Result<u32, io::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_ne_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, io::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, mut into: &mut [u8]) -> Result<(), io::Error> {
        while !into.is_empty() {
            match getrandom(&mut *into, GetRandomFlags::empty()) {
                Ok(length) => into = &mut into[length..],
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl TryCryptoRng for System {}
