//! Services on a terminal. The daemon's standard input to error are those of a thread with a table of its own.

use super::*;
use crate::description::Options;
use bare::abi;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// Starts it on a new terminal; what appears there.
fn on_terminal(service: &Description, io: Io<'static>) -> String {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC;
    let slave = rustix::fs::open(&name, flags, rustix::fs::Mode::empty()).unwrap();
    std::thread::scope(|scope| {
        let slave = &slave;
        let run = move || {
            // SAFETY: this thread closes nothing that it has not opened.
            unsafe {
                rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::FILES).unwrap();
            }
            let number = std::os::fd::AsRawFd::as_raw_fd(slave) as isize;
            for to in 0..3 {
                assert!(bare::sys::dup(number, to) >= 0);
            }
            let environment = environment(&["PATH=/bin:/usr/bin"]);
            let mut order = order(service, &environment);
            order.io = io;
            assert_eq!(status(launch(&order).unwrap().pid), 0);
        };
        scope.spawn(run).join().unwrap();
    });
    let mut text = vec![0; 4096];
    let length = rustix::io::read(&master, &mut text).unwrap();
    drop(slave);
    String::from_utf8_lossy(&text[..length]).into_owned()
}

/// Process, group, session, terminal, and the terminal's foreground group.
fn numbers(io: Io<'static>) -> Vec<i64> {
    let script = "read p _ _ _ g s t f _ < /proc/self/stat; echo $$ $g $s $t $f";
    let text = on_terminal(&shell(script), io);
    let ids = text.split_whitespace().map(|id| id.parse().unwrap());
    ids.collect()
}

/// What is held back. Not asked of a shell: shells let everything come.
fn held(options: Options, io: Io<'static>) -> u64 {
    let mut service = shell("");
    service.command = command(&["grep", "SigBlk", "/proc/self/status"]);
    service.options = options;
    let text = on_terminal(&service, io);
    let mask = text.trim().strip_prefix("SigBlk:\t").unwrap();
    u64::from_str_radix(mask, 16).unwrap()
}

#[test]
fn who_has_the_console_is_in_its_foreground() {
    let [process, group, session, terminal, foreground] = numbers(Io::Console)[..] else {
        panic!();
    };
    assert_eq!([group, session, foreground], [process; 3]);
    assert_ne!(terminal, 0);
    let bit = |signal: usize| 1_u64 << (signal - 1);
    let job = bit(abi::SIGTSTP) | bit(abi::SIGTTIN) | bit(abi::SIGTTOU) | bit(abi::SIGQUIT);
    assert_eq!(held(Options::empty(), Io::Console), job | bit(abi::SIGINT));
    assert_eq!(held(Options::UNMASK_INTR, Io::Console), job);
}

#[test]
fn who_shares_the_console_holds_no_signal_back() {
    let ids = numbers(Io::SharedConsole);
    assert_eq!(ids[0], ids[1]);
    assert_eq!(held(Options::empty(), Io::SharedConsole), 0);
}
