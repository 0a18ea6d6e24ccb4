//! What process 1 asks on the console when the system did not come up.

use super::finish::{Ending, finish};
use super::manager::Manager;
use super::options::Level;
use super::poll::{Interest, Token};
use rustix::termios::{LocalModes, OptionalActions, QueueSelector, tcflush, tcgetattr, tcsetattr};

const QUESTION: &str = "Choose: (r)eboot, r(e)covery, re(s)tart boot sequence, (p)ower off? ";

impl Manager {
    /// All services have stopped though nobody asked. Starts `recovery`, or asks what to do and does it.
    pub(super) fn boot_failed(&mut self) {
        rustix::fs::sync();
        self.log.take_back();
        if self.options.auto_recovery && self.start_named(b"recovery") {
            return;
        }
        self.log
            .print("All services have stopped with no shutdown issued; boot failure?\n");
        let stdin = rustix::stdio::stdin();
        let Ok(original) = tcgetattr(stdin) else {
            self.log.print("There is no terminal to ask on. Halting.\n");
            return self.shut_down(Ending::Halt);
        };
        let mut raw = original.clone();
        raw.local_modes.remove(LocalModes::ICANON);
        let _ = tcsetattr(stdin, OptionalActions::Flush, &raw);
        let added = self
            .poll
            .add(stdin, Token::Keyboard, Interest::Read)
            .is_ok();
        while self.ending.is_none() && self.engine.active_count() == 0 {
            self.log.print(QUESTION);
            let Some(key) = self.wait_for_key(added) else {
                break;
            };
            self.log.print("\n");
            match key.to_ascii_lowercase() {
                b'r' => self.shut_down(Ending::Reboot),
                b'p' => self.shut_down(Ending::PowerOff),
                b'e' if !self.start_named(b"recovery") => {
                    self.log.print("The service recovery cannot be started.\n")
                }
                b's' if !self.start_named(b"boot") => {
                    self.log
                        .print("The service boot cannot be started; rebooting.\n");
                    self.shut_down(Ending::Reboot);
                }
                _ => {}
            }
            let _ = tcflush(stdin, QueueSelector::IFlush);
        }
        self.poll.remove(stdin);
        let _ = tcsetattr(stdin, OptionalActions::Now, &original);
    }

    fn start_named(&mut self, name: &[u8]) -> bool {
        match self.load(name) {
            Ok(id) => {
                self.engine.start(id);
                self.pump();
                self.engine.active_count() > 0
            }
            Err(error) => {
                self.log.say(Level::Error, format_args!("{error}"));
                false
            }
        }
    }

    /// The next key, while the daemon goes on with what else there is. None: something else ended the question.
    fn wait_for_key(&mut self, can_wait: bool) -> Option<u8> {
        while can_wait && !self.typed {
            self.turn();
            if self.ending.is_some() || self.engine.active_count() > 0 {
                return None;
            }
        }
        self.typed = false;
        let mut key = [0];
        match rustix::io::read(rustix::stdio::stdin(), &mut key) {
            Ok(1) => Some(key[0]),
            // The terminal is gone: a machine that cannot be asked is halted.
            _ => {
                self.shut_down(Ending::Halt);
                None
            }
        }
    }
}

/// There is nothing more that can be done. Process 1 must not end, so it keeps its orphans and waits for a reset.
pub fn last_resort() -> ! {
    let mut say = |text: std::fmt::Arguments<'_>| eprintln!("dinit: {text}");
    let _ = finish(Ending::Reboot, &mut say);
    eprintln!("dinit: nothing more can be done; please reset the machine");
    loop {
        while matches!(
            rustix::process::wait(rustix::process::WaitOptions::empty()),
            Ok(Some(_))
        ) {}
        let hour = rustix::time::Timespec {
            tv_sec: 3600,
            tv_nsec: 0,
        };
        let _ = rustix::thread::nanosleep(&hour);
    }
}
