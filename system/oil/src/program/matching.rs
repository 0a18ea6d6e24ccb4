//! Patterns of names: as those of a shell, but a star stands for slashes as well.

use oil::protected_paths::glob_matches;

/// What a pattern asks for.
pub enum Pattern {
    /// This text.
    Exact(String),
    /// A text that fits.
    Glob(String),
    /// A text with a part that fits, be letters large or small.
    Part(String),
}

/// A slash is a letter as others here.
fn plain(text: &str) -> String {
    text.replace('/', "\u{1}")
}

impl Pattern {
    /// As `list` and `query` take it.
    pub fn new(text: &str) -> Self {
        if text.contains(['*', '?', '[', '\\']) {
            Self::Glob(plain(text))
        } else {
            Self::Exact(text.to_owned())
        }
    }

    /// As `search` takes it.
    pub fn part(text: &str) -> Self {
        Self::Part(format!("*{}*", plain(&text.to_ascii_lowercase())))
    }

    /// Whether a text fits.
    pub fn fits(&self, text: &str) -> bool {
        match self {
            Self::Exact(own) => own == text,
            Self::Glob(glob) => glob_matches(glob.as_bytes(), plain(text).as_bytes()),
            Self::Part(glob) => glob_matches(
                glob.as_bytes(),
                plain(&text.to_ascii_lowercase()).as_bytes(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits() {
        assert!(Pattern::new("so:*").fits("so:lib/x.so.1") && !Pattern::new("so").fits("so:x"));
        assert!(Pattern::part("FO*c").fits("libfoo-doc") && !Pattern::part("x").fits("foo"));
        assert!(Pattern::new("a?c").fits("abc") && !Pattern::new("a*").fits("ba"));
    }
}
