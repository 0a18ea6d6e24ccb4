//! Environments: a list of `NAME=VALUE`, and the files that change one.

/// Variables, in no particular order, each name once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment(Vec<Box<[u8]>>);

impl Environment {
    /// That of this process.
    pub fn of_process() -> Self {
        use std::os::unix::ffi::OsStringExt;
        let join = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            let mut entry = name.into_vec();
            entry.push(b'=');
            entry.extend_from_slice(&value.into_vec());
            entry.into_boxed_slice()
        };
        Self(std::env::vars_os().map(join).collect())
    }

    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.0
            .iter()
            .find_map(|entry| entry.strip_prefix(name)?.strip_prefix(b"="))
    }

    /// Sets `NAME=VALUE`.
    pub fn set(&mut self, entry: &[u8]) {
        let end = entry
            .iter()
            .position(|byte| *byte == b'=')
            .map_or(entry.len(), |at| at + 1);
        match self
            .0
            .iter_mut()
            .find(|other| other.starts_with(&entry[..end]))
        {
            Some(other) => *other = entry.into(),
            None => self.0.push(entry.into()),
        }
    }

    pub fn unset(&mut self, name: &[u8]) {
        self.0.retain(|entry| {
            entry
                .strip_prefix(name)
                .is_none_or(|rest| !rest.starts_with(b"="))
        });
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|entry| &**entry)
    }
}
