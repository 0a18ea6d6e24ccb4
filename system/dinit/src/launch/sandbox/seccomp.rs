//! `seccomp-allow`: which system calls are left, as a program of classic BPF (seccomp(2),
//! `Documentation/userspace-api/seccomp_filter.rst`). The parent makes it; the child hands it to the kernel last of all.

use crate::launch::descriptors::check;
use crate::memory::Room;
use rustix::io::Errno;

/// `FIRST NAME NAME …`: names of consecutive numbers, as the kernel's tables have them
/// (`arch/x86/entry/syscalls/syscall_64.tbl`, `scripts/syscall.tbl`).
#[cfg(target_arch = "x86_64")]
const TABLES: [&str; 1] = [include_str!("seccomp/x86_64.txt")];
#[cfg(target_arch = "aarch64")]
const TABLES: [&str; 2] = [include_str!("seccomp/generic.txt"), "38 renameat"];
#[cfg(target_arch = "riscv64")]
const TABLES: [&str; 2] = [
    include_str!("seccomp/generic.txt"),
    "258 riscv_hwprobe riscv_flush_icache",
];

/// What becoming the program and ending need.
const ALWAYS: [&[u8]; 5] = [
    b"execve",
    b"exit",
    b"exit_group",
    b"rt_sigreturn",
    b"restart_syscall",
];

/// The number of a system call of this architecture.
pub fn number(name: &[u8]) -> Option<u32> {
    let lines = TABLES.iter().flat_map(|table| table.lines());
    lines
        .filter_map(|line| line.split_once(' '))
        .find_map(|(first, names)| {
            let at = names
                .split(' ')
                .position(|other| other.as_bytes() == name)?;
            first
                .parse::<u32>()
                .ok()?
                .checked_add(u32::try_from(at).ok()?)
        })
}

/// The first name that is no system call of this architecture.
pub fn unknown(names: &[Box<[u8]>]) -> Option<&[u8]> {
    let mut names = names.iter().map(|name| &**name);
    names.find(|name| number(name).is_none())
}

/// `struct sock_filter` (`include/uapi/linux/filter.h`).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Instruction {
    code: u16,
    /// Instructions to skip when the condition holds, and when not.
    yes: u8,
    no: u8,
    value: u32,
}

/// `struct sock_fprog`.
#[repr(C)]
struct Program {
    length: u16,
    instructions: *const Instruction,
}

const LOAD_WORD: u16 = 0x20;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_GREATER: u16 = 0x25;
const JUMP_GREATER_OR_EQUAL: u16 = 0x35;
const RETURN: u16 = 0x06;

/// Offsets in `struct seccomp_data`.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;

const ALLOW: u32 = 0x7fff_0000;
/// SECCOMP_RET_ERRNO with EPERM.
const REFUSE: u32 = 0x0005_0001;

/// A filter that is ready to be set.
pub struct Filter(Vec<Instruction>);

impl Filter {
    /// Allows the system calls named and [`ALWAYS`]; others fail with EPERM, and so does every call in the manner of
    /// another architecture. EINVAL: a name is unknown, or there are too many.
    pub fn allowing(names: &[Box<[u8]>]) -> Result<Self, Errno> {
        let mut numbers = Vec::new();
        let room = names.len() + ALWAYS.len();
        numbers.room_exact(room).map_err(|_| Errno::NOMEM)?;
        for name in names.iter().map(|name| &**name).chain(ALWAYS) {
            numbers.push(number(name).ok_or(Errno::INVAL)?);
        }
        numbers.sort_unstable();
        numbers.dedup();
        let mut made = Vec::new();
        let room = numbers.len() * 4 + 5;
        made.room_exact(room).map_err(|_| Errno::NOMEM)?;
        let plain = |code, value| Instruction {
            code,
            yes: 0,
            no: 0,
            value,
        };
        // Each jumps over the one instruction behind it.
        let unless = |code, value| Instruction {
            code,
            yes: 1,
            no: 0,
            value,
        };
        made.extend([
            plain(LOAD_WORD, ARCHITECTURE),
            unless(JUMP_EQUAL, bare::arch::AUDIT_ARCH),
            plain(RETURN, REFUSE),
            plain(LOAD_WORD, NUMBER),
        ]);
        for run in numbers.chunk_by(|one, next| next - one == 1) {
            if let [first, .., last] | [first @ last] = run {
                made.extend([
                    unless(JUMP_GREATER_OR_EQUAL, *first),
                    plain(RETURN, REFUSE),
                    unless(JUMP_GREATER, *last),
                    plain(RETURN, ALLOW),
                ]);
            }
        }
        made.push(plain(RETURN, REFUSE));
        match made.len() {
            // BPF_MAXINSNS
            0..=4096 => Ok(Self(made)),
            _ => Err(Errno::INVAL),
        }
    }

