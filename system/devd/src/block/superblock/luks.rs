//! LUKS 1 and 2 (LUKS On-Disk Format Specification 1.2.3; LUKS2 On-Disk Format Specification 1.1.0; big-endian).

use super::label;
use crate::block::Contents;
use crate::block::source::{Source, be16};

pub fn look(source: &Source) -> Option<Contents> {
    let header = source.read(0, 592)?;
    let version = be16(&header, 6);
    if !header.starts_with(b"LUKS\xba\xbe") || !(1..=2).contains(&version) {
        return None;
    }
    let uuid = label(&header[168..208]).and_then(|text| String::from_utf8(text).ok());
    Some(Contents {
        kind: "crypto_LUKS",
        uuid: uuid.filter(|text| {
            text.bytes()
                .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        }),
        label: (version == 2).then(|| label(&header[24..72])).flatten(),
    })
}
