//! Files that are on their way while those that are there are unpacked.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, PoisonError};

/// What has come so far. Whoever gets the files tells it of each; whoever needs one waits here.
#[derive(Debug, Default)]
pub struct Arrivals {
    /// By number, whether it is there; not at all while it is on its way.
    came: Mutex<HashMap<usize, bool>>,
    told: Condvar,
}

impl Arrivals {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The file of this number is there, or it could not be had.
    pub fn tell(&self, number: usize, is_there: bool) {
        let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        came.insert(number, is_there);
        self.told.notify_all();
    }

    /// Whether it is known if the file of this number is there.
    #[must_use]
    pub fn is_told(&self, number: usize) -> bool {
        let came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        came.contains_key(&number)
    }

    /// Waits until the file of this number is there; false if it could not be had.
    #[must_use]
    pub fn wait(&self, number: usize) -> bool {
        let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(&is_there) = came.get(&number) {
                return is_there;
            }
            came = self.told.wait(came).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn who_waits_is_told() {
        let arrivals = Arrivals::new();
        assert!(!arrivals.is_told(0));
        thread::scope(|scope| {
            let waits = scope.spawn(|| (arrivals.wait(1), arrivals.wait(0)));
            arrivals.tell(0, true);
            arrivals.tell(1, false);
            assert_eq!(waits.join().expect("told"), (false, true));
        });
        assert!(arrivals.is_told(0));
    }
}
