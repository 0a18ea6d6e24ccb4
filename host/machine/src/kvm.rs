//! Is KVM really usable? On some hosts `/dev/kvm` is there, and each guest instruction is emulated,
//! slower than QEMU's own translator by far.

use std::sync::OnceLock;

use crate::spec::{Accelerator, Spec};

/// What there is to execute a guest's instructions with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether to use KVM.
    pub usable: bool,
    /// In one line: "KVM", or "TCG: " and why.
    pub reason: String,
}

impl Verdict {
    fn tcg(why: impl std::fmt::Display) -> Verdict {
        Verdict {
            usable: false,
            reason: format!("TCG: {why}"),
        }
    }
}

/// Whether KVM is usable on this computer, found out once, in less than 0.3 s.
pub fn verdict() -> &'static Verdict {
    static VERDICT: OnceLock<Verdict> = OnceLock::new();
    VERDICT.get_or_init(probe)
}

/// Whether a machine is to run with KVM.
pub(crate) fn choose(spec: &Spec) -> bool {
    let native = spec.arch.name() == std::env::consts::ARCH;
    match spec.accelerator {
        _ if spec.counting => false,
        Accelerator::Kvm => true,
        Accelerator::Tcg => false,
        Accelerator::Auto => native && verdict().usable,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn probe() -> Verdict {
    Verdict::tcg("KVM is not probed on this processor")
}

#[cfg(target_arch = "x86_64")]
fn probe() -> Verdict {
    use std::sync::mpsc;
    use std::time::Duration;

    // On a thread, because a kernel that emulates may take any time for one round. A thread left
    // behind ends with the process.
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = send.send(loops::fastest());
    });
    match receive.recv_timeout(Duration::from_millis(250)) {
        Ok(Ok(round)) => judge(round),
        Ok(Err(error)) => Verdict::tcg(format_args!("/dev/kvm cannot be used: {error}")),
        Err(_) => Verdict::tcg("/dev/kvm is there but emulates each instruction"),
    }
}

/// A round is [`loops::ROUND`] times two instructions: 5 µs on hardware, with some µs for the exit;
/// milliseconds when each is emulated.
#[cfg(target_arch = "x86_64")]
fn judge(round: std::time::Duration) -> Verdict {
    let each = round.as_nanos() / u128::from(loops::ROUND) / 2;
    if each < 50 {
        return Verdict {
            usable: true,
            reason: "KVM".to_owned(),
        };
    }
    Verdict::tcg(format_args!(
        "/dev/kvm is there but emulates each instruction ({each} ns each)"
    ))
}

#[cfg(target_arch = "x86_64")]
mod loops {
    use std::alloc::{Layout, alloc_zeroed, dealloc};
    use std::io;
    use std::ptr::NonNull;
    use std::time::{Duration, Instant};

    use kvm_bindings::kvm_userspace_memory_region;
    use kvm_ioctls::{Kvm, VcpuExit};

    /// Loop iterations between two looks at the clock.
    pub const ROUND: u16 = 10_000;
    /// Where the guest's only page is.
    const PAGE: u64 = 0x1000;
    const SIZE: usize = 4096;

    /// mov cx, ROUND; 1: dec cx; jnz 1b; out 0x80, al; jmp 0 (16-bit code).
    const CODE: [u8; 10] = [
        0xb9,
        ROUND as u8,
        (ROUND >> 8) as u8,
        0x49,
        0x75,
        0xfd,
        0xe6,
        0x80,
        0xeb,
        0xf6,
    ];

    /// A page of this process that is the guest's memory.
    struct Page(NonNull<u8>);

    impl Page {
        const LAYOUT: Layout = match Layout::from_size_align(SIZE, SIZE) {
            Ok(layout) => layout,
            Err(_) => panic!("a page is not a layout"),
        };

        fn new(code: &[u8; CODE.len()]) -> io::Result<Page> {
            // SAFETY: the layout's size is not zero.
            let page = NonNull::new(unsafe { alloc_zeroed(Page::LAYOUT) });
            let page = page.ok_or(io::ErrorKind::OutOfMemory)?;
            // SAFETY: the page is ours, larger than the code, and no guest runs yet.
            unsafe { page.as_ptr().copy_from(code.as_ptr(), code.len()) };
            Ok(Page(page))
        }
    }

    impl Drop for Page {
        fn drop(&mut self) {
            // SAFETY: allocated with this layout and not freed before.
            unsafe { dealloc(self.0.as_ptr(), Page::LAYOUT) };
        }
    }

    /// The fastest of ten rounds of a loop in a machine of one page, in real mode; stops early when
    /// rounds are slow. 100,000 iterations in all.
    pub fn fastest() -> io::Result<Duration> {
        // Before the machine, so that it is freed after it.
        let page = Page::new(&CODE)?;
        let machine = Kvm::new()?.create_vm()?;
        machine.set_tss_address(0xfffb_d000)?;
        let region = kvm_userspace_memory_region {
            slot: 0,
            flags: 0,
            guest_phys_addr: PAGE,
            memory_size: SIZE as u64,
            userspace_addr: page.0.as_ptr() as u64,
        };
        // SAFETY: the region is the page, which outlives the machine and is not touched meanwhile.
        unsafe { machine.set_user_memory_region(region)? };
        let mut cpu = machine.create_vcpu(0)?;
        let mut segments = cpu.get_sregs()?;
        segments.cs.base = 0;
        segments.cs.selector = 0;
        cpu.set_sregs(&segments)?;
        let mut registers = cpu.get_regs()?;
        registers.rip = PAGE;
        registers.rflags = 2;
        cpu.set_regs(&registers)?;

        let began = Instant::now();
        let mut fastest = Duration::MAX;
        for _ in 0..10 {
            let round = Instant::now();
            match cpu.run()? {
                VcpuExit::IoOut(..) => fastest = fastest.min(round.elapsed()),
                other => return Err(io::Error::other(format!("its loop ended by {other:?}"))),
            }
            if began.elapsed() > Duration::from_millis(100) {
                break;
            }
        }
        Ok(fastest)
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_loops_duration_decides() {
        assert!(judge(Duration::from_micros(30)).usable);
        let slow = judge(Duration::from_millis(40));
        assert!(!slow.usable);
        assert_eq!(
            slow.reason,
            "TCG: /dev/kvm is there but emulates each instruction (2000 ns each)"
        );
    }

    #[test]
    fn this_computer_gets_a_verdict() {
        let verdict = verdict();
        assert_eq!(verdict.usable, verdict.reason == "KVM");
        assert!(verdict.usable || verdict.reason.starts_with("TCG: "));
    }

    #[test]
    fn counting_never_takes_kvm() {
        let mut spec = Spec::new("t", alpenglow_builder::Arch::X86_64, "k", "i");
        spec.accelerator = Accelerator::Kvm;
        assert!(choose(&spec));
        spec.counting = true;
        assert!(!choose(&spec));
    }
}
