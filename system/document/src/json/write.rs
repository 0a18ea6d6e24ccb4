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
        self.text.extend(self.open.pop());
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

    pub fn number(&mut self, value: i64) {
        self.word(&value.to_string());
    }

    pub fn bool(&mut self, value: bool) {
        self.word(if value { "true" } else { "false" });
    }

    pub fn text_or_null(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.string(value),
            None => self.word("null"),
        }
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
        let mut rest = value;
        while let Some(at) = rest.find(|c| matches!(c, '"' | '\\' | '\0'..='\x1f')) {
            let (plain, marked) = rest.split_at(at);
            self.text.push_str(plain);
            let (character, behind) = marked.split_at(1);
            let _ = match character {
                "\"" | "\\" => write!(self.text, "\\{character}"),
                _ => write!(self.text, "\\u{:04x}", character.as_bytes()[0]),
            };
            rest = behind;
        }
        self.text.push_str(rest);
        self.text.push('"');
    }
}
