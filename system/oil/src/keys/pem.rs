//! PEM (RFC 7468), without headers inside.

use crate::digest::{base64, from_base64};

/// The first part of a PEM text with one of these labels: the label's place and the bytes.
pub fn pem(text: &[u8], labels: &[&str]) -> Option<(usize, Vec<u8>)> {
    let text = std::str::from_utf8(text).ok()?;
    let mut lines = text.lines().map(str::trim);
    loop {
        let line = lines.next()?;
        let begins = |label: &&str| line == format!("-----BEGIN {label}-----");
        let Some(label) = labels.iter().position(begins) else {
            continue;
        };
        let end = format!("-----END {}-----", labels[label]);
        let mut body = String::new();
        loop {
            let line = lines.next()?;
            if line == end {
                return Some((label, from_base64(body.as_bytes())?));
            }
            body.push_str(line);
        }
    }
}

/// The PEM text of DER bytes.
pub fn to_pem(label: &str, der: &[u8]) -> String {
    let body = base64(der);
    let lines: Vec<&str> = (0..body.len())
        .step_by(64)
        .map(|begin| &body[begin..body.len().min(begin + 64)])
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}
