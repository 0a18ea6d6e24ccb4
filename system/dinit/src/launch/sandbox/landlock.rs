//! `landlock-read`, `landlock-write`, `landlock-execute`: below which paths that is allowed (landlock(7),
//! `Documentation/userspace-api/landlock.rst`).
//!
//! Each setting restricts its own kind: what no path is named for stays as it is. What may be written may be read, and
//! what may be executed, too (a program is read by the dynamic linker, a script by its interpreter). Newer rights
//! (moving between folders, truncating) are handled where the kernel has them. A kernel without Landlock is an error:
//! ENOSYS if it was built without, EOPNOTSUPP if it is switched off.

use crate::description::Sandbox;
use crate::launch::descriptors::check;
use crate::launch::strings::{Place, Strings};
use crate::memory::Room;
use bare::arch::{nr, syscall2, syscall3, syscall4};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// Rights by the bits of `include/uapi/linux/landlock.h`.
mod right {
    pub const EXECUTE: u64 = 1;
    pub const WRITE_FILE: u64 = 1 << 1;
    pub const READ_FILE: u64 = 1 << 2;
    pub const READ_DIR: u64 = 1 << 3;
    /// Removing and making, 4 to 12.
    pub const CHANGE_DIR: u64 = 0x1ff << 4;
    /// From ABI 2 on. Without a rule for it never allowed once there is a ruleset.
    pub const REFER: u64 = 1 << 13;
    /// From ABI 3 on.
    pub const TRUNCATE: u64 = 1 << 14;
    /// What a file that is no folder can have.
    pub const OF_FILES: u64 = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE;
}

const READ: u64 = right::READ_FILE | right::READ_DIR;
const WRITE: u64 = right::WRITE_FILE | right::CHANGE_DIR | right::REFER | right::TRUNCATE;

/// The rules, ready to be given to the kernel.
pub struct Rules {
    handled: u64,
    /// Paths and what is allowed below them.
    paths: Vec<(Place, u64)>,
    root: Place,
}

/// `struct landlock_path_beneath_attr`; packed there, so its length is given as 12 by the kernel itself.
#[repr(C, packed)]
struct PathBeneath {
    allowed: u64,
    parent: i32,
}

impl Rules {
    /// None if the description asks for none.
    pub fn of(sandbox: &Sandbox, strings: &mut Strings) -> Result<Option<Self>, Errno> {
        let kinds = [
            (&sandbox.landlock_read, READ, READ),
            (&sandbox.landlock_write, WRITE, WRITE | READ),
            (
                &sandbox.landlock_execute,
                right::EXECUTE,
                right::EXECUTE | READ,
            ),
        ];
        let mut rules = Self {
            handled: 0,
            paths: Vec::new(),
            root: strings.add(&[b"/"])?,
        };
        for (paths, handled, allowed) in kinds {
            if paths.is_empty() {
                continue;
            }
            rules.handled |= handled;
            let room = rules.paths.room(paths.len());
            room.map_err(|_| Errno::NOMEM)?;
            for path in paths {
                rules.paths.push((strings.add(&[path])?, allowed));
            }
        }
        Ok((rules.handled != 0).then_some(rules))
    }

    /// Child: a ruleset with all rules in it. Paths are looked up with the rights that the child has now.
    pub fn make(&self, strings: &Strings) -> Result<OwnedFd, Errno> {
        const VERSION: usize = 1;
        const PATH_BENEATH: usize = 1;
        // SAFETY: with this flag no memory is passed.
        let version = unsafe { syscall3(nr::LANDLOCK_CREATE_RULESET, 0, 0, VERSION) };
        check(version)?;
        let known = match version {
            1 => !(right::REFER | right::TRUNCATE),
            2 => !right::TRUNCATE,
            _ => u64::MAX,
        };
        let free_to_move = self.handled & right::REFER == 0;
        let handled = (self.handled | right::REFER) & known;
        let (pointer, size) = (&raw const handled as usize, size_of::<u64>());
        // SAFETY: the first field of the structure, whose other fields count as 0 then.
        let ruleset = unsafe { syscall3(nr::LANDLOCK_CREATE_RULESET, pointer, size, 0) };
        check(ruleset)?;
        // SAFETY: the kernel has just made it for us.
        let ruleset = unsafe { OwnedFd::from_raw_fd(ruleset as i32) };
        let everywhere = free_to_move.then_some((self.root, right::REFER));
        for (place, allowed) in self.paths.iter().copied().chain(everywhere) {
            let path = strings.get(place);
            let flags = OFlags::PATH | OFlags::CLOEXEC;
            let parent = rustix::fs::open(path, flags, Mode::empty())?;
            let kind = rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(&parent)?.st_mode);
            let fitting = match kind.is_dir() {
                true => allowed,
                false => allowed & right::OF_FILES,
            };
            let rule = PathBeneath {
                allowed: fitting & handled,
                parent: parent.as_raw_fd(),
            };
            if rule.allowed == 0 {
                continue;
            }
            let (set, rule) = (ruleset.as_raw_fd() as usize, &raw const rule as usize);
            // SAFETY: the kernel reads the rule.
            check(unsafe { syscall4(nr::LANDLOCK_ADD_RULE, set, PATH_BENEATH, rule, 0) })?;
        }
        Ok(ruleset)
    }
}

/// Child: from here on only what the ruleset allows.
pub fn restrict(ruleset: RawFd) -> Result<(), Errno> {
    // SAFETY: no memory is passed.
    check(unsafe { syscall2(nr::LANDLOCK_RESTRICT_SELF, ruleset as usize, 0) })
}
