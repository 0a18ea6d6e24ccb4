//! Marks of the start for the kernel module alpenglow_bootstat, where it is loaded (`/proc/bootstat`): when the daemon began, when
//! the first service had started, when a login was offered, and when all of the system was up.
//!
//! The module comes in while services start. So they are kept, and written with their times once the service boot has
//! started: one attempt, for which nothing waits.

use rustix::fs::{Mode, OFlags, open};

/// What takes them.
const DEVICE: &str = "/dev/bootstat";

/// Services whose start offers a login, and those of which each has an argument.
const LOGINS: [&[u8]; 2] = [b"getty", b"console@"];

/// CLOCK_MONOTONIC in nanoseconds; zero is not yet.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Marks {
    first: u64,
    login: u64,
    boot: u64,
}

impl Marks {
    /// A service has started.
    pub fn started(&mut self, name: &[u8], time: u64, began: u64) {
        self.note(name, time);
        if name == b"boot" && self.boot == 0 {
            self.boot = time;
            self.write(began);
        }
    }

    fn note(&mut self, name: &[u8], time: u64) {
        if self.first == 0 {
            self.first = time;
        }
        let offers = |login: &&[u8]| match login.ends_with(b"@") {
            true => name.starts_with(login),
            false => name == *login,
        };
        if self.login == 0 && LOGINS.iter().any(offers) {
            self.login = time;
        }
    }

    /// What there is, a line each as the module takes it.
    fn lines(&self, began: u64) -> impl Iterator<Item = String> {
        [
            ("dinit", began),
            ("first-service", self.first),
            ("login", self.login),
            ("boot", self.boot),
        ]
        .into_iter()
        .filter(|(_, time)| *time != 0)
        .map(|(name, time)| format!("{name} {time}"))
    }

    fn write(&self, began: u64) {
        let flags = OFlags::WRONLY | OFlags::CLOEXEC;
        let Ok(device) = open(DEVICE, flags, Mode::empty()) else {
            return;
        };
        for line in self.lines(began) {
            // One of that name is there when boot was started once before.
            let _ = rustix::io::write(&device, line.as_bytes());
        }
    }
}

/// What the module makes of them.
#[cfg(test)]
#[path = "../../../../kernel/alpenglow_bootstat/marks.rs"]
mod module;

#[cfg(test)]
mod tests {
    use super::module::{MAX_MARKS, MAX_NAME, Refusal, Source};
    use super::*;

    #[test]
    fn the_first_of_each_counts() {
        let mut marks = Marks::default();
        for (name, time) in [
            (&b"devd"[..], 10),
            (b"getty-not", 11),
            (b"console@ttyS1", 12),
            (b"getty", 13),
        ] {
            marks.note(name, time);
        }
        let lines: Vec<String> = marks.lines(5).collect();
        assert_eq!(lines, ["dinit 5", "first-service 10", "login 12"]);
        marks.boot = 20;
        assert_eq!(marks.lines(5).last().unwrap(), "boot 20");
    }

    #[test]
    fn the_module_takes_them_and_puts_them_where_they_belong() {
        let mut all = module::Marks::new();
        all.add(b"init", 3, Source::Kernel).unwrap();
        all.write(b"other\n", 15).unwrap();
        let marks = Marks {
            first: 10,
            login: 12,
            boot: 20,
        };
        for line in marks.lines(5) {
            assert_eq!(all.write(line.as_bytes(), 30), Ok(()), "{line}");
        }
        assert_eq!(
            all.to_string(),
            "3 kernel init\n5 user dinit\n10 user first-service\n12 user login\n15 user other\n20 user boot\n"
        );
    }

    #[test]
    fn the_module_refuses_what_is_no_mark() {
        let mut all = module::Marks::new();
        let long = "x".repeat(MAX_NAME + 1);
        for (text, refusal) in [
            ("", Refusal::Malformed),
            ("\n", Refusal::Malformed),
            ("a\tb", Refusal::Malformed),
            ("a ", Refusal::Malformed),
            ("a b", Refusal::Malformed),
            ("a -1", Refusal::Malformed),
            ("a 31", Refusal::Malformed),
            ("a 99999999999999999999", Refusal::Malformed),
            (&*long, Refusal::Long),
        ] {
            assert_eq!(all.write(text.as_bytes(), 30), Err(refusal), "{text:?}");
        }
        assert_eq!(all.write(&long.as_bytes()[1..], 30), Ok(()));
        assert_eq!(all.write(&long.as_bytes()[1..], 30), Err(Refusal::Known));
        for number in 1..MAX_MARKS {
            assert_eq!(all.write(format!("m{number}").as_bytes(), 30), Ok(()));
        }
        assert_eq!(all.write(b"one", 30), Err(Refusal::Full));
        assert_eq!(all.to_string().lines().count(), MAX_MARKS);
    }
}
