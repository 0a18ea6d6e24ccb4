//! What ends the process early.
//!
//! Ctrl-C: everything that was started ends with this process; what was half made lies in the
//! cache's `work` folder, which the next run empties.

use signal_hook::consts::{SIGHUP, SIGINT, SIGPIPE, SIGTERM};
use signal_hook::iterator::Signals;
use std::io::Write;
use std::panic;

/// Ends the process on the signals that ask for it, with a word about what remains.
/// The status is the shell's convention, 128 and the signal's number.
pub fn watch() {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else {
        return; // Then the signals end the process by themselves, only without the word.
    };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            // Whoever read it may be gone; the process is to end all the same.
            let _ = std::io::stderr().write_all(
                b"\nalpenglow: interrupted; what was finished is kept, and the same command goes on from there\n",
            );
            std::process::exit(128 + signal);
        }
    });
}

/// Has the process end with the status of SIGPIPE, 141, once nobody reads what it prints, in place of a panic. The signal
/// itself stays ignored: a machine that ends while its console is written to is to be told of.
pub fn end_unread() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |told| {
        let text = told.payload().downcast_ref::<String>();
        if text.is_some_and(|text| {
            text.starts_with("failed printing to std") && text.contains("Broken pipe")
        }) {
            std::process::exit(128 + SIGPIPE);
        }
        usual(told);
    }));
}
