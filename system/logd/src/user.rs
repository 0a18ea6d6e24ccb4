//! A user of /etc/passwd (passwd(5)). Static programs have no use for the C library's name services.

/// Whom to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    pub uid: u32,
    pub gid: u32,
}

/// The user of a name in the text of a passwd(5).
pub fn find(passwd: &[u8], name: &str) -> Option<User> {
    passwd.split(|byte| *byte == b'\n').find_map(|line| {
        let mut fields = line.split(|byte| *byte == b':');
        if name.is_empty() || fields.next()? != name.as_bytes() {
            return None;
        }
        let mut ids = fields.skip(1).map(id);
        Some(User {
            uid: ids.next()??,
            gid: ids.next()??,
        })
    })
}

fn id(digits: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok()?;
    let good = text.bytes().all(|byte| byte.is_ascii_digit());
    // The last number means no user at all to the kernel.
    text.parse().ok().filter(|id| good && *id != u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_by_name() {
        let passwd = b"root:x:0:0::/root:/bin/sh\nlogd:x:101:102::/:/x\nbad:x:+1:1::/:\nbig:x:4294967295:1::/:\nshort:x:1\n";
        let expected = User { uid: 101, gid: 102 };
        assert_eq!(find(passwd, "logd"), Some(expected));
        for name in ["", "log", "bad", "big", "short"] {
            assert_eq!(find(passwd, name), None, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(passwd: Vec<u8>, name in "[a-z]{0,2}") {
            find(&passwd, &name);
        }
    }
}
