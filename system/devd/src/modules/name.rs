//! Names of modules and aliases: dashes and underscores are the same, but in brackets.

/// With underscores alone. What stands in brackets is a range of characters, and stays.
pub fn normalize(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    normalize_bytes(&mut bytes);
    // Dashes and underscores are single bytes of UTF-8, as before.
    String::from_utf8(bytes).unwrap_or_default()
}

/// The same in place.
pub fn normalize_bytes(text: &mut [u8]) {
    let mut brackets = false;
    for byte in text {
        match byte {
            b'[' => brackets = true,
            b']' => brackets = false,
            b'-' if !brackets => *byte = b'_',
            _ => {}
        }
    }
}

/// The name of the module in a file: `kernel/sound/core/snd-pcm.ko.zst` is `snd_pcm`.
pub fn of_path(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    normalize(file.split('.').next().unwrap_or(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_become_underscores() {
        assert_eq!(of_path("kernel/sound/core/snd-pcm.ko.zst"), "snd_pcm");
        assert_eq!(normalize("of:Ni2c-x[0-9]-y"), "of:Ni2c_x[0-9]_y");
        assert_eq!(normalize("ä-b"), "ä_b");
    }
}
