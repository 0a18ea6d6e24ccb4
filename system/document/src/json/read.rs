//! A reader of JSON (RFC 8259), with lines. Numbers are whole ones: no
//! declaration has others.

use crate::{Data, Error, Key, Table, Value};

/// So deep may arrays and objects lie in each other.
const DEEPEST: u32 = 64;

/// Reads one value that is the whole text.
///
/// # Errors
/// What is wrong, with its line.
pub fn parse(text: &[u8]) -> Result<Value, Error> {
    let mut reader = Reader {
        text,
        at: 0,
        line: 1,
        depth: 0,
    };
    let wrong = |reader: &Reader<'_>, what: String| Error {
        line: reader.line,
        what,
    };
    if std::str::from_utf8(text).is_err() {
        return Err(wrong(&reader, "it is not UTF-8".to_owned()));
    }
    let value = reader.value().map_err(|what| wrong(&reader, what))?;
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(wrong(&reader, "more follows the value".to_owned())),
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
    depth: u32,
}

impl Reader<'_> {
    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.text.get(self.at) {
            match byte {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' => {}
                _ => return Some(*byte),
            }
            self.at += 1;
        }
        None
    }

    fn take(&mut self, byte: u8) -> Result<(), String> {
        match self.peek() {
            Some(next) if next == byte => {
                self.at += 1;
                Ok(())
            }
            Some(next) => Err(format!(
                "'{}' is expected where '{}' stands",
                char::from(byte),
                next.escape_ascii()
            )),
            None => Err(format!("it ends where '{}' is expected", char::from(byte))),
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        let next = self.peek();
        let line = self.line;
        let data = match next {
            Some(b'{') => Data::Table(self.object()?),
            Some(b'[') => Data::Array(self.array()?),
            Some(b'"') => Data::Text(self.string()?),
            Some(b't') => self.word("true", Data::Boolean(true))?,
            Some(b'f') => self.word("false", Data::Boolean(false))?,
            Some(b'n') => self.word("null", Data::Null)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(other) => return Err(format!("'{}' begins no value", other.escape_ascii())),
            None => return Err("it ends where a value is expected".to_owned()),
        };
        Ok(Value { line, data })
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        match self.depth > DEEPEST {
            true => Err(format!("lists and objects lie more than {DEEPEST} deep")),
            false => Ok(()),
        }
    }

    fn object(&mut self) -> Result<Table, String> {
        self.deeper()?;
        self.take(b'{')?;
        let mut table = Table::default();
        if self.peek() != Some(b'}') {
            loop {
                self.peek();
                let line = self.line;
                let name = self.string()?;
                self.take(b':')?;
                let value = self.value()?;
                if table.get(&name).is_some() {
                    return Err(format!("'{name}' is there twice"));
                }
                table.0.push((Key { name, line }, value));
                if self.peek() != Some(b',') {
                    break;
                }
                self.at += 1;
            }
        }
        self.depth -= 1;
        self.take(b'}').map(|()| table)
    }

    fn array(&mut self) -> Result<Vec<Value>, String> {
        self.deeper()?;
        self.take(b'[')?;
        let mut values = Vec::new();
        if self.peek() != Some(b']') {
            loop {
                values.push(self.value()?);
                if self.peek() != Some(b',') {
                    break;
                }
                self.at += 1;
            }
        }
        self.depth -= 1;
        self.take(b']').map(|()| values)
    }

    fn word(&mut self, word: &str, data: Data) -> Result<Data, String> {
        if !self.text[self.at..].starts_with(word.as_bytes()) {
            return Err(format!("'{word}' is expected"));
        }
        self.at += word.len();
        Ok(data)
    }

    fn number(&mut self) -> Result<Data, String> {
        let rest = &self.text[self.at..];
        let part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.iter().take_while(|byte| part(byte)).count();
        let text = rest[..length].escape_ascii().to_string();
        let digits = text.strip_prefix('-').unwrap_or(&text);
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let leading = digits.len() > 1 && digits.starts_with('0');
        self.at += length;
        match text.parse() {
            Ok(number) if plain && !leading => Ok(Data::Integer(number)),
            _ => Err(format!("'{text}' is no whole number of 64 bits")),
        }
    }

    fn string(&mut self) -> Result<String, String> {
        self.take(b'"')?;
        let mut text = Vec::new();
        loop {
            let byte = *self.text.get(self.at).ok_or("a string does not end")?;
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => self.escape(&mut text)?,
                0..0x20 => {
                    return Err("a string has a control character: write \\n or \\u".to_owned());
                }
                other => text.push(other),
            }
        }
        String::from_utf8(text).map_err(|_| "a string is not UTF-8".to_owned())
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), String> {
        let letter = self.text.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        text.push(match letter {
            b'"' | b'\\' | b'/' => letter,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let character = self.unicode()?;
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            other => return Err(format!("there is no \\{}", other.escape_ascii())),
        });
        Ok(())
    }

    /// Four digits, or two times four for what needs more.
    fn unicode(&mut self) -> Result<char, String> {
        let first = self.four()?;
        let code = match first {
            0xd800..0xdc00 if self.text[self.at..].starts_with(b"\\u") => {
                self.at += 2;
                match self.four()? {
                    second @ 0xdc00..0xe000 => 0x10000 + ((first - 0xd800) << 10) + second - 0xdc00,
                    _ => first,
                }
            }
            other => other,
        };
        char::from_u32(code).ok_or_else(|| format!("\\u{first:04x} is half a character"))
    }

    fn four(&mut self) -> Result<u32, String> {
        let digits = self.text.get(self.at..self.at + 4);
        let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let text = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        self.at += 4;
        text.and_then(|text| u32::from_str_radix(text, 16).ok())
            .ok_or_else(|| "\\u needs four hexadecimal digits".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    #[test]
    fn values_and_their_lines() {
        let text = b"{\"a\": [1, -2],\n \"b\": {\"c\": \"x\\u00f6\\ud83d\\ude00\\n\"},\n\"d\": true, \"e\":null}";
        let value = parse(text).unwrap();
        assert_eq!(
            value.get("a").unwrap().array().unwrap()[1].integer(),
            Some(-2)
        );
        let inner = value.get("b").unwrap();
        assert_eq!(inner.line, 2);
        assert_eq!(inner.get("c").unwrap().text(), Some("xö😀\n"));
        assert_eq!(value.get("d").unwrap().line, 3);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line) in [
            ("", 1),
            ("{\n\"a\": 1.5}", 2),
            ("[1,\n2,\n]", 3),
            ("{\"a\":1,\n\"a\":2}", 2),
            ("\"x", 1),
            ("\"\\ud800\"", 1),
            ("[01]", 1),
            ("{} x", 1),
            ("{\"a\" 1}", 1),
            ("nul", 1),
            ("99999999999999999999", 1),
            ("\"\\u12", 1),
        ] {
            let told = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(told.starts_with(&format!("{line}: ")), "{text}: {told}");
        }
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(text: Vec<u8>) {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_written_is_read(text: String) {
            let mut json = Json::default();
            json.string(&text);
            let value = parse(json.finish().as_bytes()).unwrap();
            assert_eq!(value.text(), Some(&*text));
        }
    }
}
