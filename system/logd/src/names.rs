//! Levels and facilities of syslog(3) and RFC 5424, section 6.2.1.

/// The most urgent first.
pub const LEVELS: [&str; 8] = [
    "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
];

/// By their numbers.
pub const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp", "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];

pub const KERN: u8 = 0;
pub const USER: u8 = 1;
pub const SYSLOG: u8 = 5;

pub const ERR: u8 = 3;
pub const WARNING: u8 = 4;
pub const NOTICE: u8 = 5;
pub const INFO: u8 = 6;

/// A level by its name, one of its other names, or its number.
pub fn level(name: &str) -> Option<u8> {
    let name = match name {
        "panic" => "emerg",
        "error" => "err",
        "warn" => "warning",
        name => name,
    };
    find(&LEVELS, name).or_else(|| match name.as_bytes() {
        [digit @ b'0'..=b'7'] => Some(digit - b'0'),
        _ => None,
    })
}

pub fn facility(name: &str) -> Option<u8> {
    find(&FACILITIES, name)
}

fn find(names: &[&str], name: &str) -> Option<u8> {
    let at = names.iter().position(|known| *known == name)?;
    u8::try_from(at).ok()
}

/// The facility and level of a priority (`<N>` before a message). There are 24 facilities: what is beyond is a user's.
pub fn split(priority: u32) -> (u8, u8) {
    let facility = u8::try_from(priority >> 3).ok();
    let known = facility.filter(|facility| usize::from(*facility) < FACILITIES.len());
    (known.unwrap_or(USER), (priority & 7) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_priorities_split() {
        assert_eq!(level("warn"), Some(WARNING));
        assert_eq!(level("7"), Some(7));
        assert_eq!(level("8"), None);
        assert_eq!(level(""), None);
        assert_eq!(facility("local7"), Some(23));
        assert_eq!(facility("local8"), None);
        assert_eq!(split(30), (3, 6));
        assert_eq!(split(191), (23, 7));
        assert_eq!(split(192), (USER, 0));
        assert_eq!(split(u32::MAX), (USER, 7));
    }
}