    /// From here on only these system calls. Runs in the child, without allocating.
    pub fn set(&self) -> Result<(), Errno> {
        const SET_MODE_FILTER: usize = 1;
        let program = Program {
            length: self.0.len() as u16,
            instructions: self.0.as_ptr(),
        };
        let call = bare::arch::nr::SECCOMP;
        let pointer = &raw const program as usize;
        // SAFETY: the kernel copies the program, whose length is right.
        check(unsafe { bare::arch::syscall3(call, SET_MODE_FILTER, 0, pointer) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the filter says of a call.
    fn judge(filter: &Filter, architecture: u32, number: u32) -> u32 {
        let (mut at, mut word) = (0, 0);
        loop {
            let Instruction {
                code,
                yes,
                no,
                value,
            } = filter.0[at];
            at += 1;
            let holds = match code {
                LOAD_WORD if value == ARCHITECTURE => {
                    word = architecture;
                    continue;
                }
                LOAD_WORD => {
                    word = number;
                    continue;
                }
                RETURN => return value,
                JUMP_EQUAL => word == value,
                JUMP_GREATER => word > value,
                JUMP_GREATER_OR_EQUAL => word >= value,
                _ => panic!("{code}"),
            };
            at += usize::from(if holds { yes } else { no });
        }
    }

    #[test]
    fn numbers_are_the_kernels() {
        use bare::arch::nr;
        for (name, known) in [
            ("read", nr::READ),
            ("execve", nr::EXECVE),
            ("clone", nr::CLONE),
            ("openat", nr::OPENAT),
            ("dup3", nr::DUP3),
            ("ioprio_set", nr::IOPRIO_SET),
            ("seccomp", nr::SECCOMP),
            ("clone3", nr::CLONE3),
            ("mount_setattr", nr::MOUNT_SETATTR),
            ("landlock_restrict_self", nr::LANDLOCK_RESTRICT_SELF),
        ] {
            assert_eq!(number(name.as_bytes()), Some(known as u32), "{name}");
        }
        for name in ["", "reads", "Read", "0", "read write"] {
            assert_eq!(number(name.as_bytes()), None, "{name}");
        }
        let names = ["read", "frobnicate"].map(|name| name.as_bytes().into());
        assert_eq!(unknown(&names), Some(&b"frobnicate"[..]));
        assert!(matches!(Filter::allowing(&names), Err(Errno::INVAL)));
    }

    #[test]
    fn tables_are_in_order() {
        for table in TABLES {
            let mut next = 0;
            for line in table.lines() {
                let (first, names) = line.split_once(' ').unwrap();
                let first: usize = first.parse().unwrap();
                assert!(first >= next, "{line}");
                next = first + names.split(' ').count();
            }
        }
    }

    #[test]
    fn exactly_what_is_named_is_allowed() {
        let own = bare::arch::AUDIT_ARCH;
        let names = ["read", "write", "close", "openat", "getpid"];
        let filter = Filter::allowing(&names.map(|name| name.as_bytes().into())).unwrap();
        let allowed: Vec<_> = names
            .iter()
            .map(|name| name.as_bytes())
            .chain(ALWAYS)
            .collect();
        let allowed: Vec<_> = allowed.iter().map(|name| number(name).unwrap()).collect();
        for call in (0..600).chain([u32::MAX]) {
            let expected = match allowed.contains(&call) {
                true => ALLOW,
                false => REFUSE,
            };
            assert_eq!(judge(&filter, own, call), expected, "{call}");
            // x32 and the 32-bit calls of the same machine.
            assert_eq!(judge(&filter, own, call | 0x4000_0000), REFUSE);
            assert_eq!(judge(&filter, 0x4000_0003, call), REFUSE);
        }
    }

    #[test]
    fn every_call_at_once_fits() {
        let words = TABLES.iter().flat_map(|table| table.split_whitespace());
        let every: Vec<Box<[u8]>> = words
            .filter(|word| word.parse::<u32>().is_err())
            .map(|word| word.as_bytes().into())
            .collect();
        assert!(every.len() > 300);
        assert!(Filter::allowing(&every).unwrap().0.len() < 200);
    }
}
