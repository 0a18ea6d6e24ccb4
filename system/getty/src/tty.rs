//! The terminal: opened, taken back from who had it last, made the controlling terminal, and set up.

use core::mem::MaybeUninit;

use bare::abi::*;
use bare::sys::{self, Termios};
use bare::text::Text;

use crate::buffer::Buffer;

/// Makes `/dev/NAME` standard input, output and error. `Err` is what failed.
///
/// The last session left it to its user (login gives it away), and a program of that user may still have it open and
/// would read the next one's password. So it is taken back and hung up before it is used.
pub fn open(name: &[u8]) -> Result<(), isize> {
    let mut path = Buffer::<64>::new();
    path.append(b"/dev/");
    path.append(name);
    path.push(0);
    let path = match path.bytes() {
        // SAFETY: it ends in NUL.
        whole @ [.., 0] => unsafe { Text::from_ptr(whole.as_ptr()) },
        _ => return Err(-ENAMETOOLONG),
    };
    let file = loop {
        // Without O_NONBLOCK a serial line would be waited for until a modem answers.
        let file = sys::open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
        if file < 0 {
            return Err(file);
        }
        if sys::owner(file) <= 0 || sys::set_owner(file, 0, 0) < 0 {
            break file;
        }
        sys::set_mode(file, 0o600);
        sys::hang_up(file);
        sys::close(file);
    };
    for standard in 0..3 {
        sys::dup(file, standard);
    }
    if file > 2 {
        sys::close(file);
    }
    sys::set_status_flags(0, 0);
    Ok(())
}

/// Makes standard input the controlling terminal of a session of our own, unless that is so already.
pub fn control() {
    sys::setsid();
    sys::control_terminal(0);
}

/// Gives standard input the settings that a person expects, whatever the last program left.
pub fn set_up() {
    let mut room = MaybeUninit::uninit();
    if let Some(termios) = sys::termios(0, &mut room) {
        make_sane(termios);
        sys::set_termios(0, termios);
    }
}

/// Lines with echo and editing, signals from keys, UTF-8; eight bits, modem lines ignored (termios(3), `sane` of
/// stty(1)). Speed and parity stay. The keys are those of `INIT_C_CC` (`include/linux/termios_internal.h`).
fn make_sane(termios: &mut Termios) {
    termios.input = ICRNL | IXON | IUTF8;
    termios.output = OPOST | ONLCR;
    termios.control |= CS8 | CREAD | CLOCAL;
    termios.local = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
    termios.line = 0;
    let keys = &mut termios.keys;
    keys[VINTR] = ctrl(b'C');
    keys[VQUIT] = ctrl(b'\\');
    keys[VERASE] = 0x7f;
    keys[VKILL] = ctrl(b'U');
    keys[VEOF] = ctrl(b'D');
    keys[VTIME] = 0;
    keys[VMIN] = 1;
    keys[VSWTC] = 0;
    keys[VSTART] = ctrl(b'Q');
    keys[VSTOP] = ctrl(b'S');
    keys[VSUSP] = ctrl(b'Z');
    keys[VEOL] = 0;
    keys[VREPRINT] = ctrl(b'R');
    keys[VDISCARD] = ctrl(b'O');
    keys[VWERASE] = ctrl(b'W');
    keys[VLNEXT] = ctrl(b'V');
    keys[VEOL2] = 0;
}

/// The key together with Ctrl.
const fn ctrl(key: u8) -> u8 {
    key & 0x1f
}

/// What terminal there most likely is, for programs that draw: the kernel's own on `tty1` and so on, and something
/// that understands the old standard on any line.
pub fn kind(name: &[u8]) -> Text<'static> {
    match name {
        [b't', b't', b'y', b'0'..=b'9', ..] => Text::new(c"TERM=linux"),
        _ => Text::new(c"TERM=vt100"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sane_keeps_the_speed_and_settles() {
        let mut termios = Termios {
            input: 1,
            output: 0,
            control: 0o10002,
            local: 0,
            line: 9,
            keys: [9; 19],
        };
        make_sane(&mut termios);
        assert_eq!(termios.control & 0o10017, 0o10002);
        assert_eq!(termios.line, 0);
        assert_eq!(
            termios.keys[..17],
            *b"\x03\x1c\x7f\x15\x04\0\x01\0\x11\x13\x1a\0\x12\x0f\x17\x16\0"
        );
        let once = termios.clone();
        make_sane(&mut termios);
        assert_eq!(termios, once);
    }

    #[test]
    fn kinds() {
        assert_eq!(kind(b"tty1").bytes(), b"TERM=linux");
        for name in [
            &b"ttyS0"[..],
            b"hvc0",
            b"tty",
            b"-",
            b"",
            b"console",
            b"ttyAMA0",
        ] {
            assert_eq!(kind(name).bytes(), b"TERM=vt100");
        }
    }
}
