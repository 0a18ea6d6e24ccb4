//! How much memory the machine has left.

use crate::now;
use common::Root;

/// An amount of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    Bytes(u64),
    /// Hundredths of all memory.
    Share(u64),
}

impl Room {
    /// Whether no more than this is to be had without taking it from somebody (`MemAvailable` of proc_meminfo(5)). Who
    /// cannot know says yes: the kernel has told of pressure.
    pub fn is_all(self, root: &Root) -> bool {
        let Some((all, available)) = now::memory(root) else {
            return true;
        };
        let least = match self {
            Self::Bytes(bytes) => bytes,
            Self::Share(share) => (all / 100).saturating_mul(share),
        };
        available <= least
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn memory_is_short_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        assert!(Room::Share(0).is_all(&root));
        fs::create_dir_all(root.at("/proc")).unwrap();
        let text = "MemTotal:  1000 kB\nMemFree: 5 kB\nMemAvailable:  200 kB\n";
        fs::write(root.at("/proc/meminfo"), text).unwrap();
        assert!(Room::Share(20).is_all(&root) && !Room::Share(19).is_all(&root));
        assert!(Room::Bytes(204_800).is_all(&root) && !Room::Bytes(204_799).is_all(&root));
    }
}
