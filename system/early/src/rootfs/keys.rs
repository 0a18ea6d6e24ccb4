//! The public keys that an image must be signed by, of which one suffices.

use common::root::Root;

/// Files `*.pub` of this folder have a key a line: 64 hexadecimal digits; what begins with `#` is a remark.
const FOLDER: &str = "/etc/glowfs";

/// As many as the kernel takes.
const MOST: usize = 8;

/// All keys.
///
/// # Errors
/// There is none, there are too many, or a line is no key: nothing is mounted that nobody vouches for.
pub fn read(root: &Root) -> Result<Vec<String>, String> {
    let mut keys = Vec::new();
    for file in root.files(&[FOLDER], ".pub") {
        let text = std::fs::read_to_string(root.at(&file))
            .map_err(|error| format!("{file}: {}", common::reason(&error)))?;
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            if line.len() != 64 || !line.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(format!(
                    "{file}:{}: not a key: 64 hexadecimal digits are one",
                    number + 1
                ));
            }
            keys.push(line.to_ascii_lowercase());
        }
    }
    match keys.len() {
        0 => Err(format!(
            "there is no key in {FOLDER} of the initramfs: put the public key of who signs the images there, as NAME.pub"
        )),
        1..=MOST => Ok(keys),
        many => Err(format!("{many} keys in {FOLDER}: the kernel takes {MOST}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_what_is_none_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        assert!(read(&root).unwrap_err().contains("there is no key"));
        std::fs::create_dir_all(root.at(FOLDER)).unwrap();
        let key = "0123456789ABCDEF".repeat(4);
        std::fs::write(
            root.at("/etc/glowfs/a.pub"),
            format!("# of the builder\n\n{key} # a remark\n"),
        )
        .unwrap();
        assert_eq!(read(&root).unwrap(), [key.to_lowercase()]);
        std::fs::write(root.at("/etc/glowfs/b.pub"), "\nabc\n").unwrap();
        assert_eq!(
            read(&root).unwrap_err(),
            "/etc/glowfs/b.pub:2: not a key: 64 hexadecimal digits are one"
        );
        std::fs::write(root.at("/etc/glowfs/b.pub"), format!("{key}\n").repeat(8)).unwrap();
        assert!(read(&root).unwrap_err().starts_with("9 keys"));
    }
}
