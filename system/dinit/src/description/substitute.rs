//! Variables in values (dinit-service(5), VARIABLE SUBSTITUTION). What is put in is not looked at again.

use super::lines::is_space;

/// A variable's value by its name.
pub type Lookup<'a> = dyn Fn(&[u8]) -> Option<Box<[u8]>> + 'a;

/// Where variables come from. The argument of the service (`$1`) is apart, because without one `$1` is an error.
pub struct Variables<'a> {
    pub argument: Option<&'a [u8]>,
    pub lookup: &'a Lookup<'a>,
}

/// `${NAME:-word}` and its like.
#[derive(Clone, Copy)]
enum Otherwise<'a> {
    Plain,
    /// `-`: the word when the variable is not set. With the colon: or empty.
    Unless {
        colon: bool,
        word: &'a [u8],
    },
    /// `+`: the word when the variable is set. With the colon: and not empty.
    If {
        colon: bool,
        word: &'a [u8],
    },
}

/// One `$…`, past the dollar sign.
struct Reference<'a> {
    /// `$/`: split at blanks.
    split: bool,
    name: &'a [u8],
    otherwise: Otherwise<'a>,
    rest: &'a [u8],
}

impl Variables<'_> {
    /// Substitutes in a value that is one word, however many blanks are in it.
    pub fn text(&self, text: &[u8]) -> Result<Box<[u8]>, &'static str> {
        if !text.contains(&b'$') {
            return Ok(text.into());
        }
        let mut words = Vec::new();
        self.word(text, &mut |word| words.push(word))?;
        Ok(words.join(&b' ').into())
    }

    /// Substitutes in a word of a command: the outcome is one word, or with `$/NAME` any number.
    pub fn word(&self, text: &[u8], push: &mut dyn FnMut(Vec<u8>)) -> Result<(), &'static str> {
        let mut word = Vec::new();
        // Whether an empty word counts: not when all it consists of is what `$/NAME` found empty.
        let mut keep = !text.contains(&b'$');
        let mut rest = text;
        while let Some(at) = rest.iter().position(|byte| *byte == b'$') {
            word.extend_from_slice(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(b"$") {
                word.push(b'$');
                rest = after;
                continue;
            }
            let reference = reference(rest)?;
            rest = reference.rest;
            let found = self.resolve(&reference)?;
            if !reference.split {
                keep = true;
                word.extend_from_slice(&found);
                continue;
            }
            let mut pieces = found.split(|byte| is_space(*byte));
            word.extend_from_slice(pieces.next().unwrap_or_default());
            for piece in pieces {
                if keep || !word.is_empty() {
                    push(std::mem::take(&mut word));
                    keep = false;
                }
                word.extend_from_slice(piece);
            }
        }
        word.extend_from_slice(rest);
        if keep || !word.is_empty() {
            push(word);
        }
        Ok(())
    }

    fn resolve(&self, reference: &Reference<'_>) -> Result<Box<[u8]>, &'static str> {
        let argument = reference.name == b"1";
        let found = match argument {
            true => self.argument.map(Box::from),
            false => (self.lookup)(reference.name),
        };
        let filled = |colon: bool| {
            found
                .as_ref()
                .is_some_and(|text| !colon || !text.is_empty())
        };
        match reference.otherwise {
            Otherwise::Plain if argument && found.is_none() => {
                Err("$1 is used but the service was given no argument (NAME@ARGUMENT)")
            }
            Otherwise::Unless { colon, word } if !filled(colon) => Ok(word.into()),
            Otherwise::If { colon, word } if filled(colon) => Ok(word.into()),
            _ => Ok(found.unwrap_or_default()),
        }
    }
}

/// Takes a reference apart.
fn reference(mut rest: &[u8]) -> Result<Reference<'_>, &'static str> {
    let take = |rest: &mut &[u8], byte: u8| {
        let found = rest.first() == Some(&byte);
        *rest = &rest[usize::from(found)..];
        found
    };
    let split = take(&mut rest, b'/');
    let brace = take(&mut rest, b'{');
    let (name, after) = split_name(rest);
    rest = after;
    match name {
        [] => return Err("'$' is not followed by a variable's name ('$$' is a dollar sign)"),
        [digit, ..] if digit.is_ascii_digit() && name != b"1" => {
            return Err("a service has one argument only: $1");
        }
        _ => {}
    }
    let mut otherwise = Otherwise::Plain;
    if brace {
        let colon = take(&mut rest, b':');
        let minus = take(&mut rest, b'-');
        let plus = !minus && take(&mut rest, b'+');
        if colon && !minus && !plus {
            return Err("':' in a variable is not followed by '-' or '+'");
        }
        let open = "'{' of a variable is not closed by '}'";
        let end = match minus || plus {
            true => rest.iter().position(|byte| *byte == b'}').ok_or(open)?,
            false => 0,
        };
        let word = &rest[..end];
        rest = &rest[end..];
        if !take(&mut rest, b'}') {
            return Err(open);
        }
        if minus {
            otherwise = Otherwise::Unless { colon, word };
        } else if plus {
            otherwise = Otherwise::If { colon, word };
        }
    }
    Ok(Reference {
        split,
        name,
        otherwise,
        rest,
    })
}

