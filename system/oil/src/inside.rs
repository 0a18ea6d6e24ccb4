//! Opens what is below a directory without being led out of it: by `openat2` (Linux 5.6), and where the kernel or a
//! seccomp filter does not have that, by a walk that opens each directory on the way and reads each link itself.

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

/// What becomes of links and of `..`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// The directory is the root for them: absolute ones start there, and nothing is above it.
    InRoot,
    /// What leads above the directory, or is absolute, is refused with `EXDEV`.
    Beneath,
    /// The same, and every link is refused with `ELOOP`.
    Refused,
}

/// Links that are followed on one way (`path_resolution(7)`).
const MAX_LINKS: usize = 40;

/// `openat2` is not to be had.
static MISSING: AtomicBool = AtomicBool::new(false);

/// Opens `path`, from `directory`. The descriptor is closed when a program is executed.
///
/// # Errors
/// Those of `openat2(2)`.
pub fn open(
    directory: impl AsFd,
    path: &[u8],
    flags: OFlags,
    mode: Mode,
    links: Links,
) -> Result<OwnedFd, Errno> {
    let directory = directory.as_fd();
    let path = if path.is_empty() { b"." } else { path };
    let flags = flags | OFlags::CLOEXEC;
    if MISSING.load(Ordering::Relaxed) {
        return walk(directory, path, flags, mode, links);
    }
    match kernel(directory, path, flags, mode, links) {
        // EPERM: of filters that do not know the call. A file may be the reason too: then the walk says so.
        Err(error @ (Errno::NOSYS | Errno::PERM)) => {
            MISSING.fetch_or(error == Errno::NOSYS, Ordering::Relaxed);
            walk(directory, path, flags, mode, links)
        }
        other => other,
    }
}

fn kernel(
    directory: BorrowedFd<'_>,
    path: &[u8],
    flags: OFlags,
    mode: Mode,
    links: Links,
) -> Result<OwnedFd, Errno> {
    let resolve = match links {
        Links::InRoot => ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS,
        Links::Beneath => ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS,
        Links::Refused => ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS,
    };
    loop {
        match rustix::fs::openat2(directory, path, flags, mode, resolve) {
            // Something on the way was renamed meanwhile.
            Err(Errno::AGAIN | Errno::INTR) => {}
            other => return other,
        }
    }
}

fn walk(
    directory: BorrowedFd<'_>,
    path: &[u8],
    flags: OFlags,
    mode: Mode,
    links: Links,
) -> Result<OwnedFd, Errno> {
    // The directories from the first one down to where we are.
    let mut open: Vec<OwnedFd> = Vec::new();
    let mut left = VecDeque::new();
    let mut followed = 0;
    enter(path, &mut left, &mut open, links)?;
    while let Some(name) = left.pop_front() {
        let here = open.last().map_or(directory, AsFd::as_fd);
        // A name with a slash behind it is a directory's: an empty part or a dot follows.
        let is_last = left.is_empty();
        match name.as_slice() {
            b"" | b"." => {
                if is_last {
                    return rustix::fs::openat(here, c".", flags, mode);
                }
                continue;
            }
            b".." => {
                if open.pop().is_none() && links != Links::InRoot {
                    return Err(Errno::XDEV);
                }
                if is_last {
                    left.push_back(b".".to_vec());
                }
                continue;
            }
            _ => {}
        }
        let follows = !is_last || !flags.contains(OFlags::NOFOLLOW);
        if follows && let Ok(target) = rustix::fs::readlinkat(here, name.as_slice(), Vec::new()) {
            followed += 1;
            // A new file is not made through a link (`open(2)`, `O_EXCL`).
            let is_new = is_last && flags.contains(OFlags::CREATE | OFlags::EXCL);
            if is_new {
                return Err(Errno::EXIST);
            }
            if links == Links::Refused || followed > MAX_LINKS {
                return Err(Errno::LOOP);
            }
            enter(target.as_bytes(), &mut left, &mut open, links)?;
            continue;
        }
        if is_last {
            return rustix::fs::openat(here, name.as_slice(), flags | OFlags::NOFOLLOW, mode);
        }
        let way = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        open.push(rustix::fs::openat(
            here,
            name.as_slice(),
            way,
            Mode::empty(),
        )?);
    }
    Err(Errno::NOENT)
}

