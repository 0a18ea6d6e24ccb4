//! Ctrl-C: everything that was started ends with this process; what was half made lies in the
//! cache's `work` folder, which the next run empties.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Ends the process on the signals that ask for it, with a word about what remains.
/// The status is the shell's convention, 128 and the signal's number.
pub fn watch() {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else {
        return; // Then the signals end the process by themselves, only without the word.
    };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            eprintln!(
                "\nalpenglow: interrupted; what was finished is kept, and the same command goes on from there"
            );
            std::process::exit(128 + signal);
        }
    });
}
