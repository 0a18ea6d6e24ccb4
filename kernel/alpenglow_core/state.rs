// SPDX-License-Identifier: GPL-2.0-only

//! What daemons ask of a running system, in one read: memory, load, pressure, the kernel's version.
//!
//! `/dev/alpenglow_core` gives the bytes of [`layout`], as they are when it is read from its
//! beginning; `/proc/alpenglow_core` gives the same as text.

use kernel::{
    bindings, fmt,
    fs::{
        File,
        Kiocb, //
    },
    iov::IovIterDest,
    miscdevice::{
        MiscDevice,
        MiscDeviceOptions,
        MiscDeviceRegistration, //
    },
    page::PAGE_SIZE,
    prelude::*,
    seq_file::{
        seq_print,
        SeqFile, //
    },
    time::{
        BootTime,
        ClockSource, //
    },
};

mod layout;
#[path = "../common/proc_file.rs"]
mod proc_file;

use layout::{
    Stall,
    State,
    BYTES, //
};
use proc_file::{
    ProcFile,
    Show, //
};

module! {
    type: Core,
    name: "alpenglow_core",
    authors: ["Alpenglow"],
    description: "Memory, load, pressure and version in one read",
    license: "GPL",
}

#[pin_data]
struct Core {
    #[pin]
    _device: MiscDeviceRegistration<Opened>,
    _file: ProcFile<Text>,
}

impl kernel::InPlaceModule for Core {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _device <- MiscDeviceRegistration::register(MiscDeviceOptions {
                name: c"alpenglow_core",
            }),
            _file: ProcFile::new(c"alpenglow_core")?,
        })
    }
}

/// How it is now.
fn state() -> State<'static> {
    // SAFETY: The system's own names are changed by nobody once the kernel runs, and end with a
    // zero.
    let names = unsafe { &*core::ptr::addr_of!(bindings::init_uts_ns.name) };
    State {
        time: BootTime::ktime_get() as u64,
        load: load(),
        memory: memory(),
        pressure: pressure(),
        release: until_zero(&names.release),
        version: until_zero(&names.version),
    }
}

fn load() -> [u32; 3] {
    let all = core::ptr::addr_of!(bindings::avenrun).cast::<c_ulong>();
    // SAFETY: There are three; a read of a word is whole, and any of its values will do.
    [0, 1, 2].map(|which| unsafe { all.add(which).read_volatile() } as u32)
}

fn memory() -> [u64; 8] {
    // SAFETY: It is numbers, and zero is one.
    let mut all: bindings::sysinfo = unsafe { core::mem::zeroed() };
    // SAFETY: Both fill in what they are given.
    unsafe {
        bindings::si_meminfo(&mut all);
        bindings::si_swapinfo(&mut all);
    }
    // SAFETY: It only looks.
    let available = unsafe { bindings::si_mem_available() };
    // SAFETY: A counter of the kernel's, read as a whole.
    let file = unsafe {
        core::ptr::addr_of!(
            bindings::vm_node_stat[bindings::node_stat_item_NR_FILE_PAGES as usize].counter
        )
        .read_volatile()
    };
    let pages = |count: isize| count.max(0) as u64 * PAGE_SIZE as u64;
    let units = |count: usize| count as u64 * u64::from(all.mem_unit);
    let buffers = units(all.bufferram);
    [
        units(all.totalram),
        units(all.freeram),
        pages(available),
        buffers,
        pages(file as isize).saturating_sub(buffers),
        units(all.sharedram),
        units(all.totalswap),
        units(all.freeswap),
    ]
}

/// Of the whole system; none where the kernel does not account for it (`psi=0`).
fn pressure() -> Option<[Stall; 6]> {
    let mut reading: bindings::psi_reading = pin_init::zeroed();
    // SAFETY: It fills in what it is given.
    if unsafe { bindings::psi_read_system(&mut reading) } != 0 {
        return None;
    }
    let mut stalls = [Stall::default(); 6];
    for (stall, (total, averages)) in stalls
        .iter_mut()
        .zip(Iterator::zip(reading.total.iter(), reading.avg.iter()))
    {
        stall.total = *total;
        stall.averages = averages.map(|average| average as u32);
    }
    Some(stalls)
}

/// What stands before the first zero of a text of C.
fn until_zero(text: &'static [c_char]) -> &'static [u8] {
    let length = text.iter().take_while(|byte| **byte != 0).count();
    text.get(..length).unwrap_or(&[])
}

impl fmt::Display for State<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        core::fmt::Display::fmt(self, f)
    }
}

/// The device, opened.
struct Opened;

#[vtable]
impl MiscDevice for Opened {
    type Ptr = KBox<Self>;

    const OWNER: Option<&'static ThisModule> = Some(&THIS_MODULE);

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<KBox<Self>> {
        Ok(KBox::new(Self, GFP_KERNEL)?)
    }

    /// Half of it would be of another moment than the rest: a buffer that is too small is refused.
    fn read_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        if kiocb.ki_pos() != 0 {
            return Ok(0);
        }
        if iov.len() < BYTES {
            return Err(EINVAL);
        }
        iov.simple_read_from_buffer(kiocb.ki_pos_mut(), &state().encode())
    }
}

/// `/proc/alpenglow_core`.
struct Text;

impl Show for Text {
    fn show(file: &SeqFile) {
        seq_print!(file, "{}", state());
    }
}
