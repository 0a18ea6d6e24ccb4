//! What the kernel's command line says of the root.

use common::root::Root;

/// The words, as far as they are there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// `glowfs.image=`: a path in the initramfs, a device, `LABEL=` and its like, or `http://`.
    pub image: Option<String>,
    /// `glowfs.layer=`: the device whose file system has the writable layer; memory otherwise.
    pub layer: Option<String>,
    /// `glowfs.digest=`: the image's digest that is required, beside its signature.
    pub digest: Option<String>,
    /// `glowfs.errors=`: what is done about damage that is found later: `eio`, `panic`, `reboot`.
    pub errors: Option<String>,
    /// `glowfs.recovery`: a shell when it does not start.
    pub recovery: bool,
    /// `panic=`: seconds after which a machine that did not start does so anew.
    pub panic: Option<u64>,
    /// `init=`: what is started in place of /sbin/init.
    pub init: Option<String>,
    /// `ip=`: client, server, gateway, netmask, name, device, or `dhcp`, as the kernel has it (`Documentation/admin-guide/nfs/nfsroot.rst`).
    pub ip: Option<String>,
}

impl Words {
    /// Those of the kernel that runs.
    pub fn read(root: &Root) -> Self {
        Self::parse(&root.value("/proc/cmdline").unwrap_or_default())
    }

    /// Those of a line; of a word that is there twice the last counts. What stands behind `--` is not the kernel's.
    pub fn parse(line: &str) -> Self {
        let mut found = Self::default();
        for word in line.split_whitespace().take_while(|word| *word != "--") {
            let (name, value) = word
                .split_once('=')
                .map_or((word, None), |(name, value)| (name, Some(value.to_owned())));
            match name {
                "glowfs.image" => found.image = value,
                "glowfs.layer" => found.layer = value,
                "glowfs.digest" => found.digest = value,
                "glowfs.errors" => found.errors = value,
                "glowfs.recovery" => found.recovery = true,
                // Below zero the kernel restarts at once.
                "panic" => {
                    found.panic = value
                        .and_then(|value| value.parse::<i64>().ok())
                        .filter(|seconds| *seconds != 0)
                        .map(|seconds| seconds.max(0) as u64)
                }
                "init" => found.init = value,
                "ip" => found.ip = value,
                _ => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_among_others() {
        let words = Words::parse(
            "console=ttyS0 glowfs.image=LABEL=root glowfs.recovery panic=5 quiet glowfs.digest=ab -- glowfs.layer=x",
        );
        assert_eq!(words.image.as_deref(), Some("LABEL=root"));
        assert_eq!(words.digest.as_deref(), Some("ab"));
        assert_eq!(
            (words.recovery, words.panic, words.layer),
            (true, Some(5), None)
        );
        assert_eq!(Words::parse("panic=0").panic, None);
        assert_eq!(Words::parse("panic=-1").panic, Some(0));
        assert_eq!(
            Words::parse("glowfs.image=/a glowfs.image=/b")
                .image
                .as_deref(),
            Some("/b")
        );
        assert_eq!(Words::parse(""), Words::default());
    }
}
