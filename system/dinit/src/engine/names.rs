//! Finding a record by name: open addressing over record numbers, because the names are in the records already and the
//! map of the standard library would want them a second time.

use super::OutOfMemory;
use super::record::NONE;
use crate::memory::Room;

#[derive(Debug)]
pub(super) struct Names {
    /// A power of two of places, at most three quarters of them taken.
    table: Vec<u32>,
    used: usize,
}

impl Names {
    pub const fn new() -> Self {
        Self {
            table: Vec::new(),
            used: 0,
        }
    }

    /// Makes room for `more` names. `hash_of` gives the hash of a record's name.
    pub fn reserve(
        &mut self,
        more: usize,
        hash_of: impl Fn(u32) -> u32,
    ) -> Result<(), OutOfMemory> {
        let wanted = self.used.saturating_add(more).saturating_mul(4) / 3 + 1;
        if wanted <= self.table.len() {
            return Ok(());
        }
        let size = wanted.checked_next_power_of_two().ok_or(OutOfMemory)?;
        let mut table = Vec::new();
        table.room_exact(size).map_err(|_| OutOfMemory)?;
        table.resize(size, NONE);
        let old = std::mem::replace(&mut self.table, table);
        for index in old.into_iter().filter(|index| *index != NONE) {
            self.place(hash_of(index), index);
        }
        Ok(())
    }

    fn place(&mut self, hash: u32, index: u32) {
        let mask = self.table.len() - 1;
        let mut at = hash as usize & mask;
        while self.table[at] != NONE {
            at = (at + 1) & mask;
        }
        self.table[at] = index;
    }

    /// To be called only after `reserve`.
    pub fn insert(&mut self, hash: u32, index: u32) {
        self.place(hash, index);
        self.used += 1;
    }

    /// The record with this hash that `matches`.
    pub fn find(&self, hash: u32, matches: impl Fn(u32) -> bool) -> Option<u32> {
        self.position(hash, matches).map(|at| self.table[at])
    }

    fn position(&self, hash: u32, matches: impl Fn(u32) -> bool) -> Option<usize> {
        let mask = self.table.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        while self.table[at] != NONE {
            if matches(self.table[at]) {
                return Some(at);
            }
            at = (at + 1) & mask;
        }
        None
    }

    pub fn remove(&mut self, hash: u32, index: u32, hash_of: impl Fn(u32) -> u32) {
        let Some(mut hole) = self.position(hash, |other| other == index) else {
            return;
        };
        let mask = self.table.len() - 1;
        let mut at = hole;
        // What follows without a gap may have been pushed there by the one that goes: close the gap (Knuth, The Art of
        // Computer Programming, 6.4, algorithm R), rather than leave tombstones to be scanned for ever.
        loop {
            at = (at + 1) & mask;
            let Some(&other) = self.table.get(at).filter(|other| **other != NONE) else {
                break;
            };
            let home = hash_of(other) as usize & mask;
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.table[hole] = other;
                hole = at;
            }
        }
        self.table[hole] = NONE;
        self.used -= 1;
    }
}
