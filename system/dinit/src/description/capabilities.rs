//! Capabilities by name (capabilities(7)) and the text of an IAB tuple (cap_iab(3)).

use super::Capabilities;

/// By number, without `CAP_` and in lower case (include/uapi/linux/capability.h).
#[rustfmt::skip]
pub const NAMES: [&str; 41] = [
    "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
    "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
    "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
    "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
    "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
    "checkpoint_restore",
];

/// The capability's bit. Names in any case, with `CAP_` before them; also numbers, which later kernels may know.
pub fn bit(text: &[u8]) -> Option<u64> {
    let number = match text.split_at_checked(4) {
        Some((prefix, name)) if prefix.eq_ignore_ascii_case(b"cap_") => {
            let named = |known: &&str| known.as_bytes().eq_ignore_ascii_case(name);
            u64::try_from(NAMES.iter().position(named)?).ok()?
        }
        _ => super::values::number(text, 63)?,
    };
    Some(1 << number)
}

/// Adds what a text says: capabilities with commas between them, each with `^` (ambient and inheritable), `%`
/// (inheritable, as without any) or `!` (blocked) before it.
pub fn add(made: &mut Capabilities, text: &[u8]) -> Option<()> {
    let text = text.strip_suffix(b",").unwrap_or(text);
    if text.is_empty() {
        return Some(());
    }
    for part in text.split(|byte| *byte == b',') {
        let prefixes = part.iter().take_while(|byte| b"^%!".contains(byte));
        let (prefixes, name) = part.split_at(prefixes.count());
        let bit = bit(name)?;
        if prefixes.contains(&b'!') {
            made.blocked |= bit;
        }
        if prefixes.contains(&b'^') {
            made.ambient |= bit;
        }
        if prefixes != b"!" {
            made.inheritable |= bit;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<Capabilities> {
        let mut made = Capabilities::default();
        add(&mut made, text.as_bytes()).map(|()| made)
    }

    #[test]
    fn names() {
        assert_eq!(bit(b"CAP_CHOWN"), Some(1));
        assert_eq!(bit(b"cap_net_bind_service"), Some(1 << 10));
        assert_eq!(bit(b"cap_checkpoint_restore"), Some(1 << 40));
        assert_eq!(bit(b"12"), Some(1 << 12));
        for bad in ["", "cap_", "chown", "cap_nothing", "64"] {
            assert_eq!(bit(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn iab() {
        let made = parsed("^CAP_NET_RAW,!cap_sys_admin,%cap_kill,cap_chown,!%cap_bpf").unwrap();
        assert_eq!(made.ambient, 1 << 13);
        assert_eq!(made.inheritable, 1 << 13 | 1 << 5 | 1 | 1 << 39);
        assert_eq!(made.blocked, 1 << 21 | 1 << 39);
        assert_eq!(parsed(""), Some(Capabilities::default()));
        assert_eq!(parsed("cap_kill,"), parsed("cap_kill"));
        for bad in [
            ",cap_kill",
            "cap_kill,,cap_chown",
            "^",
            "cap_kill cap_chown",
            "cap_kill, cap_chown",
        ] {
            assert_eq!(parsed(bad), None, "{bad}");
        }
    }
}
