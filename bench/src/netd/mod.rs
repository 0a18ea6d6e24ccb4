//! `bench netd`: our network daemon beside udhcpc, dhcpcd and systemd-networkd, each getting a lease from the same dnsmasq over
//! a pair of virtual links, in a sandbox of its own.
//!
//! `client` knows how each is run, `inside` runs one and looks, `measure` asks for it often enough, `columns` says what the
//! figures are called.

mod client;
mod columns;
pub mod inside;
mod measure;

pub use client::{Client, WORK};
pub use columns::{NOTES, columns};
pub use measure::{Settings, run};
