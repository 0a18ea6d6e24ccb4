//! What is sent.

use std::fmt::Write as _;

/// Bytes of a target that are written as `%` and two digits (RFC 3986, 2.2 and 2.3: neither reserved nor unreserved).
fn is_escaped(byte: u8) -> bool {
    !byte.is_ascii_graphic() || b"\"<>\\^`{|}".contains(&byte)
}

/// Whether a text may be the value of a field: no control character ends the line that it is in (RFC 9110, 5.5).
#[must_use]
pub fn is_text(value: &str) -> bool {
    !value
        .bytes()
        .any(|byte| byte.is_ascii_control() && byte != b'\t')
}

/// A request without a body: `method` `target`, and fields by name and value. Of the target, what must not stand there as it is gets escaped;
/// the fields are as they are given, and are [`is_text`].
#[must_use]
pub fn request<'a>(
    method: &str,
    target: &str,
    fields: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut text = format!("{method} ");
    for byte in target.bytes() {
        if is_escaped(byte) {
            // To a string, which does not fail.
            let _ = write!(text, "%{byte:02X}");
        } else {
            text.push(char::from(byte));
        }
    }
    text.push_str(" HTTP/1.1\r\n");
    for (name, value) in fields {
        for part in [name, ": ", value, "\r\n"] {
            text.push_str(part);
        }
    }
    text.push_str("\r\n");
    text
}
