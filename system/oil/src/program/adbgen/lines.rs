//! The lines of a text that is structured by how far they are indented.

use std::borrow::Cow;

/// What is wrong with a text, and in which of its lines.
#[derive(Debug)]
pub struct Fault {
    /// From 1.
    pub line: usize,
    pub reason: String,
}

pub type Result<T> = std::result::Result<T, Fault>;

/// A line: its number, how many columns it is indented, and the rest of it.
#[derive(Clone, Copy)]
struct Line<'t> {
    number: usize,
    depth: usize,
    text: &'t str,
}

impl<'t> Line<'t> {
    /// Without spaces at its end.
    fn content(&self) -> &'t str {
        self.text.trim_end()
    }

    /// Whether it says nothing, as far as structure goes.
    fn is_idle(&self) -> bool {
        self.content().is_empty() || self.text.starts_with('#')
    }
}

/// Lines, the next one first.
pub struct Lines<'t> {
    lines: Vec<Line<'t>>,
    at: usize,
}

impl<'t> Lines<'t> {
    pub fn new(text: &'t str) -> Self {
        let lines = text.lines().enumerate().map(|(place, whole)| {
            let text = whole.trim_start_matches(' ');
            Line {
                number: place + 1,
                depth: whole.len() - text.len(),
                text,
            }
        });
        Self {
            lines: lines.collect(),
            at: 0,
        }
    }

    /// A fault of the next line.
    pub fn fault(&self, reason: &str) -> Fault {
        self.fault_at(self.at, reason)
    }

    /// A fault of the line before it.
    pub fn fault_before(&self, reason: &str) -> Fault {
        self.fault_at(self.at.saturating_sub(1), reason)
    }

    fn fault_at(&self, place: usize, reason: &str) -> Fault {
        let line = self.lines.get(place).or(self.lines.last());
        Fault {
            line: line.map_or(1, |line| line.number),
            reason: reason.to_owned(),
        }
    }

    /// How deep the next line is; none if there are no more.
    pub fn next_depth(&mut self) -> Option<usize> {
        while self.lines.get(self.at).is_some_and(Line::is_idle) {
            self.at += 1;
        }
        self.lines.get(self.at).map(|line| line.depth)
    }

    /// Goes on to the next line.
    pub fn take(&mut self) {
        self.at += 1;
    }

    /// The next line as `FIELD: REST`.
    pub fn field(&self) -> Result<(&'t str, &'t str)> {
        let text = self.lines[self.at].content();
        if text.starts_with('\t') {
            return Err(self.fault("a tab: lines are indented by spaces"));
        }
        let (field, rest) = text
            .split_once(':')
            .ok_or_else(|| self.fault("a field is expected, and a colon after its name"))?;
        if !rest.is_empty() && !rest.starts_with(' ') {
            return Err(self.fault("a space is expected after the colon of a field"));
        }
        Ok((field, rest.trim_start()))
    }

    /// The next line as `- REST`.
    pub fn item(&self) -> Result<&'t str> {
        let text = self.lines[self.at].content();
        let rest = text.strip_prefix('-');
        let rest = rest.filter(|rest| rest.is_empty() || rest.starts_with(' '));
        let rest = rest.ok_or_else(|| self.fault("an item is expected: a dash and a space"))?;
        Ok(rest.trim_start())
    }

    /// Goes inside an item whose first field may stand beside the dash, and tells how deep its fields are. None, and on
    /// to the next line, if there is nothing inside.
    pub fn inside_item(&mut self, rest: &'t str) -> Option<usize> {
        let line = &mut self.lines[self.at];
        let dash = line.depth;
        if !rest.is_empty() && !rest.starts_with('#') {
            line.depth += line.content().len() - rest.len();
            line.text = rest;
            return Some(line.depth);
        }
        self.at += 1;
        self.next_depth().filter(|depth| *depth > dash)
    }

    /// Sees to it that nothing but a comment stands beside what is told in deeper lines.
    pub fn nothing(&self, rest: &str) -> Result<()> {
        match rest.is_empty() || rest.starts_with('#') {
            true => Ok(()),
            false => Err(self.fault_before(&format!("deeper lines are expected, not '{rest}'"))),
        }
    }

    /// A text: what stands in the line that was taken last, or below it.
    pub fn text(&mut self, rest: &'t str, depth: usize) -> Result<Cow<'t, str>> {
        if rest == "|" {
            return Ok(self.block(depth).into());
        }
        if let Some(quoted) = rest.strip_prefix('\'') {
            let text = quoted.strip_suffix('\'');
            let text = text.map(|text| (text.replace("''", "\0"), text));
            return match text {
                Some((shown, _)) if !shown.contains('\'') => Ok(shown.replace('\0', "'").into()),
                _ => Err(self.fault_before("the quote does not end where the line does")),
            };
        }
        if rest.starts_with(['"', '&', '*', '!', '>', '%', '@', '`', '{', '[']) {
            let reason = "a text that begins so is put in single quotes";
            return Err(self.fault_before(reason));
        }
        if rest.starts_with('#') {
            return Ok("".into());
        }
        let end = rest.find(" #").unwrap_or(rest.len());
        Ok(rest[..end].trim_end().into())
    }

    /// The deeper lines, without what the first of them is indented, and without the end of the last.
    fn block(&mut self, depth: usize) -> String {
        let mut text = String::new();
        let mut left = None;
        let mut empty = 0;
        while let Some(line) = self.lines.get(self.at) {
            if line.content().is_empty() {
                empty += 1;
            } else {
                if line.depth <= depth {
                    break;
                }
                let columns = *left.get_or_insert(line.depth);
                if !text.is_empty() {
                    text.push('\n');
                }
                (0..empty).for_each(|_| text.push('\n'));
                empty = 0;
                let indent = line.depth.saturating_sub(columns);
                (0..indent).for_each(|_| text.push(' '));
                text.push_str(line.text);
            }
            self.at += 1;
        }
        text
    }
}
