//! The lines of a description: settings, meta commands, comments, continuation, quotes (dinit-service(5), SERVICE
//! PROPERTIES).

/// How a value is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `=` or `:`, which mean the same.
    Set,
    /// `+=`
    Append,
}

/// One line that says something, with its continuation lines.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    Setting {
        name: &'a [u8],
        operator: Operator,
        value: &'a [u8],
    },
    /// `@name value`
    Meta { name: &'a [u8], value: &'a [u8] },
}

/// A value without quotes, escapes and comments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// White space outside of quotes is one blank.
    pub text: Vec<u8>,
    /// Where each word begins and ends in `text`.
    pub words: Vec<(usize, usize)>,
}

impl Value {
    pub fn words(&self) -> impl Iterator<Item = &[u8]> {
        self.words
            .iter()
            .map(|(start, end)| &self.text[*start..*end])
    }

    /// Adds the words of another.
    pub fn append(&mut self, other: &Value) {
        if !self.text.is_empty() {
            self.text.push(b' ');
        }
        let before = self.text.len();
        self.text.extend_from_slice(&other.text);
        let moved = |(start, end): &(usize, usize)| (start + before, end + before);
        self.words.extend(other.words.iter().map(moved));
    }
}

/// What is wrong in which line.
pub type Wrong = (u32, &'static str);

/// The lines of one file.
pub struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    /// Line number, from 1, of what `at` is in.
    line: u32,
}

/// `isspace` of the C locale.
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
        }
    }

    /// Goes past the line and those that continue it; gives where it ends.
    fn extent(&mut self) -> Result<usize, &'static str> {
        loop {
            let rest = &self.text[self.at..];
            let length = rest.iter().position(|byte| *byte == b'\n');
            let end = self.at + length.unwrap_or(rest.len());
            let physical = &self.text[self.at..end];
            self.at = end + usize::from(length.is_some());
            self.line += 1;
            let slashes = physical.iter().rev().take_while(|byte| **byte == b'\\');
            if slashes.count() % 2 == 0 {
                return Ok(end);
            }
            match self.text.get(self.at) {
                None => return Err("the file ends after a continuing '\\'"),
                Some(byte) if !is_space(*byte) || *byte == b'\n' => {
                    return Err("the next line continues this one but does not begin with a blank");
                }
                Some(_) => {}
            }
        }
    }
}

/// Each line that says something, and its number. After an error comes the line that follows.
impl<'a> Iterator for Lines<'a> {
    type Item = Result<(u32, Line<'a>), Wrong>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.at < self.text.len() {
            let mut line = self.line;
            let start = self.at;
            let whole = match self.extent() {
                Ok(end) => &self.text[start..end],
                Err(what) => return Some(Err((self.line - 1, what))),
            };
            if whole.contains(&0) {
                return Some(Err((line, "a NUL byte is not allowed")));
            }
            let text = skip_space(whole, &mut line);
            match text.first() {
                None | Some(b'#') => {}
                Some(b'@') => {
                    let (name, value) = split_name(&text[1..]);
                    return Some(Ok((line, Line::Meta { name, value })));
                }
                Some(_) => return Some(setting(text, line)),
            }
        }
        None
    }
}

fn setting(text: &[u8], mut line: u32) -> Result<(u32, Line<'_>), Wrong> {
    let (name, rest) = split_name(text);
    let first = line;
    let rest = skip_space(rest, &mut line);
    let (operator, value) = match rest {
        _ if name.is_empty() => return Err((first, "no setting has such a name")),
        [b'=' | b':', value @ ..] => (Operator::Set, value),
        [b'+', b'=', value @ ..] => (Operator::Append, value),
        _ => return Err((first, "expected '=', ':' or '+=' after the setting's name")),
    };
    let line_is = Line::Setting {
        name,
        operator,
        value,
    };
    Ok((line, line_is))
}

/// Splits a name off the front: letters, digits, `-`, `.`, `_` and bytes above 127, none of the first three in front.
fn split_name(text: &[u8]) -> (&[u8], &[u8]) {
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte) || byte > 127;
    match text.first() {
        Some(byte) if byte.is_ascii_digit() || b"-.".contains(byte) => (&[], text),
        _ => {
            let end = text.iter().position(|byte| !named(*byte));
            text.split_at(end.unwrap_or(text.len()))
        }
    }
}

/// Past blanks and continued line ends, which are counted.
fn skip_space<'a>(mut text: &'a [u8], line: &mut u32) -> &'a [u8] {
    loop {
        match text {
            [b'\\', b'\n', rest @ ..] => {
                *line += 1;
                text = rest;
            }
            [byte, rest @ ..] if is_space(*byte) => {
                *line += u32::from(*byte == b'\n');
                text = rest;
            }
            _ => return text,
        }
    }
}

/// Past blanks, continued line ends and comments.
fn skip_comments<'a>(mut text: &'a [u8], line: &mut u32) -> &'a [u8] {
    loop {
        text = skip_space(text, line);
        if text.first() != Some(&b'#') {
            return text;
        }
        let end = text.iter().position(|byte| *byte == b'\n');
        text = &text[end.unwrap_or(text.len())..];
    }
}

