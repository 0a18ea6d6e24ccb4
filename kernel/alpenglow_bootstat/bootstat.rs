// SPDX-License-Identifier: GPL-2.0-only

//! When what happened while the system started.
//!
//! Writing a name to `/dev/bootstat` makes a mark, reading it gives all marks, a line each:
//! nanoseconds of `CLOCK_MONOTONIC`, `kernel` or `user`, and the name. `/proc/bootstat` is the same
//! to be read by anyone: it is a text of any length, which an attribute of sysfs is not, and
//! `/proc` is mounted in every system, which debugfs and securityfs are not.
//!
//! The kernel's own marks are `entry`, when `start_kernel()` began, before there was a clock;
//! `initcalls`, when it was done with itself; and `init`, when it ran the first program.

use kernel::{
    bindings, fmt,
    fs::{
        File,
        Kiocb, //
    },
    iov::{
        IovIterDest,
        IovIterSource, //
    },
    miscdevice::{
        MiscDevice,
        MiscDeviceOptions,
        MiscDeviceRegistration, //
    },
    prelude::*,
    seq_file::{
        seq_print,
        SeqFile, //
    },
    str::CString,
    sync::global_lock,
    time::{
        ClockSource,
        Monotonic, //
    },
};

mod marks;
#[path = "../common/proc_file.rs"]
mod proc_file;

use marks::{
    Marks,
    Refusal,
    Source,
    MAX_NAME, //
};
use proc_file::{
    ProcFile,
    Show, //
};

module! {
    type: BootStat,
    name: "alpenglow_bootstat",
    authors: ["Alpenglow"],
    description: "Marks of a start, from the kernel's entry to the login",
    license: "GPL",
}

global_lock! {
    // SAFETY: Initialised when the module is, before device and file are there.
    unsafe(uninit) static MARKS: Mutex<Marks> = Marks::new();
}

/// Bytes of the longest thing to write: a name, a space, a number of 64 bits and a line end.
const MAX_WRITTEN: usize = MAX_NAME + 1 + 20 + 1;

#[pin_data]
struct BootStat {
    #[pin]
    _device: MiscDeviceRegistration<Opened>,
    _file: ProcFile<Text>,
}

impl kernel::InPlaceModule for BootStat {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        // SAFETY: A module is initialised once.
        unsafe { MARKS.init() };
        try_pin_init!(Self {
            _: { kernel_marks()? },
            _device <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"bootstat" }),
            _file: ProcFile::new(c"bootstat")?,
        })
    }
}

/// Takes over what the kernel noted of its own start; what it does not know is left out.
fn kernel_marks() -> Result {
    // SAFETY: Nothing writes them once modules can be loaded.
    let [entry, initcalls, init] = unsafe { bindings::boot_marks };
    let known = |time: u64| (time != 0).then_some(time as i64);
    let all = [
        (entry_time(entry), &b"entry"[..]),
        (known(initcalls), b"initcalls"),
        (known(init), b"init"),
    ];
    let mut marks = MARKS.lock();
    for (time, name) in all {
        if let Some(time) = time {
            marks.add(name, time, Source::Kernel).map_err(errno)?;
        }
    }
    Ok(())
}

/// When the kernel was entered, from the cycles that it counted then: as long before now as it
/// counted since.
#[cfg(all(target_arch = "x86_64", not(CONFIG_UML)))]
fn entry_time(cycles: u64) -> Option<i64> {
    // SAFETY: Written once, long before modules can be loaded.
    let khz = u64::from(unsafe { bindings::tsc_khz });
    // SAFETY: Every processor of 64 bits has the instruction, and the kernel may always use it.
    let now = unsafe { core::arch::x86_64::_rdtsc() };
    if cycles == 0 || khz == 0 {
        return None;
    }
    // Milliseconds and what remains of one: the kernel divides no numbers of 128 bits.
    let cycles = now.checked_sub(cycles)?;
    let since = (cycles / khz).checked_mul(1_000_000)? + cycles % khz * 1_000_000 / khz;
    Some(Monotonic::ktime_get() - i64::try_from(since).ok()?)
}

/// Nothing is known of how long a cycle takes.
#[cfg(not(all(target_arch = "x86_64", not(CONFIG_UML))))]
fn entry_time(_cycles: u64) -> Option<i64> {
    None
}

fn errno(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Malformed => EINVAL,
        Refusal::Long => too_long(),
        Refusal::Full => ENOSPC,
        Refusal::Known => EEXIST,
    }
}

fn too_long() -> Error {
    Error::from_errno(-(bindings::ENAMETOOLONG as c_int))
}

impl fmt::Display for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        core::fmt::Display::fmt(self, f)
    }
}

/// The device, opened: the marks as they were then, so that reading it in pieces gives one whole.
struct Opened {
    text: CString,
}

#[vtable]
impl MiscDevice for Opened {
    type Ptr = KBox<Self>;

    const OWNER: Option<&'static ThisModule> = Some(&THIS_MODULE);

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<KBox<Self>> {
        let text = CString::try_from_fmt(fmt!("{}", *MARKS.lock()))?;
        Ok(KBox::new(Self { text }, GFP_KERNEL)?)
    }

    fn read_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let opened = kiocb.file();
        iov.simple_read_from_buffer(kiocb.ki_pos_mut(), opened.text.to_bytes())
    }

    fn write_iter(_kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let mut written = [0; MAX_WRITTEN];
        let length = iov.len();
        let room = written.get_mut(..length).ok_or_else(too_long)?;
        if iov.copy_from_iter(room) != length {
            return Err(EFAULT);
        }
        let mut marks = MARKS.lock();
        // The time is taken where none can come between.
        marks.write(room, Monotonic::ktime_get()).map_err(errno)?;
        Ok(length)
    }
}

/// `/proc/bootstat`.
struct Text;

impl Show for Text {
    fn show(file: &SeqFile) {
        seq_print!(file, "{}", *MARKS.lock());
    }
}
