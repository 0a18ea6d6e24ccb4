//! The signals that mean something to init. They are held back for good and fetched one by one, so there is no handler
//! and nothing is missed. All others the kernel throws away, as it does for PID 1 (kill(2)).

use bare::abi::*;
use bare::sys;

const KNOWN: u64 =
    bit(SIGCHLD) | bit(SIGALRM) | bit(SIGINT) | bit(SIGTERM) | bit(SIGUSR1) | bit(SIGUSR2);

const fn bit(signal: usize) -> u64 {
    1 << (signal - 1)
}

/// Holds back the known signals from now on.
#[inline(always)]
pub fn hold_back() {
    sys::block_signals(&KNOWN);
}

/// Waits for the next one: its number, or minus an error's (`EINTR` after a debugger or a freeze).
#[inline(always)]
pub fn wait() -> isize {
    sys::wait_signal(&KNOWN)
}

/// The command of reboot(2) that a signal asks for: one of those that halt, poweroff and reboot send, or SIGINT, which
/// the kernel sends for ctrl-alt-del.
#[inline(always)]
pub fn command(signal: isize) -> Option<u32> {
    match signal as usize {
        SIGUSR1 => Some(LINUX_REBOOT_CMD_HALT),
        SIGUSR2 => Some(LINUX_REBOOT_CMD_POWER_OFF),
        SIGTERM | SIGINT => Some(LINUX_REBOOT_CMD_RESTART),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_signal_has_its_meaning() {
        let mut commands = 0;
        for signal in 1..=64 {
            let known = KNOWN & bit(signal) != 0;
            let command = command(signal as isize);
            assert!(
                known || command.is_none(),
                "signal {signal} would never be seen"
            );
            commands += usize::from(command.is_some());
        }
        assert_eq!(commands, 4);
        assert_eq!(command(SIGUSR2 as isize), Some(LINUX_REBOOT_CMD_POWER_OFF));
        assert_eq!(command(SIGCHLD as isize), None);
        assert_eq!(command(-4), None, "EINTR");
    }
}
