//! What a program has to say when something failed.

use crate::abi::{EBADF, O_NOCTTY, O_RDWR};
use crate::sys;
use crate::text::{self, Text};

/// Says `PROGRAM: WHAT: error NUMBER`; `program` ends in `: `, `result` is minus the error's number (errno(3)).
///
/// It goes to standard error, which for PID 1 is the console. The kernel opens that if `/dev/console` is there before
/// `/dev` is mounted; if it was not, this does.
#[inline(never)]
pub fn complain(program: Text, what: Text, result: isize) {
    while say(program) == -EBADF && sys::open(Text::new(c"/dev/console"), O_RDWR | O_NOCTTY) >= 0 {}
    say(what);
    say(Text::new(c": error "));
    let number = text::decimal_line(-result as u16);
    // SAFETY: its last byte is NUL.
    say(unsafe { Text::from_ptr(number.as_ptr()) });
}

#[inline(never)]
fn say(text: Text) -> isize {
    sys::write(2, text.bytes())
}
