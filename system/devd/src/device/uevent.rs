//! What the kernel tells of a device: `ACTION@PATH`, then `KEY=VALUE`s, each ended by a NUL
//! (`lib/kobject_uevent.c`); in the file `uevent` of a device the same, a line each.

use super::{Device, is_name};

/// A message. What it has no value for is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Event<'m> {
    pub action: &'m str,
    pub path: &'m str,
    pub subsystem: &'m str,
    pub name: &'m str,
    pub modalias: &'m str,
    pub major: u32,
    pub minor: u32,
}

impl<'m> Event<'m> {
    /// Reads a message of the kernel. None: it is none.
    pub fn parse(message: &'m [u8]) -> Option<Self> {
        let mut parts = message.split(|byte| *byte == 0);
        let head = std::str::from_utf8(parts.next()?).ok()?;
        let (action, path) = head.split_once('@')?;
        let mut event = Self {
            action,
            path,
            ..Self::default()
        };
        parts.for_each(|part| event.take(part));
        let inside = event.path.strip_prefix("/").is_some_and(is_name);
        (inside && !event.action.is_empty()).then_some(event)
    }

    /// Takes a `KEY=VALUE`. What makes no sense says nothing.
    pub fn take(&mut self, part: &'m [u8]) {
        let Ok(part) = std::str::from_utf8(part) else {
            return;
        };
        let Some((key, value)) = part.split_once('=') else {
            return;
        };
        match key {
            "SUBSYSTEM" => self.subsystem = value,
            "DEVNAME" => self.name = value,
            "MODALIAS" => self.modalias = value,
            "MAJOR" => self.major = value.parse().unwrap_or(0),
            "MINOR" => self.minor = value.parse().unwrap_or(0),
            _ => {}
        }
    }

    /// The device, if it has a node. Some paths below /dev come with that before them.
    pub fn device(&self) -> Option<Device> {
        let name = self.name.strip_prefix("/dev/").unwrap_or(self.name);
        (is_name(name) && (self.major, self.minor) != (0, 0)).then(|| Device {
            path: self.path.to_owned(),
            subsystem: self.subsystem.to_owned(),
            name: name.to_owned(),
            major: self.major,
            minor: self.minor,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages_are_understood() {
        let message = b"add@/devices/virtual/block/loop0\0ACTION=add\0DEVPATH=/devices/virtual/block/loop0\0SUBSYSTEM=block\0MAJOR=7\0MINOR=0\0DEVNAME=loop0\0\xff=x\0SEQNUM=12\0";
        let event = Event::parse(message).unwrap();
        assert_eq!(
            (event.action, event.path),
            ("add", "/devices/virtual/block/loop0")
        );
        let device = event.device().unwrap();
        assert_eq!(
            (&*device.name, device.major, device.minor, device.is_block()),
            ("loop0", 7, 0, true)
        );
        let event = Event::parse(b"add@/devices/pci0/x\0SUBSYSTEM=pci\0MODALIAS=pci:v1\0").unwrap();
        assert_eq!((event.modalias, event.device()), ("pci:v1", None));
    }

    #[test]
    fn what_is_none_is_not_taken() {
        for message in [
            &b"libudev\0\xfe\xed"[..],
            b"",
            b"add",
            b"add@x/../y\0",
            b"add@/../etc\0",
            b"@/devices/x\0",
            b"add@/\0",
        ] {
            assert_eq!(Event::parse(message), None, "{message:?}");
        }
        let event =
            Event::parse(b"add@/devices/x\0DEVNAME=../etc/passwd\0MAJOR=1\0MINOR=1\0").unwrap();
        assert_eq!(event.device(), None);
    }

    proptest! {
        #[test]
        fn any_bytes_will_do(message: Vec<u8>, text in "(add|remove)?@?/?(devices)?/?[a./]{0,6}(\0(DEVNAME|MAJOR|SUBSYSTEM)?=?[0-9a./]{0,12}){0,5}") {
            if let Some(event) = Event::parse(&message) {
                event.device();
            }
            if let Some(event) = Event::parse(text.as_bytes()) {
                prop_assert!(event.path.starts_with("/") && !event.path.split("/").any(|part| part == ".."));
                if let Some(device) = event.device() {
                    prop_assert!(is_name(&device.name));
                }
            }
        }
    }
}