/// Splits off a variable's name: digits alone, or letters, digits, `_` and bytes above 127.
fn split_name(text: &[u8]) -> (&[u8], &[u8]) {
    let number = text.first().is_some_and(u8::is_ascii_digit);
    let named = |byte: u8| match number {
        true => byte.is_ascii_digit(),
        false => byte.is_ascii_alphanumeric() || byte == b'_' || byte > 127,
    };
    let end = text.iter().position(|byte| !named(*byte));
    text.split_at(end.unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &[u8]) -> Option<Box<[u8]>> {
        let value: &[u8] = match name {
            b"A" => b"a",
            b"EMPTY" => b"",
            b"BLANK" => b"  ",
            b"LIST" => b"1 2\t3",
            b"PADDED" => b" 1 2 ",
            b"DOLLAR" => b"$A ${A}",
            b"n_1" => b"under",
            _ => return None,
        };
        Some(value.into())
    }

    fn words(text: &str, argument: Option<&[u8]>) -> Result<Vec<String>, &'static str> {
        let variables = Variables {
            argument,
            lookup: &lookup,
        };
        let mut words = Vec::new();
        variables.word(text.as_bytes(), &mut |word| {
            words.push(String::from_utf8(word).unwrap())
        })?;
        Ok(words)
    }

    #[test]
    fn every_form() {
        for (text, expected) in [
            ("", &[""][..]),
            ("x", &["x"]),
            ("$A", &["a"]),
            ("x$A.y", &["xa.y"]),
            ("$A-$n_1", &["a-under"]),
            ("${A}b$$", &["ab$"]),
            ("$$A", &["$A"]),
            ("$NONE", &[""]),
            ("${EMPTY:-w}", &["w"]),
            ("${EMPTY-w}", &[""]),
            ("${NONE:-w}${NONE-v}", &["wv"]),
            ("${A:-w}${A-w}", &["aa"]),
            ("${A:+w}${A+v}", &["wv"]),
            ("${EMPTY:+w}", &[""]),
            ("${EMPTY+w}", &["w"]),
            ("${NONE:+w}${NONE+w}", &[""]),
            ("${NONE-$A}", &["$A"]),
            ("${NONE:-}", &[""]),
            ("$DOLLAR", &["$A ${A}"]),
            ("$LIST", &["1 2\t3"]),
            ("$/LIST", &["1", "2", "3"]),
            ("x$/{LIST}y", &["x1", "2", "3y"]),
            ("$/LIST$/LIST", &["1", "2", "31", "2", "3"]),
            ("$/EMPTY", &[]),
            ("$/NONE$/BLANK", &[]),
            ("$/PADDED", &["1", "2"]),
            ("x$/PADDED", &["x", "1", "2"]),
            ("$/{PADDED}x", &["1", "2", "x"]),
            ("$EMPTY$/EMPTY", &[""]),
            ("$/EMPTY$EMPTY", &[""]),
            ("$/{NONE-1 2}", &["1", "2"]),
            ("${1}", &["arg"]),
            ("$1x", &["argx"]),
            ("$1.${1:+y}", &["arg.y"]),
        ] {
            assert_eq!(words(text, Some(b"arg")).unwrap(), expected, "{text}");
        }
        assert_eq!(words("${1-none}${1+some}", None).unwrap(), ["none"]);
    }

    #[test]
    fn bad_references() {
        for text in [
            "$", "a$ b", "$-", "${}", "${A", "${A:}", "${A:=b}", "${A-b", "$2", "$11", "${A b}",
            "$.x",
        ] {
            assert!(words(text, Some(b"")).is_err(), "{text}");
        }
        for text in ["$1", "${1}", "$/1"] {
            assert!(words(text, None).is_err(), "{text}");
        }
    }

    #[test]
    fn one_text() {
        let variables = Variables {
            argument: None,
            lookup: &lookup,
        };
        assert_eq!(&*variables.text(b"a b/$A c").unwrap(), b"a b/a c");
        assert_eq!(&*variables.text(b"$/LIST").unwrap(), b"1 2 3");
    }

    proptest::proptest! {
        #[test]
        fn terminates(text in "[$/{}:+A1NONE -]{0,40}") {
            if let Ok(words) = words(&text, Some(b"$1")) {
                assert!(words.len() <= text.len() + 1);
            }
        }
    }
}
