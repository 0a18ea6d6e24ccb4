//! The end: of the processes, the file systems, the machine.

use bare::abi::*;
use bare::sys;
use bare::text::Text;

use crate::console::complain;
use crate::getty::Getty;
use crate::signals;

/// Seconds that processes have to end by themselves, and again once they are killed (one may hang in a driver).
const PATIENCE: usize = 5;

/// Ends all processes, puts the file systems to rest, and halts, powers off or restarts the machine, as `command` says.
/// Comes back only when the kernel refuses.
#[inline(always)]
pub fn shut_down(command: u32, getty: &mut Getty) {
    let mut signal = SIGTERM;
    loop {
        sys::kill(-1, signal);
        // A login shell takes no notice of SIGTERM; the end of its terminal it understands.
        sys::kill(getty.process, SIGHUP);
        getty.timer.first[0] = PATIENCE;
        sys::set_timer(&getty.timer);
        while getty.reap() && signals::wait() != SIGALRM as isize {}
        if signal == SIGKILL {
            break;
        }
        signal = SIGKILL;
    }
    sys::sync();
    // The root file system can only be made read-only. Then it is taken away together with all that is mounted in it;
    // nobody uses those any more, so each is unmounted at once. (A kernel without nullfs below the initramfs refuses
    // that; everything has been written out by then.)
    let root = Text::new(c"/");
    sys::umount(root, 0);
    sys::umount(root, MNT_DETACH);
    complain(Text::new(c"reboot"), sys::reboot(command));
}
