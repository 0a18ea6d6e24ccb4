//! `lib/apk/db/oil.index`: made from `installed`, so that a path's owner and the packages' metadata are had without
//! reading some megabytes of text. It can be deleted at any time; apk knows nothing of it.
//!
//! It holds for exactly one `installed`. Size, inode, device and the times of change and of modification (in
//! nanoseconds) of that file stand in it, and a hash of its bytes. apk and Oil put a new file in its place with every
//! write, so that the inode or the times differ; times of change cannot be set by anyone. What is left is a file that
//! was changed twice within the file system's clock tick: so the stat is believed only if the file's change is at
//! least [`SETTLED`] older than the time in the sidecar, and otherwise the bytes are hashed. Once that was done later
//! than that, the sidecar gets the stat and the time of it. A sidecar that does not fit is as good as none.
//!
//! Shape, little-endian: a header of 104 bytes; for each package three u32 (start, end of the metadata, end in
//! `installed`); their metadata, one behind the other; 2^bits + 1 u32 into the entries, by the upper bits of a path's
//! hash; for each file, sorted by hash, four u32: the lower half of the hash, package, where its `F:` and `R:` lines
//! are.

mod hash;
mod heads;
mod write;

use super::DIRECTORY;
use super::installed::Owner;
use hash::{hash, hash_file};
pub use heads::Heads;
use std::fs::{File, Metadata};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
pub use write::write;

/// How much older than the sidecar the file's last change has to be for its stat to be believed.
pub const SETTLED: Duration = Duration::from_secs(2);

const MAGIC: &[u8; 8] = b"oilidx\x01\n";
const HEADER: usize = 104;

/// The sidecar's path.
#[must_use]
pub fn path(root: &Path) -> PathBuf {
    root.join(DIRECTORY).join("oil.index")
}

/// An open sidecar that fits.
#[derive(Debug)]
pub struct Sidecar {
    file: File,
    installed: File,
    packages: usize,
    heads: usize,
    bits: u32,
}

fn binding(metadata: &Metadata) -> [u64; 5] {
    let time = |seconds: i64, nanoseconds: i64| {
        seconds
            .wrapping_mul(1_000_000_000)
            .wrapping_add(nanoseconds) as u64
    };
    [
        metadata.size(),
        metadata.ino(),
        metadata.dev(),
        time(metadata.mtime(), metadata.mtime_nsec()),
        time(metadata.ctime(), metadata.ctime_nsec()),
    ]
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos() as u64)
}

/// Writes the first words of a sidecar's header anew, if the file that was read is still the one that is there.
fn stamp(root: &Path, read: &File, words: &[u64]) -> std::io::Result<()> {
    let file = File::options().write(true).open(path(root))?;
    let (found, known) = (file.metadata()?, read.metadata()?);
    if (found.dev(), found.ino()) != (known.dev(), known.ino()) {
        return Ok(());
    }
    let bytes: Vec<u8> = words.iter().copied().flat_map(u64::to_le_bytes).collect();
    file.write_all_at(&bytes, 8)
}

impl Sidecar {
    /// Of the database below `root`; none if there is none that fits.
    #[must_use]
    pub fn open(root: &Path) -> Option<Self> {
        let file = File::open(path(root)).ok()?;
        let installed = File::open(super::installed::path(root)).ok()?;
        let mut header = [0; HEADER];
        file.read_exact_at(&mut header, 0).ok()?;
        let word = |place: usize| {
            u64::from_le_bytes(
                header[8 + 8 * place..16 + 8 * place]
                    .try_into()
                    .expect("eight bytes"),
            )
        };
        let found = binding(&installed.metadata().ok()?);
        let [packages, heads, files, bits] = [7, 8, 9, 10].map(|place| word(place) as usize);
        let expected = HEADER
            .checked_add(packages.checked_mul(12)?)?
            .checked_add(heads)?;
        let expected = expected.checked_add(
            ((1 << u32::try_from(bits)
                .ok()
                .filter(|bits| (1..32).contains(bits))?)
                + 1)
                * 4,
        )?;
        let expected = expected.checked_add(files.checked_mul(16)?)?;
        if &header[..8] != MAGIC
            || file.metadata().ok()?.len() != expected as u64
            || found[0] != word(0)
        {
            return None;
        }
        let settled = found[4].saturating_add(SETTLED.as_nanos() as u64) < word(6);
        let same = (0..5).all(|place| found[place] == word(place));
        if !(same && settled) {
            // Before the bytes are read: what is written while they are is younger.
            let now = now();
            if hash_file(&installed, found[0])? != word(5) {
                return None;
            }
            if found[4].saturating_add(SETTLED.as_nanos() as u64) < now {
                let mut words = found.to_vec();
                words.extend([word(5), now]);
                // Who may not write here, or only in part, has it hashed again.
                let _ = stamp(root, &file, &words);
            }
        }
        Some(Self {
            file,
            installed,
            packages,
            heads,
            bits: bits as u32,
        })
    }