/// Puts the parts of a path before what is left of the way.
fn enter(
    path: &[u8],
    left: &mut VecDeque<Vec<u8>>,
    open: &mut Vec<OwnedFd>,
    links: Links,
) -> Result<(), Errno> {
    if path.starts_with(b"/") {
        if links != Links::InRoot {
            return Err(Errno::XDEV);
        }
        open.clear();
    }
    for part in path.rsplit(|&byte| byte == b'/') {
        left.push_front(part.to_vec());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;

    /// What was opened, as its inode, or the error.
    fn seen(opened: Result<OwnedFd, Errno>) -> Result<u64, Errno> {
        opened.map(|fd| rustix::fs::fstat(&fd).expect("open").st_ino)
    }

    #[test]
    fn the_walk_is_the_kernels() {
        let folder = tempfile::tempdir().expect("a directory");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("in/usr/lib/deep")).expect("a directory");
        fs::write(at("outside"), "").expect("a file");
        fs::write(at("in/usr/lib/file"), "").expect("a file");
        for (target, name) in [
            ("/usr/lib", "lib"),
            ("usr/lib", "relative"),
            ("../../..", "usr/up"),
            ("../outside", "out"),
            ("loop", "loop"),
            ("/", "top"),
            ("lib/file", "file"),
            ("file/", "slash"),
            ("nothing", "dangling"),
            ("usr/../usr/./lib//deep/..", "winding"),
        ] {
            symlink(target, at("in").join(name)).expect("a link");
        }
        let directory = File::open(at("in")).expect("there");
        let directory = directory.as_fd();
        let names = [
            "",
            ".",
            "usr",
            "usr/",
            "lib",
            "lib/",
            "lib/file",
            "lib/file/",
            "lib/file/x",
            "relative/file",
            "usr/up",
            "usr/up/usr/lib/file",
            "out",
            "loop",
            "loop/x",
            "top",
            "top/usr",
            "file",
            "slash",
            "dangling",
            "dangling/x",
            "winding",
            "winding/file",
            "nothing",
            "..",
            "../in",
            "usr/..",
            "usr/../..",
            "/usr",
            "//usr//lib",
            "usr/lib/deep/../file",
            "usr/lib/file/..",
        ];
        let kinds = [
            OFlags::PATH,
            OFlags::PATH | OFlags::DIRECTORY,
            OFlags::PATH | OFlags::NOFOLLOW,
            OFlags::RDONLY,
            OFlags::RDONLY | OFlags::NOFOLLOW,
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL,
        ];
        let mut compared = 0;
        for links in [Links::InRoot, Links::Beneath, Links::Refused] {
            for name in names {
                for flags in kinds {
                    let path = if name.is_empty() { "." } else { name }.as_bytes();
                    let flags = flags | OFlags::CLOEXEC;
                    // Nobody makes a file by a name with a slash behind it.
                    let ends = name.ends_with('/') || name == "slash";
                    if flags.contains(OFlags::CREATE) && ends {
                        continue;
                    }
                    // Only what is made may have a mode.
                    let mode = match flags.contains(OFlags::CREATE) {
                        true => Mode::RUSR,
                        false => Mode::empty(),
                    };
                    let of = |open: fn(_, &[u8], _, _, _) -> _| {
                        let got = seen(open(directory, path, flags, mode, links));
                        if flags.contains(OFlags::CREATE) && got.is_ok() {
                            for new in ["nothing", "usr/nothing", "in"] {
                                let _ = fs::remove_file(at("in").join(new));
                            }
                            return Ok(0);
                        }
                        got
                    };
                    let theirs = of(kernel);
                    if theirs == Err(Errno::NOSYS) {
                        return;
                    }
                    assert_eq!(of(walk), theirs, "{name:?} {flags:?} {links:?}");
                    compared += 1;
                }
            }
        }
        assert_eq!(compared, 3 * (names.len() * kinds.len() - 4));
    }
}
