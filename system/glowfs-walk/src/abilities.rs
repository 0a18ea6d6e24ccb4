//! What a file system offers beside reading: handles as NFS uses them, maps, splice(2) and sendfile(2), places in directories, freezing.

use crate::calls::{Handle, freeze, mapped};
use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, open, sendfile, statat, statfs};
use rustix::io::Errno;
use rustix::pipe::{SpliceFlags, pipe, splice};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Bytes that are spliced at once: what a pipe takes without a reader.
const PIPE: usize = 16_384;

/// Tries all of it with each file of a mount, and says what it did.
///
/// # Errors
/// The first thing that is not as it has to be.
pub fn all(mount: &Path) -> io::Result<String> {
    let mut paths = vec![mount.to_owned()];
    below(mount, &mut paths)?;
    statistics(mount, paths.len())?;
    handles(mount, &paths)?;
    let (mut files, mut folders) = (0, 0);
    for path in &paths {
        let about = fs::symlink_metadata(path)?;
        if about.is_dir() {
            places(path)?;
            folders += 1;
        } else if about.is_file() && about.len() > 0 {
            contents(path, about.len())?;
            files += 1;
        }
    }
    frozen(mount, &paths)?;
    Ok(format!(
        "{} handles, {files} contents, {folders} folders: all is as it has to be",
        paths.len()
    ))
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        found.push(entry.path());
        if entry.file_type()?.is_dir() {
            below(&entry.path(), found)?;
        }
    }
    Ok(())
}

fn wrong<T>(what: &str, path: &Path) -> io::Result<T> {
    Err(io::Error::other(format!("{what}: {}", path.display())))
}

fn statistics(mount: &Path, paths: usize) -> io::Result<()> {
    let about = statfs(mount)?;
    // A hard link is a path, and no file.
    let is_right = about.f_type as u64 == 0x574f_4c47
        && about.f_namelen == 255
        && about.f_bfree == 0
        && about.f_ffree == 0
        && (1..=paths as u64).contains(&(about.f_files as u64));
    if is_right {
        Ok(())
    } else {
        wrong("statfs", mount)
    }
}

/// Each path's handle opens the same file again, when nothing of it is known any more too; a handle of another image, or of no
/// file, is stale.
fn handles(mount: &Path, paths: &[PathBuf]) -> io::Result<()> {
    let handles: Vec<(Handle, u64, u32)> = paths
        .iter()
        .map(|path| {
            let about = fs::symlink_metadata(path)?;
            Ok((Handle::of(path)?, about.ino(), about.mode()))
        })
        .collect::<io::Result<_>>()?;
    let folder = File::open(mount)?;
    for forget in [false, true] {
        for ((handle, number, mode), path) in handles.iter().zip(paths) {
            if forget {
                fs::write("/proc/sys/vm/drop_caches", "2")?;
            }
            let opened = handle.open(&folder)?;
            let about = statat(&opened, "", AtFlags::EMPTY_PATH)?;
            if about.st_ino != *number || about.st_mode != *mode {
                return wrong("its handle is of another file", path);
            }
        }
    }
    for (at, what) in [(4, "another image"), (3, "no file")] {
        let Some((mut handle, ..)) = handles.first().cloned() else {
            continue;
        };
        handle.bytes_mut()[at] ^= 0x80;
        match handle.open(&folder) {
            Err(error) if error.raw_os_error() == Some(Errno::STALE.raw_os_error()) => {}
            _ => return wrong(&format!("a handle of {what} is not stale"), mount),
        }
    }
    Ok(())
}

/// The same bytes by read(2), by a map, and by way of a pipe and a socket's or file's end.
fn contents(path: &Path, length: u64) -> io::Result<()> {
    let length = usize::try_from(length).map_err(|_| ErrorKind::FileTooLarge)?;
    let bytes = fs::read(path)?;
    let file = File::open(path)?;
    let map = mapped(&file, length)?;
    if map[..length] != bytes[..] || map[length..].iter().any(|byte| *byte != 0) {
        return wrong("mapped, it is another one", path);
    }

    let (reader, writer) = pipe()?;
    let mut reader = File::from(reader);
    let mut spliced = Vec::with_capacity(length);
    while spliced.len() < length {
        let moved = splice(&file, None, &writer, None, PIPE, SpliceFlags::empty())?;
        let before = spliced.len();
        spliced.resize(before + moved, 0);
        reader.read_exact(&mut spliced[before..])?;
        if moved == 0 {
            break;
        }
    }
    if spliced != bytes {
        return wrong("spliced, it is another one", path);
    }

    let copy = Path::new("/tmp/glowfs-walk.copy");
    let target = File::create(copy)?;
    let mut offset = 0;
    while offset < length as u64 && sendfile(&target, &file, Some(&mut offset), length)? > 0 {}
    if fs::read(copy)? != bytes {
        return wrong("sent, it is another one", path);
    }
    fs::remove_file(copy)
}

/// From each place in a directory the rest follows, in the same order.
fn places(path: &Path) -> io::Result<()> {
    let listed = |directory: &mut Dir| -> io::Result<Vec<(Vec<u8>, u64, i64)>> {
        directory
            .map(|entry| {
                let entry = entry?;
                Ok((
                    entry.file_name().to_bytes().to_vec(),
                    entry.ino(),
                    entry.offset(),
                ))
            })
            .collect()
    };
    let opened = open(path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
    let whole = listed(&mut Dir::read_from(&opened)?)?;
    for (index, (_, _, offset)) in whole.iter().enumerate() {
        let mut directory = Dir::read_from(&opened)?;
        directory.seek(*offset)?;
        if listed(&mut directory)? != whole[index + 1..] {
            return wrong("after a seek other entries follow", path);
        }
    }
    for (name, number, _) in &whole {
        let is_above = name == b"..";
        let at = statat(
            CWD,
            path.join(std::ffi::OsStr::new(&*String::from_utf8_lossy(name))),
            AtFlags::SYMLINK_NOFOLLOW,
        )?;
        // The parent of a mount's root is outside of it.
        if at.st_ino != *number && !is_above {
            return wrong("an entry has another number than its file", path);
        }
    }
    Ok(())
}

/// Frozen, it can be read; freezing it again is refused; then it is thawed.
fn frozen(mount: &Path, paths: &[PathBuf]) -> io::Result<()> {
    let folder = File::open(mount)?;
    freeze(&folder, true)?;
    let again = freeze(&folder, true);
    let read = paths
        .iter()
        .try_for_each(|path| match fs::symlink_metadata(path)?.is_file() {
            true => fs::read(path).map(drop),
            false => Ok(()),
        });
    freeze(&folder, false)?;
    read?;
    match again {
        Err(error) if error.kind() == ErrorKind::ResourceBusy => Ok(()),
        _ => wrong("it is frozen twice", mount),
    }
}
