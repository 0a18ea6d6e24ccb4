//! The console: which terminal it is, and what init has to say on it.

use core::mem::MaybeUninit;

use bare::abi::O_RDONLY;
use bare::sys;
use bare::text::{self, Text};

/// Says on the console what failed; `result` is minus the error's number.
#[inline(always)]
pub fn complain(what: Text, result: isize) {
    bare::console::complain(Text::new(c"init: "), what, result);
}

/// Room for a line of a small file: as long as a machine's name may be (`__NEW_UTS_LEN`), and a NUL.
pub type Line = [MaybeUninit<u8>; 65];

/// The first line of a small file, with a NUL behind it; empty when the file cannot be read.
#[inline(never)]
fn read_line<'a>(path: Text, room: &'a mut Line) -> &'a [u8] {
    let start = room.as_mut_ptr().cast::<u8>();
    let file = sys::open(path, O_RDONLY);
    let length = text::first_line(sys::read(file, &mut room[..64])).len();
    sys::close(file);
    // SAFETY: at most 64 bytes have been read, so the NUL is in the 65th at the latest.
    unsafe {
        start.add(length).write(0);
        core::slice::from_raw_parts(start, length)
    }
}

/// Takes the machine's name from `/etc/hostname`, if it is there.
#[inline(always)]
pub fn set_hostname(room: &mut Line) {
    let name = read_line(Text::new(c"/etc/hostname"), room);
    if !name.is_empty() {
        sys::sethostname(name);
    }
}

/// The terminal behind `/dev/console`, without `/dev/`: the last of those that the kernel writes to
/// (`Documentation/ABI/testing/sysfs-tty`), or `console` itself when it does not say.
#[inline(always)]
pub fn name(room: &mut Line) -> Text<'_> {
    let active = read_line(Text::new(c"/sys/class/tty/console/active"), room);
    if active.is_empty() {
        return Text::new(c"console");
    }
    // SAFETY: read_line has put a NUL behind the line that this is the end of.
    unsafe { Text::from_ptr(text::last_word(active).as_ptr()) }
}