/// Reads a value. `line` is that in which it begins.
pub fn value(text: &[u8], mut line: u32) -> Result<Value, Wrong> {
    let mut value = Value::default();
    let mut rest = skip_space(text, &mut line);
    let mut word = None;
    while let [byte, after @ ..] = rest {
        let continued = *byte == b'\\' && after.first() == Some(&b'\n');
        if is_space(*byte) || continued {
            if let Some(start) = word.take() {
                value.words.push((start, value.text.len()));
            }
            rest = skip_comments(rest, &mut line);
            if !rest.is_empty() {
                value.text.push(b' ');
            }
            continue;
        }
        if *byte == b'#' {
            let what = "a comment ('#') needs a blank before it, and a value before that";
            return Err((line, what));
        }
        word.get_or_insert(value.text.len());
        rest = match byte {
            b'"' => quoted(after, &mut value.text, &mut line)?,
            b'\\' => {
                value.text.extend(after.first());
                after.get(1..).unwrap_or_default()
            }
            _ => {
                value.text.push(*byte);
                after
            }
        };
    }
    if let Some(start) = word {
        value.words.push((start, value.text.len()));
    }
    Ok(value)
}

/// Reads up to the closing quote; gives what follows it.
fn quoted<'a>(mut rest: &'a [u8], out: &mut Vec<u8>, line: &mut u32) -> Result<&'a [u8], Wrong> {
    let opened = *line;
    loop {
        match rest {
            [b'"', after @ ..] => return Ok(after),
            [b'\\', byte, after @ ..] | [byte, after @ ..] => {
                *line += u32::from(*byte == b'\n');
                out.push(*byte);
                rest = after;
            }
            [] => return Err((opened, "a quoted string is not closed")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let value = value(text.as_bytes(), 1).unwrap();
        let text = |word: &[u8]| String::from_utf8(word.to_vec()).unwrap();
        value.words().map(text).collect()
    }

    fn all(text: &[u8]) -> Vec<Result<(u32, Line<'_>), Wrong>> {
        Lines::new(text).collect()
    }

    fn set<'a>(name: &'a str, operator: Operator, value: &'a str) -> Line<'a> {
        Line::Setting {
            name: name.as_bytes(),
            operator,
            value: value.as_bytes(),
        }
    }

    #[test]
    fn operators_and_comments() {
        let text = b"# a\n\n a = b\nc:d # e\n\tcommand += f\r\n@include x y\nlast=";
        assert_eq!(
            all(text),
            [
                Ok((3, set("a", Operator::Set, " b"))),
                Ok((4, set("c", Operator::Set, "d # e"))),
                Ok((5, set("command", Operator::Append, " f\r"))),
                Ok((
                    6,
                    Line::Meta {
                        name: b"include",
                        value: b" x y"
                    }
                )),
                Ok((7, set("last", Operator::Set, ""))),
            ]
        );
    }

    #[test]
    fn bad_lines_do_not_hide_the_next() {
        for bad in [
            "x",
            "= y",
            "1a = b",
            "-a = b",
            "a + b",
            "a b = c",
            "a\u{0} = b",
            "a == b\\",
        ] {
            let text = format!("{bad}\nok = 1\n");
            let found = all(text.as_bytes());
            assert!(found[0].is_err(), "{bad:?}: {found:?}");
            if !bad.ends_with('\\') {
                assert_eq!(found[1], Ok((2, set("ok", Operator::Set, " 1"))), "{bad:?}");
            }
        }
    }

    #[test]
    fn continuation() {
        let text = b"a = x \\\n  y # z \\\n  w\nb = c\\\\\nd = e\\";
        let found = all(text);
        let Ok((1, Line::Setting { value: raw, .. })) = found[0] else {
            panic!("{found:?}")
        };
        assert_eq!(words(std::str::from_utf8(raw).unwrap()), ["x", "y", "w"]);
        assert_eq!(found[1], Ok((4, set("b", Operator::Set, " c\\\\"))));
        assert_eq!(found[2], Err((5, "the file ends after a continuing '\\'")));
        assert!(all(b"a = b\\\nc = d\n")[0].is_err());
        // A comment is continued as well, and is a comment still.
        assert_eq!(all(b"# a \\\n  b = c\n"), []);
    }

    #[test]
    fn quotes_and_escapes() {
        assert_eq!(
            words(r#" a  "b  c"d \" e\ f "" "#),
            ["a", "b  cd", "\"", "e f", ""]
        );
        assert_eq!(words(r#""a\"b" \\ "\\""#), ["a\"b", "\\", "\\"]);
        assert_eq!(words("a # b # c"), ["a"]);
        assert_eq!(words(r##"a "# b" \# c"##), ["a", "# b", "#", "c"]);
        assert_eq!(value(b"a   b  # c", 1).unwrap().text, b"a b");
        for bad in ["a#b", "# a", "\"a", "a \"b \\\" c"] {
            assert!(value(bad.as_bytes(), 1).is_err(), "{bad}");
        }
    }

    #[test]
    fn errors_know_their_line() {
        assert_eq!(
            value(b"a \\\n b \\\n \"c", 3),
            Err((5, "a quoted string is not closed"))
        );
    }

    #[test]
    fn appending_keeps_words() {
        let mut first = value(b"a \"b c\"", 1).unwrap();
        first.append(&value(b"d", 1).unwrap());
        assert_eq!(first.words().collect::<Vec<_>>(), [&b"a"[..], b"b c", b"d"]);
        assert_eq!(first.text, b"a b c d");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(text: Vec<u8>) {
            for (line, line_is) in all(&text).into_iter().flatten() {
                let (Line::Setting { value: raw, .. } | Line::Meta { value: raw, .. }) = line_is;
                if let Ok(value) = value(raw, line) {
                    assert!(value.words().all(|word| word.len() <= raw.len()));
                }
            }
        }

        #[test]
        fn no_text_panics(text in "[ab\\\\\" #@=:+\n\t0]{0,60}") {
            for (line, line_is) in all(text.as_bytes()).into_iter().flatten() {
                let (Line::Setting { value: raw, .. } | Line::Meta { value: raw, .. }) = line_is;
                let _ = value(raw, line);
            }
        }
    }
}
