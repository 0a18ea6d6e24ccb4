//! Strings of all four kinds.

use super::scan::Scan;

pub fn is_control(c: char) -> bool {
    matches!(c, '\0'..='\u{1f}' | '\u{7f}')
}

/// A string as a value.
pub fn any(scan: &mut Scan<'_>) -> Result<String, String> {
    if scan.rest().starts_with("\"\"\"") {
        several_lines(scan, "\"\"\"", true)
    } else if scan.rest().starts_with("'''") {
        several_lines(scan, "'''", false)
    } else if scan.peek() == Some('"') {
        basic(scan)
    } else {
        literal(scan)
    }
}

/// `"…"`
pub fn basic(scan: &mut Scan<'_>) -> Result<String, String> {
    scan.expect("\"")?;
    let mut text = String::new();
    loop {
        match scan.peek() {
            Some('"') => {
                scan.next();
                return Ok(text);
            }
            Some('\\') => {
                scan.next();
                text.push(escape(scan)?);
            }
            _ => text.push_str(plain(scan, |byte| matches!(byte, b'"' | b'\\'))?),
        }
    }
}

/// `'…'`
pub fn literal(scan: &mut Scan<'_>) -> Result<String, String> {
    scan.expect("'")?;
    let mut text = String::new();
    loop {
        match scan.peek() {
            Some('\'') => {
                scan.next();
                return Ok(text);
            }
            _ => text.push_str(plain(scan, |byte| byte == b'\'')?),
        }
    }
}

/// What stands for itself, up to a byte that does not; at least one character.
fn plain<'a>(scan: &mut Scan<'a>, special: fn(u8) -> bool) -> Result<&'a str, String> {
    let rest = scan.rest();
    let control = |byte: u8| is_control(char::from(byte)) && byte != b'\t';
    let length = rest.bytes().position(|byte| special(byte) || control(byte));
    let (run, after) = rest.split_at(length.unwrap_or(rest.len()));
    if !run.is_empty() {
        scan.take(run);
        return Ok(run);
    }
    Err(match after.bytes().next() {
        None | Some(b'\n' | b'\r') => "a string does not end in its line".to_owned(),
        Some(_) => "a string has a control character".to_owned(),
    })
}

/// What follows a backslash.
fn escape(scan: &mut Scan<'_>) -> Result<char, String> {
    let letter = scan.next().ok_or("a string does not end")?;
    Ok(match letter {
        '"' | '\\' => letter,
        'b' => '\u{8}',
        't' => '\t',
        'n' => '\n',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        'x' => return code(scan, 2),
        'u' => return code(scan, 4),
        'U' => return code(scan, 8),
        other => return Err(format!("there is no \\{}", other.escape_default())),
    })
}

fn code(scan: &mut Scan<'_>, digits: usize) -> Result<char, String> {
    let text = scan.rest().get(..digits).unwrap_or("");
    let wrong = || format!("a character of {digits} hexadecimal digits is expected");
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    let code = u32::from_str_radix(text, 16).map_err(|_| wrong())?;
    scan.take(text);
    char::from_u32(code).ok_or_else(wrong)
}

/// A string between three quotes. A newline right behind the first ones is no part of it.
fn several_lines(scan: &mut Scan<'_>, quotes: &str, escapes: bool) -> Result<String, String> {
    scan.expect(quotes)?;
    scan.newline();
    let mut text = String::new();
    loop {
        if scan.rest().starts_with(quotes) {
            // Up to two quotes may stand before the closing ones.
            let quote = quotes.as_bytes()[0];
            let rest = scan.rest().bytes();
            let many = rest.take_while(|byte| *byte == quote).count();
            let own = many.min(5) - 3;
            text.push_str(&quotes[..own]);
            for _ in 0..own + 3 {
                scan.next();
            }
            return Ok(text);
        }
        if scan.take("\r\n") {
            text.push_str("\r\n");
            continue;
        }
        match scan.peek() {
            None => return Err("a string does not end".to_owned()),
            Some('\\') if escapes => {
                scan.next();
                if !line_ends(scan) {
                    text.push(escape(scan)?);
                }
            }
            Some(c) if is_control(c) && !matches!(c, '\t' | '\n') => {
                return Err("a string has a control character".to_owned());
            }
            Some(c) => {
                scan.next();
                text.push(c);
            }
        }
    }
}

/// Behind a backslash: passes over the end of the line and all white space, if nothing else stands in the line.
fn line_ends(scan: &mut Scan<'_>) -> bool {
    let blanks = scan.rest().trim_start_matches([' ', '\t']);
    if !(blanks.starts_with('\n') || blanks.starts_with("\r\n")) {
        return false;
    }
    loop {
        scan.blanks();
        if !scan.newline() {
            return true;
        }
    }
}
