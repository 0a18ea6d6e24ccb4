//! What is done when the program itself fails: a broken assumption (built with `-Cpanic=immediate-abort`, a panic is an
//! illegal instruction), or memory that is not what it was. A manager of the machine must not end, for the kernel would
//! panic: it says where it happened and runs its program anew, which ends what runs and starts afresh. Any other says
//! where, and ends as it would have.
//!
//! The handler runs on a stack of its own and calls only what is safe in it (signal-safety(7)): getpid(2), write(2),
//! execv(3), sigaction(2), clock_gettime(2). It reads nothing but what [`install`] wrote for it.

use std::ffi::{CStr, CString, OsStr, OsString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicI32, AtomicPtr, Ordering};

/// The signals of a fault, and what abort(3) sends.
const FAULTS: [(c_int, &str); 7] = [
    (libc::SIGILL, "an illegal instruction"),
    (libc::SIGSEGV, "a wrong address"),
    (libc::SIGBUS, "memory that is not there"),
    (libc::SIGFPE, "wrong arithmetic"),
    (libc::SIGTRAP, "a breakpoint"),
    (libc::SIGSYS, "a forbidden system call"),
    (libc::SIGABRT, "an abort"),
];

/// Bytes of the handler's stack: the frame of a signal with the largest register state (AVX-512, AMX), and the handler.
const STACK: usize = 24 * 1024;

#[repr(align(16))]
struct Stack(std::cell::UnsafeCell<[u8; STACK]>);

// SAFETY: only the kernel uses it, for one handler at a time.
unsafe impl Sync for Stack {}

/// Costs nothing until it is needed: it is never written before.
static HANDLER_STACK: Stack = Stack(std::cell::UnsafeCell::new([0; STACK]));

/// The process that the handler is for. A child between clone(2) and execve(2) is another, and ends.
static OWNER: AtomicI32 = AtomicI32::new(0);

/// What is run anew: the program's path and its words, ended by a null pointer.
static AGAIN: AtomicPtr<Again> = AtomicPtr::new(std::ptr::null_mut());

struct Again {
    program: CString,
    /// Nanoseconds of CLOCK_MONOTONIC when this was made.
    began: u64,
    /// After a failure soon after that, and after a later one.
    soon: Words,
    later: Words,
}

/// Words for execv(3).
struct Words {
    /// Holds what `pointers` point to.
    _texts: Vec<CString>,
    pointers: Vec<*const c_char>,
}

/// Nanoseconds within which a failure follows from the one before.
const SOON: u64 = 60 * 1_000_000_000;

/// The option that says how many failures followed one another.
pub const OPTION: &str = "--after-crash";

/// The bit set (bit N - 1 for signal N) of the signals that must come while they are the program's own faults.
pub fn faults() -> u64 {
    FAULTS
        .iter()
        .fold(0, |set, (signal, _)| set | 1 << (signal - 1))
}

/// Has faults of this process told, and, with a program and its words, that program run anew after one. `crashes` have
/// followed one another up to now.
pub fn install(again: Option<(&OsStr, &[OsString])>, crashes: u32) {
    OWNER.store(std::process::id() as i32, Ordering::Relaxed);
    let again = again.and_then(|(program, words)| Again::new(program, words, crashes));
    if let Some(again) = again {
        // For as long as the process is there.
        AGAIN.store(Box::into_raw(Box::new(again)), Ordering::Release);
    }
    let stack = libc::stack_t {
        ss_sp: HANDLER_STACK.0.get().cast(),
        ss_flags: 0,
        ss_size: STACK,
    };
    // SAFETY: memory that stays, for the kernel alone.
    unsafe { libc::sigaltstack(&stack, std::ptr::null_mut()) };
    for (signal, _) in FAULTS {
        // SAFETY: zero is a value of every field; the handler has the type that SA_SIGINFO asks for.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = fault as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigaction(signal, &action, std::ptr::null_mut());
        }
    }
}

impl Again {
    fn new(program: &OsStr, words: &[OsString], crashes: u32) -> Option<Self> {
        Some(Self {
            program: CString::new(program.as_bytes()).ok()?,
            began: crate::clock::monotonic(),
            soon: Words::new(words, crashes + 1)?,
            later: Words::new(words, 1)?,
        })
    }
}

impl Words {
    fn new(words: &[OsString], crashes: u32) -> Option<Self> {
        let number = crashes.to_string();
        let all = [OsStr::new("dinit")]
            .into_iter()
            .chain(words.iter().map(OsString::as_os_str))
            .chain([OsStr::new(OPTION), OsStr::new(&number)]);
        let texts: Vec<CString> = all
            .map(|word| CString::new(word.as_bytes()).ok())
            .collect::<Option<_>>()?;
        let mut pointers: Vec<_> = texts.iter().map(|text| text.as_ptr()).collect();
        pointers.push(std::ptr::null());
        Some(Self {
            _texts: texts,
            pointers,
        })
    }
}