    fn numbers<const N: usize>(&self, at: usize) -> Option<[u32; N]> {
        let mut bytes = vec![0; 4 * N];
        self.file.read_exact_at(&mut bytes, at as u64).ok()?;
        let mut numbers = [0; N];
        for (number, chunk) in numbers.iter_mut().zip(bytes.chunks_exact(4)) {
            *number = u32::from_le_bytes(chunk.try_into().expect("four bytes"));
        }
        Some(numbers)
    }

    /// Who has a file (or link); `path` is relative to the root. The outer none: the sidecar is damaged.
    #[must_use]
    pub fn owner(&self, path: &[u8]) -> Option<Option<Owner>> {
        let sum = hash(path);
        let buckets = HEADER + 12 * self.packages + self.heads;
        let bucket = (sum >> (64 - self.bits)) as usize;
        let [from, to] = self.numbers(buckets + 4 * bucket)?;
        let entries = buckets + 4 * ((1 << self.bits) + 1);
        let mut first: Option<Owner> = None;
        for index in from..to {
            let [lower, package, directory, file] = self.numbers(entries + 16 * index as usize)?;
            let owner = Owner {
                package: package as usize,
                directory: directory as usize,
                file: file as usize,
            };
            if lower == sum as u32
                && self.is_at(path, owner)?
                && first.is_none_or(|first| owner.file < first.file)
            {
                first = Some(owner);
            }
        }
        Some(first)
    }

    /// Whether the lines at an owner's places say this path.
    fn is_at(&self, path: &[u8], owner: Owner) -> Option<bool> {
        let (directory, name) = match path.iter().rposition(|&byte| byte == b'/') {
            Some(slash) => (&path[..slash], &path[slash + 1..]),
            None => (&[][..], path),
        };
        let line = |at: usize, letter: &[u8], value: &[u8]| -> Option<bool> {
            let wanted = [letter, value, b"\n"].concat();
            let mut bytes = vec![0; wanted.len()];
            self.installed.read_exact_at(&mut bytes, at as u64).ok()?;
            Some(bytes == wanted)
        };
        Some(line(owner.directory, b"F:", directory)? && line(owner.file, b"R:", name)?)
    }

    /// A package's record as it stands in `installed`, with its files.
    #[must_use]
    pub fn record_text(&self, package: usize) -> Option<Vec<u8>> {
        if package >= self.packages {
            return None;
        }
        let [start, _, end] = self.numbers(HEADER + 12 * package)?;
        if u64::from(end) > self.installed.metadata().ok()?.len() {
            return None;
        }
        let mut text = vec![0; (end as usize).checked_sub(start as usize)?];
        self.installed.read_exact_at(&mut text, start.into()).ok()?;
        Some(text)
    }

