// SPDX-License-Identifier: MIT

//! Inodes.

use super::bytes::{
    get_i64, get_u8, get_u16, get_u32, get_u64, put_i64, put_u8, put_u16, put_u32, put_u64,
};
use super::superblock::{INODE, NONE, Superblock, feature};
use super::{Error, Metadata};

/// Bytes of a record.
pub const LENGTH: usize = INODE as usize;
/// The root's number.
pub const ROOT: u32 = 1;
/// Content of a regular file that may be inline, in bytes at most.
pub const INLINE_MAX: u64 = 65_536;
/// A link's target in bytes at most.
pub const TARGET_MAX: u64 = 4_095;

/// A kind of file, as `d_type` of readdir(3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Kind {
    /// `DT_FIFO`.
    Fifo = 1,
    /// `DT_CHR`.
    Character = 2,
    /// `DT_DIR`.
    Directory = 4,
    /// `DT_BLK`.
    Block = 6,
    /// `DT_REG`.
    Regular = 8,
    /// `DT_LNK`.
    Link = 10,
    /// `DT_SOCK`.
    Socket = 12,
}

impl Kind {
    /// The kind with this `d_type`.
    pub fn from_type(number: u8) -> Option<Kind> {
        Some(match number {
            1 => Kind::Fifo,
            2 => Kind::Character,
            4 => Kind::Directory,
            6 => Kind::Block,
            8 => Kind::Regular,
            10 => Kind::Link,
            12 => Kind::Socket,
            _ => return None,
        })
    }

    /// The kind in the upper four bits of `st_mode`.
    pub fn from_mode(mode: u16) -> Option<Kind> {
        Kind::from_type((mode >> 12) as u8)
    }
}

/// Where a file's content is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Layout {
    /// Nowhere: it has none.
    Nothing = 0,
    /// In the metadata.
    Inline = 1,
    /// In blocks that follow each other.
    Run = 2,
    /// In blocks that the metadata has a list of.
    List = 3,
}

/// An inode, checked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Inode {
    /// Type and permissions.
    pub mode: u16,
    /// Where the content is.
    pub layout: Layout,
    /// Links to it.
    pub links: u32,
    /// Whose it is.
    pub user: u32,
    /// Whose group's it is.
    pub group: u32,
    /// Time of modification, seconds since 1970 and nanoseconds.
    pub modified: (i64, u32),
    /// 0, or 1 + the position of its extended attributes / 8.
    pub attributes: u32,
    /// Length of the content.
    pub size: u64,
    /// Position in the metadata, or the number of a device.
    pub position: u64,
    /// First block of a run; the directory that a directory lies in.
    pub first: u32,
    /// Block that has the tail, or [`NONE`].
    pub tail: u32,
    /// Where in that block.
    pub tail_offset: u32,
}

impl Inode {
    /// Reads inode `number`.
    ///
    /// # Errors
    ///
    /// [`Error::Inode`] with what is wrong, and what `metadata` fails with.
    #[inline]
    pub fn read<M: Metadata>(
        metadata: &M,
        superblock: &Superblock,
        number: u32,
    ) -> Result<Inode, M::Error> {
        if number == 0 || number > superblock.inodes {
            return Err(Error::Inode {
                number,
                what: "there is none of this number",
            }
            .into());
        }
        let mut bytes = [0; LENGTH];
        metadata.read(u64::from(number - 1) * INODE, &mut bytes)?;
        Ok(Inode::parse(&bytes, number, superblock)?)
    }

    /// Reads the record of inode `number`.
    ///
    /// # Errors
    ///
    /// [`Error::Inode`] with what is wrong.
    #[inline]
    pub fn parse(
        bytes: &[u8; LENGTH],
        number: u32,
        superblock: &Superblock,
    ) -> Result<Inode, Error> {
        let layout = match get_u8(bytes, 2) {
            0 => Layout::Nothing,
            1 => Layout::Inline,
            2 => Layout::Run,
            3 => Layout::List,
            _ => {
                return Err(Error::Inode {
                    number,
                    what: "unknown layout",
                });
            }
        };
        let inode = Inode {
            mode: get_u16(bytes, 0),
            layout,
            links: get_u32(bytes, 4),
            user: get_u32(bytes, 8),
            group: get_u32(bytes, 12),
            modified: (get_i64(bytes, 16), get_u32(bytes, 24)),
            attributes: get_u32(bytes, 28),
            size: get_u64(bytes, 32),
            position: get_u64(bytes, 40),
            first: get_u32(bytes, 48),
            tail: get_u32(bytes, 52),
            tail_offset: get_u32(bytes, 56),
        };
        match inode.check(number, superblock) {
            _ if get_u8(bytes, 3) != 0 || get_u32(bytes, 60) != 0 => Err(Error::Inode {
                number,
                what: "reserved bytes",
            }),
            Some(what) => Err(Error::Inode { number, what }),
            None => Ok(inode),
        }
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        put_u16(&mut bytes, 0, self.mode);
        put_u8(&mut bytes, 2, self.layout as u8);
        put_u32(&mut bytes, 4, self.links);
        put_u32(&mut bytes, 8, self.user);
        put_u32(&mut bytes, 12, self.group);
        put_i64(&mut bytes, 16, self.modified.0);
        put_u32(&mut bytes, 24, self.modified.1);
        put_u32(&mut bytes, 28, self.attributes);
        put_u64(&mut bytes, 32, self.size);
        put_u64(&mut bytes, 40, self.position);
        put_u32(&mut bytes, 48, self.first);
        put_u32(&mut bytes, 52, self.tail);
        put_u32(&mut bytes, 56, self.tail_offset);
        bytes
    }

