//! What modules need: `modules.dep` (modules.dep(5)), and what is part of the kernel: `modules.builtin`.

use super::name::of_path;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

pub struct Depend {
    text: Vec<u8>,
    /// Where the line of each module is.
    lines: HashMap<String, Range<usize>>,
    builtin: HashSet<String>,
}

impl Depend {
    pub fn new(text: Vec<u8>, builtin: &[u8]) -> Self {
        let mut lines = HashMap::new();
        let mut start = 0;
        for line in text.split(|byte| *byte == b'\n') {
            let range = start..start + line.len();
            start = range.end + 1;
            let path = line.split(|byte| *byte == b':').next().unwrap_or_default();
            if let Ok(path) = std::str::from_utf8(path)
                && path.len() < line.len()
            {
                lines.insert(of_path(path), range);
            }
        }
        let builtin = String::from_utf8_lossy(builtin);
        let builtin = builtin.lines().filter(|line| !line.is_empty());
        let builtin = builtin.map(of_path).collect();
        Self {
            text,
            lines,
            builtin,
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.lines.contains_key(name)
    }

    pub fn is_builtin(&self, name: &str) -> bool {
        self.builtin.contains(name)
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The file of a module and the names of all that it needs, in the order in which they are to be loaded.
    pub fn get(&self, name: &str) -> Option<(&str, Vec<String>)> {
        let line = std::str::from_utf8(&self.text[self.lines.get(name)?.clone()]).ok()?;
        let (path, needs) = line.split_once(':')?;
        // What is needed first stands last.
        let mut needs: Vec<String> = needs.split_ascii_whitespace().rev().map(of_path).collect();
        needs.retain(|need| need != name);
        Some((path, needs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn needs_are_in_the_order_of_loading() {
        let depend = Depend::new(
            b"kernel/a/snd-pcm.ko: kernel/a/snd-timer.ko kernel/a/snd.ko\nkernel/a/snd.ko:\nno colon\nextra/x.ko.zst: kernel/a/snd.ko".to_vec(),
            b"kernel/b/virtio-pci.ko\n",
        );
        let (path, needs) = depend.get("snd_pcm").unwrap();
        assert_eq!(path, "kernel/a/snd-pcm.ko");
        assert_eq!(needs, ["snd", "snd_timer"]);
        assert_eq!(depend.get("snd"), Some(("kernel/a/snd.ko", Vec::new())));
        assert_eq!(depend.get("x").unwrap().0, "extra/x.ko.zst");
        assert!(depend.is_builtin("virtio_pci") && !depend.has("virtio_pci"));
        assert_eq!((depend.len(), depend.get("no colon")), (3, None));
    }

    proptest! {
        #[test]
        fn any_file_will_do(text: Vec<u8>, builtin: Vec<u8>, lines in "([a-c./]{0,6}:?[ a-c./]{0,8}\n){0,5}") {
            Depend::new(text, &builtin);
            let depend = Depend::new(lines.clone().into_bytes(), &builtin);
            for name in lines.split([':', '\n', '/']) {
                depend.get(name);
            }
        }
    }
}
