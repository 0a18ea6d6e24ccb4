//! Asks for a login name on a terminal and becomes `/bin/login` for it. See README.md.

#![cfg_attr(not(test), no_std)]
#![cfg_attr(not(test), no_main)]
#![cfg_attr(test, allow(dead_code))]

mod buffer;
mod issue;
mod name;
mod tty;

use core::mem::MaybeUninit;

use bare::abi::O_RDONLY;
use bare::sys;
use bare::text::Text;

use buffer::Buffer;
use name::Answer;

bare::entry!(main);

/// Room for `/etc/issue` and for a line from the terminal, in bytes.
const ROOM: usize = 1024;

/// # Safety
/// To be called by the entry, with the stack as the kernel left it.
unsafe extern "C" fn main(stack: *const usize) -> ! {
    // SAFETY: argc, then as many texts and a null pointer.
    let tty = unsafe {
        match *stack {
            0 | 1 => Text::new(c"-"),
            _ => Text::from_ptr(*stack.add(2) as *const u8),
        }
    };
    if tty.bytes() != b"-"
        && let Err(result) = tty::open(tty.bytes())
    {
        fail(tty, result);
    }
    tty::control();
    tty::set_up();

    let mut room = [const { MaybeUninit::uninit() }; ROOM];
    let mut names = MaybeUninit::uninit();
    let names = sys::uname(&mut names);
    let mut out = Buffer::<2048>::new();
    let file = sys::open(Text::new(c"/etc/issue"), O_RDONLY);
    issue::expand(sys::read(file, &mut room), names, tty.bytes(), &mut out);
    sys::close(file);
    loop {
        out.append(&names[sys::NODE]);
        out.append(b" login: ");
        sys::write(1, out.bytes());
        let line = sys::read(0, &mut room);
        if line.is_empty() {
            sys::exit(0);
        }
        out.clear();
        match name::judge(line) {
            Answer::Nothing => {}
            Answer::Refused => out.append(b"No such name.\n"),
            Answer::Name(name) => log_in(name, tty),
        }
    }
}

/// Becomes `/bin/login -- NAME`, so that a name that begins with `-` is no option to it.
fn log_in(name: &[u8], tty: Text) -> ! {
    let mut text = Buffer::<{ name::LONGEST + 1 }>::new();
    text.append(name);
    text.push(0);
    let login = Text::new(c"/bin/login");
    let argv = [
        login.as_ptr(),
        c"--".as_ptr().cast(),
        text.bytes().as_ptr(),
        core::ptr::null(),
    ];
    let envp = [tty::kind(tty.bytes()).as_ptr(), core::ptr::null()];
    // SAFETY: both end in a null pointer, and the texts in NUL.
    let result = unsafe { sys::execve(login, &argv, envp.as_ptr()) };
    fail(login, result)
}

fn fail(what: Text, result: isize) -> ! {
    bare::console::complain(Text::new(c"getty: "), what, result);
    sys::exit(1)
}
