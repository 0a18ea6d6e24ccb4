//! Messages (`struct nlmsghdr`): length, type, flags, sequence number, port, then what the family has.

use super::attribute::Attributes;
use super::constants::{NLA_F_NESTED, NLM_F_ACK, NLM_F_REQUEST};
use std::net::IpAddr;

/// Bytes of `struct nlmsghdr`.
pub const HEADER: usize = 16;

/// A message as it was received.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub kind: u16,
    pub flags: u16,
    pub sequence: u32,
    /// What follows the header.
    pub body: &'a [u8],
}

impl<'a> Message<'a> {
    /// The family's own header of so many bytes, and the attributes behind it.
    pub fn split(&self, header: usize) -> Option<(&'a [u8], Attributes<'a>)> {
        let (head, rest) = self.body.split_at_checked(header)?;
        Some((head, Attributes::new(rest)))
    }
}

/// The messages of one datagram. One that lies about its length ends them.
#[derive(Clone, Copy, Debug)]
pub struct Messages<'a>(pub &'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let word = |at: usize| {
            let bytes = self.0.get(at..at + 4)?.first_chunk()?;
            Some(u32::from_ne_bytes(*bytes))
        };
        let (length, sequence) = (word(0)?, word(8)?);
        let kinds = word(4)?.to_ne_bytes();
        let length = usize::try_from(length).ok()?;
        let body = self.0.get(HEADER..length)?;
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(Message {
            kind: u16::from_ne_bytes([kinds[0], kinds[1]]),
            flags: u16::from_ne_bytes([kinds[2], kinds[3]]),
            sequence,
            body,
        })
    }
}

/// A message that is being written.
pub struct Builder(Vec<u8>);

impl Builder {
    /// A request of a type, with the family's own header.
    pub fn new(kind: u16, flags: u16, header: &[u8]) -> Self {
        let mut bytes = vec![0; HEADER];
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        bytes[6..8].copy_from_slice(&(flags | NLM_F_REQUEST).to_ne_bytes());
        bytes.extend_from_slice(header);
        let mut builder = Self(bytes);
        builder.pad();
        builder
    }

    /// Attributes alone, without a message around them.
    pub fn attribute(write: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut builder = Self(Vec::new());
        write(&mut builder);
        builder.0
    }

    fn pad(&mut self) {
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }

    pub fn bytes(&mut self, kind: u16, value: &[u8]) -> &mut Self {
        // No value that is written here comes near 64 KiB.
        let length = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
        self.0.extend_from_slice(&length.to_ne_bytes());
        self.0.extend_from_slice(&kind.to_ne_bytes());
        self.0.extend_from_slice(&value[..usize::from(length) - 4]);
        self.pad();
        self
    }

    pub fn u8(&mut self, kind: u16, value: u8) -> &mut Self {
        self.bytes(kind, &[value])
    }

    pub fn u16(&mut self, kind: u16, value: u16) -> &mut Self {
        self.bytes(kind, &value.to_ne_bytes())
    }

    pub fn u32(&mut self, kind: u16, value: u32) -> &mut Self {
        self.bytes(kind, &value.to_ne_bytes())
    }

    /// Text with its closing zero.
    pub fn text(&mut self, kind: u16, value: &str) -> &mut Self {
        let mut bytes = value.as_bytes().to_vec();
        bytes.push(0);
        self.bytes(kind, &bytes)
    }

    pub fn address(&mut self, kind: u16, value: IpAddr) -> &mut Self {
        match value {
            IpAddr::V4(address) => self.bytes(kind, &address.octets()),
            IpAddr::V6(address) => self.bytes(kind, &address.octets()),
        }
    }

    /// Bytes that are no attribute: the header that some nested attributes begin with.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self.pad();
        self
    }

    /// An attribute of attributes.
    pub fn nest(&mut self, kind: u16, write: impl FnOnce(&mut Self)) -> &mut Self {
        let start = self.0.len();
        self.bytes(kind | NLA_F_NESTED, &[]);
        write(self);
        let length = u16::try_from(self.0.len() - start).unwrap_or(u16::MAX);
        self.0[start..start + 2].copy_from_slice(&length.to_ne_bytes());
        self
    }

    /// The whole, with an acknowledgement asked for.
    pub fn finish(mut self, sequence: u32, acknowledge: bool) -> Vec<u8> {
        let length = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        self.0[8..12].copy_from_slice(&sequence.to_ne_bytes());
        if acknowledge {
            let flags = u16::from_ne_bytes([self.0[6], self.0[7]]) | NLM_F_ACK;
            self.0[6..8].copy_from_slice(&flags.to_ne_bytes());
        }
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read() {
        let mut builder = Builder::new(16, 0x400, &[1, 2, 3]);
        builder.u32(1, 7).text(2, "eth0").nest(18, |nest| {
            nest.text(1, "vlan").nest(2, |data| {
                data.u16(1, 5);
            });
        });
        builder.address(3, "192.0.2.1".parse().unwrap());
        let bytes = builder.finish(9, true);
        let mut messages = Messages(&bytes);
        let message = messages.next().unwrap();
        assert!(messages.next().is_none());
        assert_eq!((message.kind, message.flags), (16, 0x405));
        assert_eq!(message.sequence, 9);
        let (head, attributes) = message.split(4).unwrap();
        assert_eq!(head, [1, 2, 3, 0]);
        assert_eq!(attributes.u32(1), Some(7));
        assert_eq!(attributes.text(2), Some("eth0"));
        let info = attributes.nested(18);
        assert_eq!(info.text(1), Some("vlan"));
        assert_eq!(info.nested(2).u16(1), Some(5));
        assert_eq!(attributes.address(3), "192.0.2.1".parse().ok());
        assert_eq!(attributes.address(1), "7.0.0.0".parse().ok());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn no_bytes_lead_astray(bytes in proptest::collection::vec(any::<u8>(), 0..200), first in 0u32..220) {
            let mut bytes = bytes;
            // A length that is often nearly right.
            if bytes.len() > 4 {
                bytes[..4].copy_from_slice(&first.to_ne_bytes());
            }
            for message in Messages(&bytes) {
                for header in [0, 8, 12, 16] {
                    let Some((_, attributes)) = message.split(header) else { continue };
                    for (kind, value) in attributes {
                        attributes.text(kind);
                        attributes.address(kind);
                        prop_assert!(value.len() <= bytes.len());
                        let _ = attributes.nested(kind).count();
                    }
                }
            }
        }
    }
}
