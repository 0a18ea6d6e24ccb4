//! A queue that allocates only when told to.

use super::OutOfMemory;
use crate::memory::Room;

/// First in, first out. Begins at the front of its memory again whenever it is empty, so that room which is reserved
/// but never needed is never touched.
#[derive(Clone, Debug)]
pub(super) struct Fifo<T> {
    items: Vec<T>,
    read: usize,
}

impl<T: Copy> Fifo<T> {
    pub const fn new() -> Self {
        Self {
            items: Vec::new(),
            read: 0,
        }
    }

    /// Makes sure of room for `free` more.
    pub fn reserve(&mut self, free: usize) -> Result<(), OutOfMemory> {
        self.items.room(free).map_err(|_| OutOfMemory)
    }

    pub fn room(&self) -> usize {
        self.items.capacity() - self.items.len()
    }

    /// False if there is no room: nothing is pushed then.
    pub fn push(&mut self, item: T) -> bool {
        let fits = self.room() > 0;
        if fits {
            self.items.push(item);
        }
        fits
    }

    pub fn pop(&mut self) -> Option<T> {
        let item = self.items.get(self.read).copied()?;
        self.read += 1;
        if self.read == self.items.len() {
            self.items.clear();
            self.read = 0;
        }
        Some(item)
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}
