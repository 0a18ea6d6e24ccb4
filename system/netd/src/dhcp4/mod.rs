//! A DHCPv4 client (RFC 2131): [`message`] is the bytes, [`lease`] what a server gave, [`client`] the state machine, which does no
//! input or output and has no clock; [`wire`] puts messages into packets.

pub mod client;
pub mod lease;
pub mod message;
pub mod wire;

pub use client::{Client, Effect, Input};
pub use lease::Lease;
pub use message::Message;
