//! Generic netlink (`include/uapi/linux/genetlink.h`): families have names, and the kernel tells their numbers.

use super::{Builder, Failure, Message, Socket};
use rustix::io::Errno;

/// The family that tells of the others (`GENL_ID_CTRL`).
const CONTROL: u16 = 16;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;
/// Bytes of `struct genlmsghdr`: command, version, two that are not used.
pub const HEADER: usize = 4;

/// A family of generic netlink, with a socket to it.
pub struct Family {
    socket: Socket,
    id: u16,
}

impl Family {
    /// Looks a family up.
    ///
    /// # Errors
    /// [`Errno::NOENT`]: the kernel has none of that name.
    pub fn open(name: &str) -> Result<Self, Failure> {
        let mut socket = Socket::generic()?;
        let mut message = Builder::new(CONTROL, 0, &[CTRL_CMD_GETFAMILY, 1, 0, 0]);
        message.text(CTRL_ATTR_FAMILY_NAME, name);
        let mut id = None;
        socket.ask(message, &mut |answer| {
            let attributes = answer.split(HEADER).map(|(_, attributes)| attributes);
            id = attributes.and_then(|attributes| attributes.u16(CTRL_ATTR_FAMILY_ID));
        })?;
        let id = id.ok_or(Failure::from(Errno::NOENT))?;
        Ok(Self { socket, id })
    }

    /// A request of this family.
    pub fn message(&self, command: u8) -> Builder {
        Builder::new(self.id, 0, &[command, 1, 0, 0])
    }

    /// # Errors
    /// As [`Socket::request`].
    pub fn request(&mut self, message: Builder) -> Result<(), Failure> {
        self.socket.request(message)
    }

    /// # Errors
    /// As [`Socket::ask`].
    pub fn ask(
        &mut self,
        message: Builder,
        each: &mut dyn FnMut(Message<'_>),
    ) -> Result<(), Failure> {
        self.socket.ask(message, each)
    }

    /// All there is of a command. The attributes of the request are not asked for by any that is used here.
    ///
    /// # Errors
    /// As [`Socket::dump`].
    pub fn dump(
        &mut self,
        header: &[u8],
        each: &mut dyn FnMut(Option<Message<'_>>),
    ) -> Result<(), Failure> {
        self.socket.dump(self.id, header, each)
    }
}
