//! The instruction counter: a TCG plugin in C, and what it says.
//!
//! Debian ships neither a plugin nor QEMU's plugin header, so the builder compiles [`source`] with
//! [`compile_arguments`] against the interface of the QEMU that it installed. The file's head says
//! how counting stays deterministic.
//!
//! Counts are of translated blocks as they start: a block that an exception or a device access cuts
//! short is counted whole, 0.1 % in a kernel's boot, and the same on every run.

use crate::error::{Error, Result};
use crate::spec::{Marker, Spec};

/// The plugin's source, a single file of C.
pub fn source() -> &'static str {
    include_str!("counter.c")
}

/// What begins each line of the plugin's.
const PREFIX: &str = "alpenglow-counter: ";

/// The arguments for a C compiler that make the plugin for a QEMU of `version` (`7.2.22`, Debian's
/// `1:7.2+dfsg-7`, or the line that `qemu-system-… --version` prints); `-o FILE` and the source
/// file are the caller's.
///
/// # Errors
/// No version in the text.
pub fn compile_arguments(version: &str) -> Result<Vec<String>> {
    let major = major(version).ok_or_else(|| Error::QemuVersion {
        version: version.to_owned(),
    })?;
    // QEMU 9 replaced global counters by scoreboards (API 2); QEMU 11's callbacks lost the
    // plugin's number (API 7).
    let api = match major {
        ..=8 => 1,
        9 | 10 => 2,
        11.. => 7,
    };
    let mut arguments: Vec<String> = "-std=gnu11 -O2 -Wall -Wextra -Werror -fPIC -shared"
        .split(' ')
        .map(str::to_owned)
        .collect();
    arguments.push("-fvisibility=hidden".to_owned());
    arguments.push(format!("-DQEMU_PLUGIN_API={api}"));
    Ok(arguments)
}

/// The first number of the first word that looks like a version.
fn major(version: &str) -> Option<u32> {
    version.split_whitespace().find_map(|word| {
        let word = match word.split_once(':') {
            Some((_epoch, rest)) => rest,
            None => word,
        };
        let (number, _) = word.split_once('.')?;
        number.parse().ok()
    })
}

/// QEMU's `-plugin` argument for a machine's markers.
///
/// # Errors
/// A marker that the plugin cannot take.
pub(crate) fn plugin_argument(path: &str, spec: &Spec) -> Result<String> {
    // A comma in a value of QEMU's options is written twice.
    let mut argument = format!("file={}", path.replace(',', ",,"));
    if let Some(late) = spec.markers.get(16) {
        return Err(bad(late));
    }
    for marker in &spec.markers {
        let name_fits = (1..=31).contains(&marker.name.len())
            && marker
                .name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !name_fits || !(1..=128).contains(&marker.text.len()) {
            return Err(bad(marker));
        }
        argument.push_str(&format!(",marker={}:", marker.name));
        for byte in marker.text.bytes() {
            argument.push_str(&format!("{byte:02x}"));
        }
    }
    Ok(argument)
}

fn bad(marker: &Marker) -> Error {
    Error::Marker {
        name: marker.name.clone(),
    }
}

/// How far one event of a boot is from reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Instructions the guest executed, firmware and decompression included.
    pub instructions: u64,
    /// The guest's clock in ns: an instruction takes one, idle time is leapt over but counts.
    pub guest_ns: u64,
}

impl Sample {
    /// The guest's clock in ms.
    pub fn guest_ms(&self) -> f64 {
        self.guest_ns as f64 / 1e6
    }
}

/// An event in a line of standard error, by its name. A QEMU that does not export its clock gives
/// no time: then an instruction is a nanosecond, as `-icount shift=0` says, and idle time is missing.
pub(crate) fn event(line: &str) -> Option<(&str, Sample)> {
    let mut words = line.strip_prefix(PREFIX)?.split_whitespace();
    let name = words.next()?;
    let instructions = words.next()?.parse().ok()?;
    let guest_ns = match words.next() {
        Some(word) => word.parse().ok()?,
        None => instructions,
    };
    let sample = Sample {
        instructions,
        guest_ns,
    };
    words.next().is_none().then_some((name, sample))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alpenglow_builder::Arch;

    #[test]
    fn versions_choose_the_interface() {
        let api = |version| compile_arguments(version).unwrap().pop().unwrap();
        assert_eq!(api("7.2.22"), "-DQEMU_PLUGIN_API=1");
        assert_eq!(
            api("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)"),
            "-DQEMU_PLUGIN_API=1"
        );
        assert_eq!(api("1:7.2+dfsg-7+deb12u18"), "-DQEMU_PLUGIN_API=1");
        assert_eq!(api("1:10.0.13+ds-0"), "-DQEMU_PLUGIN_API=2");
        assert_eq!(api("11.1.3"), "-DQEMU_PLUGIN_API=7");
        assert!(compile_arguments("newest").is_err());
    }

    #[test]
    fn lines_of_the_plugin_are_told_from_qemus() {
        let sample = |instructions, guest_ns| Sample {
            instructions,
            guest_ns,
        };
        assert_eq!(
            event("alpenglow-counter: login 84600000 84700000"),
            Some(("login", sample(84_600_000, 84_700_000)))
        );
        assert_eq!(
            event("alpenglow-counter: login 5\n"),
            Some(("login", sample(5, 5)))
        );
        for other in [
            "alpenglow-counter: bad argument 'x=y'",
            "alpenglow-counter: login",
            "alpenglow-counter: login 1 2 3",
            "qemu-system-x86_64: warning: 1 2",
        ] {
            assert_eq!(event(other), None, "{other}");
        }
    }

    #[test]
    fn markers_are_sent_in_hexadecimal() {
        let mut spec = Spec::new("t", Arch::X86_64, "k", "i");
        spec.markers = vec![Marker::login()];
        assert_eq!(
            plugin_argument("/a,b/counter.so", &spec).unwrap(),
            "file=/a,,b/counter.so,marker=login:6c6f67696e3a20"
        );
        spec.markers[0].name = "Log in".to_owned();
        assert!(plugin_argument("c.so", &spec).is_err());
        spec.markers = vec![Marker::new("long", "x".repeat(129))];
        assert!(plugin_argument("c.so", &spec).is_err());
        spec.markers = (0..17).map(|n| Marker::new(format!("m{n}"), "x")).collect();
        assert!(plugin_argument("c.so", &spec).is_err());
    }
}
