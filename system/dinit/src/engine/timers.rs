//! One deadline a service: a binary heap that knows where each service is in it.

use super::record::NONE;
use super::{OutOfMemory, Time};
use crate::memory::Room;

/// Ordered by time, then by record, so that what fires first does not depend on how the heap came about.
#[derive(Debug)]
pub(super) struct Timers {
    heap: Vec<(Time, u32)>,
    /// Where a record is in the heap.
    places: Vec<u32>,
}

impl Timers {
    pub const fn new() -> Self {
        Self {
            heap: Vec::new(),
            places: Vec::new(),
        }
    }

    /// Makes room for a deadline for each of `records` records.
    pub fn reserve(&mut self, records: usize) -> Result<(), OutOfMemory> {
        let more = |length: usize| records.saturating_sub(length);
        self.heap
            .room(more(self.heap.len()))
            .and_then(|()| self.places.room(more(self.places.len())))
            .map_err(|_| OutOfMemory)?;
        if self.places.len() < records {
            self.places.resize(records, NONE);
        }
        Ok(())
    }

    pub fn first(&self) -> Option<(Time, u32)> {
        self.heap.first().copied()
    }

    pub fn get(&self, index: u32) -> Option<Time> {
        let place = *self.places.get(index as usize)?;
        self.heap.get(place as usize).map(|entry| entry.0)
    }

    /// Sets the deadline, in place of any that there was.
    pub fn set(&mut self, index: u32, deadline: Time) {
        self.cancel(index);
        self.heap.push((deadline, index));
        self.rise(self.heap.len() - 1);
    }

    /// Whether there was one.
    pub fn cancel(&mut self, index: u32) -> bool {
        let Some(place) = self.places.get_mut(index as usize) else {
            return false;
        };
        let at = std::mem::replace(place, NONE) as usize;
        if at >= self.heap.len() {
            return false;
        }
        self.heap.swap_remove(at);
        if at < self.heap.len() {
            self.rise(at);
            self.sink(at);
        }
        true
    }

    fn settle_at(&mut self, at: usize) {
        let index = self.heap[at].1;
        self.places[index as usize] = at as u32;
    }

    fn rise(&mut self, mut at: usize) {
        while at > 0 && self.heap[at] < self.heap[(at - 1) / 2] {
            self.heap.swap(at, (at - 1) / 2);
            self.settle_at(at);
            at = (at - 1) / 2;
        }
        self.settle_at(at);
    }

    fn sink(&mut self, mut at: usize) {
        // The one at `at` may have risen away: then its place holds an entry that is in order already.
        loop {
            let child = 2 * at + 1;
            let Some(left) = self.heap.get(child) else {
                break;
            };
            let least = match self.heap.get(child + 1) {
                Some(right) if right < left => child + 1,
                _ => child,
            };
            if self.heap[at] <= self.heap[least] {
                break;
            }
            self.heap.swap(at, least);
            self.settle_at(at);
            at = least;
        }
        self.settle_at(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_come_in_order_whatever_was_set_and_cancelled() {
        let mut timers = Timers::new();
        timers.reserve(64).unwrap();
        let mut expected = std::collections::BTreeMap::new();
        let mut seed = 12345_u64;
        for _ in 0..4000 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1);
            let index = (seed >> 33) as u32 % 64;
            if seed >> 62 == 0 {
                assert_eq!(timers.cancel(index), expected.remove(&index).is_some());
            } else {
                timers.set(index, Time(seed >> 40));
                expected.insert(index, Time(seed >> 40));
            }
            let first = expected.iter().map(|(index, time)| (*time, *index)).min();
            assert_eq!(timers.first(), first);
            assert_eq!(timers.get(index), expected.get(&index).copied());
        }
    }
}
