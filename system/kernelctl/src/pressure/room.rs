//! How much memory the machine has left.

use common::{Root, State};
use std::fs;

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
        let Some((all, available)) = memory(root) else {
            return true;
        };
        let least = match self {
            Self::Bytes(bytes) => bytes,
            Self::Share(share) => (all / 100).saturating_mul(share),
        };
        available <= least
    }
}

/// Bytes of all memory and of that which is to be had: by alpenglow_core in one read, or else by /proc/meminfo.
fn memory(root: &Root) -> Option<(u64, u64)> {
    if let Ok(Some(state)) = State::read(root) {
        return Some((state.memory.total, state.memory.available));
    }
    let text = fs::read_to_string(root.at("/proc/meminfo")).ok()?;
    let of = |name| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        let kib = line.split_ascii_whitespace().next()?.parse::<u64>().ok()?;
        Some(kib.saturating_mul(1024))
    };
    Some((of("MemTotal:")?, of("MemAvailable:")?))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        // The module's word comes first; a device that says something else does not count.
        fs::create_dir_all(root.at("/dev")).unwrap();
        let mut state = [0; 384];
        state[..8].copy_from_slice(b"AlpgCore");
        state[8] = 1;
        state[12..14].copy_from_slice(&384u16.to_le_bytes());
        state[40] = 100;
        state[56] = 7;
        fs::write(root.at("/dev/alpenglow_core"), state).unwrap();
        assert!(Room::Bytes(7).is_all(&root) && !Room::Bytes(6).is_all(&root));
        fs::write(root.at("/dev/alpenglow_core"), "none").unwrap();
        assert!(!Room::Bytes(204_799).is_all(&root));
    }
}