    /// The metadata of all packages.
    #[must_use]
    pub fn heads(&self) -> Option<Heads> {
        let mut table = vec![0; 12 * self.packages + self.heads];
        self.file.read_exact_at(&mut table, HEADER as u64).ok()?;
        let text = table.split_off(12 * self.packages);
        let mut places = Vec::with_capacity(self.packages);
        let mut at = 0;
        for package in table.chunks_exact(12) {
            let number = |place: usize| {
                u32::from_le_bytes(
                    package[4 * place..4 * place + 4]
                        .try_into()
                        .expect("four bytes"),
                ) as usize
            };
            let end = at + number(1).checked_sub(number(0))?;
            places.push((at, end));
            at = end;
        }
        (at == text.len()).then_some(Heads { text, places })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::installed::Installed;

    fn root(text: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a directory");
        std::fs::create_dir_all(root.path().join(DIRECTORY)).expect("a directory");
        std::fs::write(super::super::installed::path(root.path()), text).expect("a file");
        root
    }

    fn text(packages: usize) -> String {
        let record = |number: usize| {
            let files: String = (0..20)
                .map(|file| format!("R:f{file}\nZ:Q1VMNp4yTkbLi4IYe11cKb5O37ksA=\n"))
                .collect();
            format!("P:p{number}\nV:1\nF:\nR:top{number}\nF:usr/p{number}\n{files}\n")
        };
        (0..packages).map(record).collect()
    }

    #[test]
    fn knows_owners_and_heads() {
        let root = root(&text(50));
        assert!(Sidecar::open(root.path()).is_none());
        let installed = Installed::read(root.path()).expect("there");
        write(root.path(), &installed, true).expect("written");
        let sidecar = Sidecar::open(root.path()).expect("fits");
        installed.each_file(|_, _, _, directory, name| {
            let path = [
                directory,
                if directory.is_empty() { b"" } else { b"/" },
                name,
            ]
            .concat();
            assert_eq!(
                sidecar.owner(&path),
                Some(installed.owner(&path)),
                "{}",
                path.escape_ascii()
            );
        });
        assert_eq!(sidecar.owner(b"usr/p1/none"), Some(None));
        assert_eq!(sidecar.heads(), Some(Heads::of(&installed)));
        let place = installed.places()[7];
        assert_eq!(
            sidecar.record_text(7).as_deref(),
            Some(&installed.text()[place.start..place.end])
        );
    }

    #[test]
    fn another_file_of_the_same_size_is_noticed() {
        let root = root(&text(5));
        write(
            root.path(),
            &Installed::read(root.path()).expect("there"),
            true,
        )
        .expect("written");
        let path = super::super::installed::path(root.path());
        let mut bytes = std::fs::read(&path).expect("there");
        assert!(Sidecar::open(root.path()).is_some());
        bytes[2] = b'q';
        // In place, at once: nothing but the bytes need differ.
        std::fs::write(&path, &bytes).expect("written");
        assert!(Sidecar::open(root.path()).is_none());
        assert_eq!(Heads::read(root.path()).expect("there").places.len(), 5);
    }

    #[test]
    fn what_was_hashed_late_enough_is_believed() {
        let root = root(&text(5));
        let installed = Installed::read(root.path()).expect("there");
        write(root.path(), &installed, true).expect("written");
        let before = std::fs::read(path(root.path())).expect("there");
        std::thread::sleep(SETTLED + Duration::from_millis(100));
        let sidecar = Sidecar::open(root.path()).expect("fits");
        assert_eq!(sidecar.heads(), Some(Heads::of(&installed)));
        let stamped = std::fs::read(path(root.path())).expect("there");
        let time = 8 + 8 * 6..8 + 8 * 7;
        assert_ne!(before[time.clone()], stamped[time.clone()]);
        assert_eq!(before[time.end..], stamped[time.end..]);
        assert!(Sidecar::open(root.path()).is_some());
        assert_eq!(
            std::fs::read(path(root.path())).expect("there"),
            stamped,
            "once is enough"
        );
    }

    #[test]
    fn damage_is_no_answer() {
        let root = root(&text(5));
        write(
            root.path(),
            &Installed::read(root.path()).expect("there"),
            true,
        )
        .expect("written");
        let whole = std::fs::read(path(root.path())).expect("there");
        for length in [0, 7, HEADER - 1, HEADER, whole.len() - 1] {
            std::fs::write(path(root.path()), &whole[..length]).expect("written");
            assert!(Sidecar::open(root.path()).is_none(), "{length}");
        }
        for at in 8..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x55;
            std::fs::write(path(root.path()), &bytes).expect("written");
            if let Some(sidecar) = Sidecar::open(root.path()) {
                let _ = (
                    sidecar.owner(b"usr/p1/f1"),
                    sidecar.heads(),
                    sidecar.record_text(0),
                    sidecar.record_text(4),
                );
            }
        }
    }
}
