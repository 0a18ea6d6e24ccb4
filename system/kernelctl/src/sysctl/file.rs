//! One file of assignments (sysctl.d(5)).

use crate::error::{Error, Result};
use crate::sysctl::name;
use document::Origin;

/// What one line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Below /proc/sys, with slashes; it may be a pattern.
    pub path: String,
    /// None: patterns leave it out (`-key` with no `=`).
    pub value: Option<String>,
    /// `-key = value`: that it cannot be set does not count.
    pub optional: bool,
    pub origin: Origin,
}

/// The assignments of a file, and what is wrong with other lines of it.
pub fn parse(file: &str, text: &[u8]) -> (Vec<Assignment>, Vec<Box<Error>>) {
    let (mut assignments, mut errors) = (Vec::new(), Vec::new());
    for (line, number) in text.split(|byte| *byte == b'\n').zip(1..) {
        let origin = Origin::new(file, number);
        match std::str::from_utf8(line) {
            Ok(line) => match one(line.trim(), &origin) {
                Ok(Some(assignment)) => assignments.push(assignment),
                Ok(None) => {}
                Err(error) => errors.push(error),
            },
            Err(_) => errors.push(Error::syntax(
                &origin,
                format_args!("this line is not UTF-8"),
            )),
        }
    }
    (assignments, errors)
}

/// One line without white space around it; none for a comment.
fn one(line: &str, origin: &Origin) -> Result<Option<Assignment>> {
    macro_rules! wrong {
        ($($text:tt)*) => {
            return Err(Error::syntax(origin, format_args!($($text)*)))
        };
    }
    if line.is_empty() || line.starts_with(['#', ';']) {
        return Ok(None);
    }
    let (key, value) = match line.split_once('=') {
        Some((key, value)) => (key, Some(value.trim().to_owned())),
        None => (line, None),
    };
    let (optional, key) = match key.strip_prefix('-') {
        Some(key) => (true, key.trim()),
        None => (false, key.trim()),
    };
    if value.is_none() && !optional {
        wrong!(
            "'{line}' is no assignment: write 'key = value', or '-key' for a key that patterns leave out"
        );
    }
    if value.as_ref().is_some_and(|value| value.contains('\0')) {
        wrong!("the value of '{key}' has a zero byte");
    }
    let Some(path) = name::path(key) else {
        wrong!("'{key}' is no name of a sysctl: write it as 'vm.swappiness' or 'vm/swappiness'");
    };
    Ok(Some(Assignment {
        path,
        value,
        optional,
        origin: origin.clone(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_mean_what_the_manual_says() {
        let text = b"# comment\n ; too\n\nvm.swappiness=10\n-kernel.x = a = b # c\n-net.a.b\nkernel/x=\r\n";
        let (found, errors) = parse("f", text);
        assert!(errors.is_empty(), "{errors:?}");
        let shown: Vec<_> = found
            .iter()
            .map(|a| (&*a.path, a.value.as_deref(), a.optional, a.origin.line))
            .collect();
        assert_eq!(
            shown,
            [
                ("vm/swappiness", Some("10"), false, 4),
                ("kernel/x", Some("a = b # c"), true, 5),
                ("net/a/b", None, true, 6),
                ("kernel/x", Some(""), false, 7),
            ]
        );
    }

    #[test]
    fn what_says_nothing_is_told_with_its_line() {
        let (found, errors) = parse(
            "f.conf",
            b"vm.swappiness\n= 5\n\xff = 1\na.b = 1\na/../b = 1",
        );
        assert_eq!(found.len(), 1);
        let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 4);
        for (told, start) in told.iter().zip([1, 2, 3, 5]) {
            assert!(told.starts_with(&format!("f.conf:{start}: ")), "{told}");
        }
        assert!(told[0].contains("vm.swappiness"));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(text: Vec<u8>) {
            parse("f", &text);
        }

        #[test]
        fn what_was_written_is_read(
            lines in proptest::collection::vec(("-?", "[a-z]{1,5}([.][a-z*]{1,5}){0,3}", "[a-z0-9 =#]{0,9}"), 0..20)
        ) {
            let text: String = lines.iter().map(|(dash, key, value)| format!("{dash}{key} = {value}\n")).collect();
            let (found, errors) = parse("f", text.as_bytes());
            assert!(errors.is_empty());
            assert_eq!(found.len(), lines.len());
            for (found, (dash, key, value)) in found.iter().zip(&lines) {
                assert_eq!(found.path, key.replace('.', "/"));
                assert_eq!(found.value.as_deref(), Some(value.trim()));
                assert_eq!(found.optional, !dash.is_empty());
            }
        }
    }
}
