//! The getty: started, and started again when it has ended.

use bare::abi::ECHILD;
use bare::sys::{self, Child, Timer};
use bare::text::Text;

use crate::console::complain;

const GETTY: Text = Text::new(c"/sbin/getty");

/// Seconds from one start to the next, at least.
const PAUSE: usize = 1;
/// The same when getty could not be executed: an image may have none, or memory was short for a moment.
const LONG_PAUSE: usize = 60;

/// The getty of the console.
pub struct Getty<'a> {
    /// The terminal's name, without `/dev/`.
    pub tty: Text<'a>,
    /// Its process id.
    pub process: isize,
    /// The next start takes two things: that the last getty has ended, and that its pause is over. This is how many of
    /// them lack. So a getty that dies at once is not started in a tight loop, and one that dies late is replaced at
    /// once.
    pub missing: i32,
    /// The only timer of init. SIGALRM comes when it has run down.
    pub timer: Timer,
}

impl Getty<'_> {
    /// Starts one.
    #[inline(always)]
    pub fn start(&mut self) {
        self.missing = 2;
        self.timer.first[0] = PAUSE;
        self.process = sys::vfork(self);
        if self.process < 0 {
            complain(GETTY, self.process);
            self.missing = 1;
        }
        sys::set_timer(&self.timer);
    }

    /// Buries all children that have ended: getty, and the orphans that the kernel gives to PID 1. Whether any child is
    /// left.
    #[inline(never)]
    pub fn reap(&mut self) -> bool {
        loop {
            let child = sys::reap();
            if child == self.process {
                self.missing -= 1;
            }
            if child <= 0 {
                return child != -ECHILD;
            }
        }
    }
}

impl Child for Getty<'_> {
    unsafe extern "C" fn run(_flags: usize, _stack: usize, getty: &mut Self) -> ! {
        // The held back signals would stay so in the new program.
        sys::block_signals(&0);
        let argv = [GETTY.as_ptr(), getty.tty.as_ptr(), core::ptr::null()];
        // SAFETY: argv ends in a null pointer, and so does its tail, the empty environment.
        let result = unsafe { sys::execve(GETTY, &argv, &argv[2]) };
        complain(GETTY, result);
        // The memory is the parent's, which looks at it as soon as this child has ended.
        getty.timer.first[0] = LONG_PAUSE;
        sys::exit(1)
    }
}
