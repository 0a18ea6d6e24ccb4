//! PID 1 of the smallest Alpenglow, and the fallback of the others.

#![cfg_attr(not(test), no_std)]
#![cfg_attr(not(test), no_main)]
#![cfg_attr(test, allow(dead_code))]

mod console;
mod getty;

mod shutdown;
mod signals;

use core::mem::MaybeUninit;

use bare::abi::*;
use bare::sys::{self, Timer};

use getty::Getty;

bare::entry!(main);

extern "C" fn main(_stack: *const usize) -> ! {
    signals::hold_back();
    // Ctrl-alt-del is a signal from now on.
    sys::reboot(LINUX_REBOOT_CMD_CAD_OFF);
    bare::mounts::mount_all(console::complain);
    let mut room: console::Line = [const { MaybeUninit::uninit() }; 65];
    console::set_hostname(&mut room);
    let tty = console::name(&mut room);
    let mut getty = Getty {
        tty,
        process: 0,
        missing: 0,
        timer: Timer {
            interval: [0; 2],
            first: [0; 2],
        },
    };
    loop {
        if getty.missing == 0 {
            getty.start();
        }
        let signal = signals::wait();
        if signal == SIGALRM as isize {
            getty.missing -= 1;
        }
        getty.reap();
        if let Some(command) = signals::command(signal) {
            shutdown::shut_down(command, &mut getty);
        }
    }
}
