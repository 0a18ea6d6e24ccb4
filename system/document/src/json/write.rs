//! A writer of JSON (RFC 8259).

use std::fmt::Write;

/// A value that is being written: call for members in order, then [`Json::finish`].
#[derive(Default)]
pub struct Json {
    text: String,
    /// What closes each open object and array.
    open: Vec<char>,
    /// Something stands before in the innermost one.
    follows: bool,
}

impl Json {
    pub fn object(&mut self) {
        self.begin('{', '}');
    }

    pub fn array(&mut self) {
        self.begin('[', ']');
    }

    fn begin(&mut self, open: char, close: char) {
        self.separate();
        self.text.push(open);
        self.open.push(close);
        self.follows = false;
    }

    /// Ends the innermost object or array.
    pub fn end(&mut self) {
        if let Some(close) = self.open.pop() {
            self.text.push(close);
        }
        self.follows = true;
    }

    /// The name of the value that comes next in an object.
    pub fn key(&mut self, name: &str) {
        self.separate();
        self.quote(name);
        self.text.push(':');
        self.follows = false;
    }

    pub fn string(&mut self, value: &str) {
        self.separate();
        self.quote(value);
    }

    /// Text; what is not UTF-8 becomes the replacement character.
    pub fn bytes(&mut self, value: &[u8]) {
        self.string(&String::from_utf8_lossy(value));
    }

    pub fn number(&mut self, value: impl Into<i64>) {
        self.integer(value.into());
    }

    #[inline(never)]
    fn integer(&mut self, value: i64) {
        self.separate();
        let _ = write!(self.text, "{value}");
    }

    /// A number that is given in hundredths.
    pub fn hundredths(&mut self, value: u64) {
        self.separate();
        let _ = write!(self.text, "{}.{:02}", value / 100, value % 100);
    }

    pub fn bool(&mut self, value: bool) {
        self.word(if value { "true" } else { "false" });
    }

    pub fn text_or_null(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.string(value),
            None => self.null(),
        }
    }

    pub fn null(&mut self) {
        self.word("null");
    }

    pub fn finish(self) -> String {
        self.text
    }

    fn word(&mut self, word: &str) {
        self.separate();
        self.text.push_str(word);
    }

    fn separate(&mut self) {
        if self.follows {
            self.text.push(',');
        }
        self.follows = true;
    }

    fn quote(&mut self, value: &str) {
        self.text.push('"');
        // What needs no escape goes in runs.
        let mut rest = value;
        let special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
        while let Some(at) = rest.bytes().position(special) {
            self.text.push_str(&rest[..at]);
            match rest.as_bytes()[at] {
                b'"' => self.text.push_str("\\\""),
                b'\\' => self.text.push_str("\\\\"),
                b'\n' => self.text.push_str("\\n"),
                b'\t' => self.text.push_str("\\t"),
                b'\r' => self.text.push_str("\\r"),
                control => {
                    let _ = write!(self.text, "\\u{control:04x}");
                }
            }
            rest = &rest[at + 1..];
        }
        self.text.push_str(rest);
        self.text.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_nest_and_text_is_escaped() {
        let mut json = Json::default();
        json.array();
        json.object();
        json.key("a\"b");
        json.bytes(b"\\ \x01\n\t\r\xff \xc3\xa9");
        json.key("n");
        json.number(-5);
        json.key("e");
        json.array();
        json.end();
        json.end();
        json.null();
        json.bool(true);
        json.end();
        let expected =
            "[{\"a\\\"b\":\"\\\\ \\u0001\\n\\t\\r\u{fffd} \u{e9}\",\"n\":-5,\"e\":[]},null,true]";
        assert_eq!(json.finish(), expected);
    }
}
