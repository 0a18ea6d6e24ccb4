//! netlink(7): the kernel's messages about the network, as bytes ([`message`], [`attribute`]) and over a socket ([`socket`]).
//!
//! Written here and not taken from a crate: `docs/decisions/0010-netd.md` says why.

pub mod attribute;
pub mod constants;
pub mod generic;
pub mod message;
pub mod socket;

pub use attribute::Attributes;
pub use message::{Builder, Message};
pub use socket::{Failure, Socket};
