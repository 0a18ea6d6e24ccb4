//! Messages between client and server (RFC 8415, section 8) and their options (section 21). What is cut short, or lies about a
//! length, is no message.

/// Numbers of options.
pub mod option {
    #![allow(missing_docs)]
    pub const CLIENT: u16 = 1;
    pub const SERVER: u16 = 2;
    pub const IA_NA: u16 = 3;
    pub const ADDRESS: u16 = 5;
    pub const REQUESTED: u16 = 6;
    pub const PREFERENCE: u16 = 7;
    pub const ELAPSED: u16 = 8;
    pub const STATUS: u16 = 13;
    pub const RAPID: u16 = 14;
    pub const DNS: u16 = 23;
    pub const SEARCH: u16 = 24;
    pub const IA_PD: u16 = 25;
    pub const PREFIX: u16 = 26;
    pub const REFRESH: u16 = 32;
    pub const NTP: u16 = 56;
    pub const SOLICIT_MAX: u16 = 82;
    pub const INFORMATION_MAX: u16 = 83;
}

/// What a message is for (section 7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Solicit = 1,
    Advertise = 2,
    Request = 3,
    Confirm = 4,
    Renew = 5,
    Rebind = 6,
    Reply = 7,
    Decline = 9,
    Information = 11,
}

/// Options one after the other: a number and a length of 2 bytes each, then the value.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a>(&'a [u8]);

impl<'a> Options<'a> {
    /// `None`: one of them is longer than what is left.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let mut all = Self(bytes);
        while all.next().is_some() {}
        all.0.is_empty().then_some(Self(bytes))
    }

    /// The value of the first of a number.
    pub fn get(self, number: u16) -> Option<&'a [u8]> {
        self.all(number).next()
    }

    /// The values of all of a number.
    pub fn all(self, number: u16) -> impl Iterator<Item = &'a [u8]> {
        self.filter(move |(found, _)| *found == number)
            .map(|(_, value)| value)
    }

    /// One of 4 bytes.
    pub fn number(self, number: u16) -> Option<u32> {
        let bytes = self.get(number)?;
        (bytes.len() == 4).then(|| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (head, rest) = self.0.split_at_checked(4)?;
        let word = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
        let (value, rest) = rest.split_at_checked(usize::from(word(2)))?;
        self.0 = rest;
        Some((word(0), value))
    }
}

/// A message that a server sent.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub kind: Kind,
    /// Of 24 bits.
    pub transaction: u32,
    pub options: Options<'a>,
}

impl<'a> Message<'a> {
    /// Reads an Advertise or a Reply: no other is for a client that asked for no Reconfigure.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(4)?;
        let kind = match head[0] {
            2 => Kind::Advertise,
            7 => Kind::Reply,
            _ => return None,
        };
        Some(Self {
            kind,
            transaction: u32::from_be_bytes([0, head[1], head[2], head[3]]),
            options: Options::new(rest)?,
        })
    }
}

/// A message, or the options of an option, being written.
#[derive(Clone, Debug, Default)]
pub struct Builder(pub Vec<u8>);

impl Builder {
    pub fn new(kind: Kind, transaction: u32) -> Self {
        Self(
            (u32::from(kind as u8) << 24 | transaction & 0xff_ffff)
                .to_be_bytes()
                .to_vec(),
        )
    }

    pub fn put(&mut self, number: u16, value: &[u8]) {
        // No value that is written here comes near 64 KiB.
        let length = u16::try_from(value.len()).unwrap_or(0);
        self.0.extend_from_slice(&number.to_be_bytes());
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(&value[..usize::from(length)]);
    }
}
