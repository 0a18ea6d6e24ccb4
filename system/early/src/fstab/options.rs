//! The fourth field: what mount(8) and systemd.mount(5) have for every file system, and what is the file system's own.

use rustix::mount::MountAttrFlags;

/// How events of mounts spread (mount_namespaces(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    Shared,
    Private,
    Slave,
    Unbindable,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub read_only: bool,
    pub attributes: MountAttrFlags,
    /// The file system's own, in their order; the kernel says which it does not know.
    pub own: Vec<(String, Option<String>)>,
    pub nofail: bool,
    pub noauto: bool,
    pub netdev: bool,
    /// Another place of the tree; with what is mounted below it.
    pub bind: Option<bool>,
    pub propagation: Option<(Propagation, bool)>,
    /// The place is made, with this mode, if it is not there.
    pub make: Option<u32>,
    /// Of swap.
    pub priority: Option<u16>,
    pub discard: Option<Discard>,
}

/// What is told to a disk that swap does not use (swapon(8)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discard {
    All,
    Once,
    Pages,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            read_only: false,
            attributes: MountAttrFlags::empty(),
            own: Vec::new(),
            nofail: false,
            noauto: false,
            netdev: false,
            bind: None,
            propagation: None,
            make: None,
            priority: None,
            discard: None,
        }
    }
}

/// What is on or off for a mount.
const ATTRIBUTES: &[(&str, bool, MountAttrFlags)] = &[
    ("nosuid", true, MountAttrFlags::MOUNT_ATTR_NOSUID),
    ("suid", false, MountAttrFlags::MOUNT_ATTR_NOSUID),
    ("nodev", true, MountAttrFlags::MOUNT_ATTR_NODEV),
    ("dev", false, MountAttrFlags::MOUNT_ATTR_NODEV),
    ("noexec", true, MountAttrFlags::MOUNT_ATTR_NOEXEC),
    ("exec", false, MountAttrFlags::MOUNT_ATTR_NOEXEC),
    ("nodiratime", true, MountAttrFlags::MOUNT_ATTR_NODIRATIME),
    ("diratime", false, MountAttrFlags::MOUNT_ATTR_NODIRATIME),
    ("nosymfollow", true, MountAttrFlags::MOUNT_ATTR_NOSYMFOLLOW),
    ("symfollow", false, MountAttrFlags::MOUNT_ATTR_NOSYMFOLLOW),
];

/// Who may mount and unmount by hand, and notes of other programs: no matter when a system starts.
const PASSED: &[&str] = &[
    "defaults",
    "auto",
    "nouser",
    "loud",
    "silent",
    "_rnetdev",
    "atime",
    "relatime",
    "norelatime",
    "nostrictatime",
    "fail",
    "",
];
/// The same, and what they imply (mount(8)).
const USERS: &[&str] = &["user", "users", "owner", "group"];

/// Reads them all.
///
/// # Errors
/// What is wrong with one.
pub fn read(text: &str) -> Result<Options, String> {
    let mut options = Options::default();
    for word in split(text) {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        take(&mut options, name, value)?;
    }
    Ok(options)
}

/// Commas in quotes separate nothing.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted) = (Vec::new(), 0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn take(options: &mut Options, name: &str, value: Option<&str>) -> Result<(), String> {
    if let Some((_, on, flag)) = ATTRIBUTES.iter().find(|(word, _, _)| *word == name) {
        options.attributes.set(*flag, *on);
        return Ok(());
    }
    if PASSED.contains(&name) || name == "comment" {
        return Ok(());
    }
    if USERS.contains(&name) {
        let implied = match name {
            "user" | "users" => {
                MountAttrFlags::MOUNT_ATTR_NOSUID
                    | MountAttrFlags::MOUNT_ATTR_NODEV
                    | MountAttrFlags::MOUNT_ATTR_NOEXEC
            }
            _ => MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV,
        };
        options.attributes |= implied;
        return Ok(());
    }
    let time = |options: &mut Options, flag: MountAttrFlags| {
        options.attributes.remove(MountAttrFlags::MOUNT_ATTR__ATIME);
        options.attributes |= flag;
    };
    match name {
        "ro" => options.read_only = true,
        "rw" => options.read_only = false,
        "noatime" => time(options, MountAttrFlags::MOUNT_ATTR_NOATIME),
        "strictatime" => time(options, MountAttrFlags::MOUNT_ATTR_STRICTATIME),
        "nofail" => options.nofail = true,
        "noauto" => options.noauto = true,
        "_netdev" => options.netdev = true,
        "bind" => options.bind = Some(false),
        "rbind" => options.bind = Some(true),
        "pri" => {
            let priority = value
                .and_then(|value| value.parse().ok())
                .filter(|number| *number <= 32767);
            options.priority = Some(priority.ok_or("pri= is a number from 0 to 32767")?);
        }
        // Of ext4 too, without a value.
        "discard" => {
            options.discard = Some(match value {
                Some("once") => Discard::Once,
                Some("pages") => Discard::Pages,
                _ => Discard::All,
            });
            options
                .own
                .push((name.to_owned(), value.map(str::to_owned)));
        }
        "x-mount.mkdir" | "X-mount.mkdir" => {
            let mode = value.map_or(Some(0o755), |mode| {
                u32::from_str_radix(mode, 8)
                    .ok()
                    .filter(|mode| *mode <= 0o7777)
            });
            options.make = Some(mode.ok_or("x-mount.mkdir= is a mode, as 0755")?);
        }
        "loop" | "offset" | "sizelimit" => {
            return Err(format!(
                "'{name}' is not known: have a service make the loop device (losetup), and name that"
            ));
        }
        "remount" | "move" => {
            return Err(format!(
                "'{name}' is of no use here: what is mounted already stays as it is"
            ));
        }
        _ if name.starts_with("x-") || name.starts_with("X-") => {}
        _ => match propagation(name) {
            Some(found) => options.propagation = Some(found),
            None => options
                .own
                .push((name.to_owned(), value.map(str::to_owned))),
        },
    }
    Ok(())
}

fn propagation(name: &str) -> Option<(Propagation, bool)> {
    let kind = |name: &str| {
        Some(match name {
            "shared" => Propagation::Shared,
            "private" => Propagation::Private,
            "slave" => Propagation::Slave,
            "unbindable" => Propagation::Unbindable,
            _ => return None,
        })
    };
    let all = name
        .strip_prefix('r')
        .and_then(kind)
        .map(|kind| (kind, true));
    all.or_else(|| kind(name).map(|kind| (kind, false)))
}