/// The handler (sigaction(2), SA_SIGINFO).
extern "C" fn fault(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel hands over a siginfo_t and a ucontext_t, which are there until the handler returns.
    let (code, at) = unsafe { ((*info).si_code, instruction(context)) };
    // SAFETY: a call without conditions.
    let own = unsafe { libc::getpid() } == OWNER.load(Ordering::Relaxed);
    let again = AGAIN.load(Ordering::Acquire);
    // One that somebody sent is no fault of ours (abort(3) sends it too, but to itself). Process 1 goes on, as it does
    // with every other signal; another process ends as it would have.
    // SAFETY: si_pid is there for a signal that a process sent.
    let sent = code <= 0 && unsafe { (*info).si_pid() != libc::getpid() };
    if own && !sent {
        say(signal, at, !again.is_null());
        if !again.is_null() {
            // SAFETY: made by `install` for this, and never freed; texts that end in NUL and a list that ends in null.
            unsafe {
                let again = &*again;
                let soon = crate::clock::monotonic() < again.began + SOON;
                let words = if soon { &again.soon } else { &again.later };
                libc::execv(again.program.as_ptr(), words.pointers.as_ptr());
                // What was prepared may be what went bad (then the kernel refuses it, EFAULT): this is part of the
                // program.
                let usual = [c"dinit", c"--after-crash", c"1"].map(CStr::as_ptr);
                let usual = [usual[0], usual[1], usual[2], std::ptr::null()];
                for program in [c"/sbin/dinit", c"/sbin/init", c"/init"] {
                    libc::execv(program.as_ptr(), usual.as_ptr());
                }
            }
        }
    } else if own && !again.is_null() {
        return;
    }
    // SAFETY: back to the default, which takes effect when the instruction is tried again, or by sending it once more.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        if code <= 0 {
            libc::raise(signal);
        }
    }
}

/// Tells where: how far into the program's file image, so that an unstripped copy of it has the name.
fn say(signal: c_int, at: usize, again: bool) {
    unsafe extern "C" {
        /// Where the program's ELF header lies in memory (ld's and lld's symbol).
        static __ehdr_start: u8;
    }
    let start = &raw const __ehdr_start as usize;
    let what = FAULTS
        .iter()
        .find(|(number, _)| *number == signal)
        .map_or("", |(_, what)| what);
    let mut digits = [0; 18];
    let offset = hexadecimal(at.wrapping_sub(start), &mut digits);
    let next = match again {
        true => "; what runs is ended and started afresh\n",
        false => "; please report this\n",
    };
    for part in ["dinit: internal error, ", what, " at ", offset, next] {
        // SAFETY: the text's own bytes. That it cannot be said must not keep the rest from being done.
        unsafe { libc::write(2, part.as_ptr().cast(), part.len()) };
    }
}

/// `0x` and the digits of a number, at the end of `digits`.
fn hexadecimal(mut number: usize, digits: &mut [u8; 18]) -> &str {
    let mut place = digits.len();
    loop {
        place -= 1;
        digits[place] = b"0123456789abcdef"[number & 15];
        number >>= 4;
        if number == 0 || place <= 2 {
            break;
        }
    }
    digits[place - 1] = b'x';
    digits[place - 2] = b'0';
    std::str::from_utf8(&digits[place - 2..]).unwrap_or("")
}

/// The address of the instruction that failed.
///
/// # Safety
/// `context` is what the kernel gave to a handler.
unsafe fn instruction(context: *const c_void) -> usize {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: the caller's promise.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        return (*context).uc_mcontext.gregs[libc::REG_RIP as usize] as usize;
        #[cfg(target_arch = "aarch64")]
        return (*context).uc_mcontext.pc as usize;
        #[cfg(target_arch = "riscv64")]
        return (*context).uc_mcontext.__gregs[0] as usize;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written() {
        for (number, text) in [
            (0, "0x0"),
            (0x1f, "0x1f"),
            (usize::MAX, "0xffffffffffffffff"),
        ] {
            assert_eq!(hexadecimal(number, &mut [0; 18]), text);
        }
    }

    #[test]
    fn faults_are_a_set_of_signals() {
        assert_eq!(faults() >> (libc::SIGSEGV - 1) & 1, 1);
        assert_eq!(faults() >> (libc::SIGTERM - 1) & 1, 0);
    }
}
