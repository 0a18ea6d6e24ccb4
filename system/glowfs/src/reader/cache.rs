//! A cache of a bounded number of bytes that forgets what was not used for longest.

use std::collections::HashMap;
use std::sync::Arc;

/// The cache; keys are numbers of blocks or nodes.
pub struct Cache {
    kept: HashMap<u64, (Arc<[u8]>, u64)>,
    bytes: usize,
    limit: usize,
    clock: u64,
}

impl Cache {
    /// One that keeps at most `limit` bytes, but the last thing put in whatever its length.
    pub fn new(limit: usize) -> Cache {
        Cache {
            kept: HashMap::new(),
            bytes: 0,
            limit,
            clock: 0,
        }
    }

    pub fn get(&mut self, key: u64) -> Option<Arc<[u8]>> {
        self.clock += 1;
        let (bytes, used) = self.kept.get_mut(&key)?;
        *used = self.clock;
        Some(Arc::clone(bytes))
    }

    pub fn put(&mut self, key: u64, bytes: &Arc<[u8]>) {
        self.clock += 1;
        if self.bytes + bytes.len() > self.limit {
            self.forget();
        }
        let old = self.kept.insert(key, (Arc::clone(bytes), self.clock));
        self.bytes = self.bytes + bytes.len() - old.map_or(0, |(bytes, _)| bytes.len());
    }

    /// Forgets the older half, so that looking for it is done once for many.
    fn forget(&mut self) {
        let mut ages: Vec<u64> = self.kept.values().map(|(_, used)| *used).collect();
        ages.sort_unstable();
        let Some(border) = ages.get(ages.len() / 2) else {
            return;
        };
        self.kept.retain(|_, (_, used)| *used > *border);
        self.bytes = self.kept.values().map(|(bytes, _)| bytes.len()).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_holds_and_what_was_used_last_stays() {
        let mut cache = Cache::new(1000);
        let bytes: Arc<[u8]> = vec![0; 100].into();
        for key in 0..100 {
            cache.put(key, &bytes);
            assert!(cache.get(0).is_some(), "{key}");
            assert!(cache.bytes <= 1000);
            assert_eq!(cache.bytes, cache.kept.len() * 100);
        }
        assert!(cache.get(1).is_none());
        assert!(cache.get(99).is_some());
        cache.put(5, &vec![0; 5000].into());
        assert!(cache.get(5).is_some());
    }
}