    /// What kind of file it is.
    pub fn kind(&self) -> Kind {
        // A mode of no kind is not taken by `parse`.
        Kind::from_mode(self.mode).unwrap_or(Kind::Socket)
    }

    /// Position of its extended attributes.
    pub fn attributes_at(&self) -> Option<u64> {
        self.attributes
            .checked_sub(1)
            .map(|index| u64::from(index) * 8)
    }

    /// A device's major and minor number.
    pub fn device(&self) -> (u32, u32) {
        ((self.position >> 32) as u32, self.position as u32)
    }

    /// Blocks that belong to the file alone or to others as a whole: the full ones, and the last one without a tail.
    pub fn own_blocks(&self, superblock: &Superblock) -> u64 {
        match self.layout {
            Layout::Run | Layout::List if self.tail == NONE => {
                self.size.div_ceil(u64::from(superblock.block_size()))
            }
            Layout::Run | Layout::List => self.size >> superblock.block_log,
            _ => 0,
        }
    }

    #[inline]
    fn check(&self, number: u32, superblock: &Superblock) -> Option<&'static str> {
        let Some(kind) = Kind::from_mode(self.mode) else {
            return Some("unknown type of file");
        };
        if self.links == 0 {
            return Some("no links");
        }
        if self.modified.1 >= 1_000_000_000 {
            return Some("time of modification");
        }
        if self.size > i64::MAX as u64 {
            return Some("size");
        }
        if number == ROOT && kind != Kind::Directory {
            return Some("the root is no directory");
        }
        if self.attributes_at().is_some_and(|at| {
            superblock.features & feature::XATTR == 0 || at >= superblock.metadata
        }) {
            return Some("position of extended attributes");
        }
        match (kind, self.layout) {
            (Kind::Regular, Layout::Nothing) if self.size == 0 => None,
            (Kind::Regular, Layout::Inline) if self.size <= INLINE_MAX => {
                self.check_inline(superblock)
            }
            (Kind::Regular, Layout::Run | Layout::List) => self.check_blocks(superblock),
            (Kind::Directory, Layout::Inline) if self.position & 7 != 0 => {
                Some("position of the directory")
            }
            (Kind::Directory, Layout::Inline) => match self.first {
                parent if number == ROOT && parent != ROOT => Some("the root's parent"),
                parent if number != ROOT && (parent == 0 || parent >= number) => {
                    Some("a directory's parent")
                }
                _ => self.check_inline(superblock),
            },
            (Kind::Link, Layout::Inline) if (1..=TARGET_MAX).contains(&self.size) => {
                self.check_inline(superblock)
            }
            (Kind::Character | Kind::Block | Kind::Fifo | Kind::Socket, Layout::Nothing)
                if self.size == 0 =>
            {
                None
            }
            _ => Some("layout or size that files of its type do not have"),
        }
    }

    fn check_inline(&self, superblock: &Superblock) -> Option<&'static str> {
        let end = self.position.checked_add(self.size);
        if self.position < u64::from(superblock.inodes) * INODE
            || end.is_none_or(|end| end > superblock.metadata)
        {
            return Some("position of the content");
        }
        None
    }

    fn check_blocks(&self, superblock: &Superblock) -> Option<&'static str> {
        if self.size == 0 {
            return Some("blocks of an empty file");
        }
        let own = self.own_blocks(superblock);
        if self.layout == Layout::Run
            && u64::from(self.first)
                .checked_add(own)
                .is_none_or(|end| end > u64::from(superblock.blocks))
        {
            return Some("first block");
        }
        if self.layout == Layout::List {
            let start = u64::from(superblock.inodes) * INODE;
            let end = own
                .checked_mul(4)
                .and_then(|length| self.position.checked_add(length));
            if self.position & 7 != 0
                || self.position < start
                || end.is_none_or(|end| end > superblock.metadata)
            {
                return Some("position of the list of blocks");
            }
        }
        if self.tail != NONE {
            let rest = (self.size & u64::from(superblock.block_size() - 1)) as u32;
            if rest == 0 || self.tail >= superblock.blocks {
                return Some("tail");
            }
            if self
                .tail_offset
                .checked_add(rest)
                .is_none_or(|end| end > superblock.block_size())
            {
                return Some("offset of the tail");
            }
        }
        None
    }
}
