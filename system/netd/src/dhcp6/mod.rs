//! A DHCPv6 client (RFC 8415): [`message`] is the bytes, [`lease`] what a server gave, [`client`] the state machine, which does no
//! input or output and has no clock. Addresses (IA_NA), delegated prefixes (IA_PD), and names alone.

pub mod client;
pub mod lease;
pub mod message;

pub use client::{Client, Effect, Identity, Input, Wish};
pub use lease::{Answer, Lease};
pub use message::Message;
