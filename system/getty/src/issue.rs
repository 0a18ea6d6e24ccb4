//! `/etc/issue`: the text above the prompt.

use bare::sys::Uname;

use crate::buffer::Buffer;

/// The letter of each of uname's texts.
const LETTERS: [u8; 5] = *b"snrvm";

/// Appends `issue` with its escapes replaced: `\s` system, `\n` node, `\r` release, `\v` version, `\m` machine, all as
/// uname(1) has them, `\l` the terminal's name. Any other byte after a backslash stands for itself.
pub fn expand<const N: usize>(issue: &[u8], names: &Uname, tty: &[u8], out: &mut Buffer<N>) {
    let mut bytes = issue.iter();
    while let Some(&byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
        } else if let Some(&escape) = bytes.next() {
            if escape == b'l' {
                out.append(tty);
            } else if let Some((_, name)) = LETTERS
                .iter()
                .zip(names)
                .find(|&(&letter, _)| letter == escape)
            {
                out.append(name);
            } else {
                out.push(escape);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(text: &str) -> [u8; 65] {
        let mut field = [0; 65];
        field[..text.len()].copy_from_slice(text.as_bytes());
        field
    }

    fn expanded(issue: &str) -> String {
        let names = ["Linux", "box", "7.2.13", "#1 SMP", "x86_64", "(none)"].map(field);
        let mut out = Buffer::<128>::new();
        expand(issue.as_bytes(), &names, b"ttyS0", &mut out);
        String::from_utf8(out.bytes().to_vec()).unwrap()
    }

    #[test]
    fn escapes_are_those_of_uname_and_the_terminal() {
        assert_eq!(
            expanded("Alpenglow \\s \\r (\\m) \\n \\l\n"),
            "Alpenglow Linux 7.2.13 (x86_64) box ttyS0\n"
        );
        assert_eq!(expanded("\\v"), "#1 SMP");
    }

    #[test]
    fn other_escapes_stand_for_themselves() {
        assert_eq!(expanded("a\\\\b\\qc"), "a\\bqc");
        assert_eq!(expanded("end\\"), "end");
        assert_eq!(expanded(""), "");
    }
}
