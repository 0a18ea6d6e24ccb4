//! Values by name: a sorted list, of which the code for each kind of value is a tenth of that of a `BTreeMap`.

/// No name twice.
#[derive(Clone, Debug, PartialEq)]
pub struct Map<V>(Vec<(String, V)>);

impl<V> Default for Map<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> Map<V> {
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(own, _)| (**own).cmp(name))
    }

    pub fn get(&self, name: &str) -> Option<&V> {
        let at = self.place(name).ok()?;
        Some(&self.0[at].1)
    }

    pub fn insert(&mut self, name: String, value: V) {
        match self.place(&name) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (name, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    proptest::proptest! {
        #[test]
        fn it_is_a_map(pairs: Vec<(u8, u16)>) {
            let (mut map, mut known) = (Map::default(), BTreeMap::new());
            for (name, value) in pairs {
                map.insert(name.to_string(), value);
                known.insert(name.to_string(), value);
            }
            let same: Vec<(String, u16)> = known.clone().into_iter().collect();
            assert_eq!(&map.0, &same);
            for name in (0..=u8::MAX).map(|name| name.to_string()) {
                assert_eq!(map.get(&name), known.get(&name));
            }
        }
    }
}
