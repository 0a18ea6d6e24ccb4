//! netd: the network as its files declare it.
//!
//! ```text
//! /etc/netd ──configuration──▶ wanted ─┐
//! leases ◀─ dhcp4, dhcp6 ────▶ ────────┴─plan─▶ steps ──apply──▶ kernel
//!                    kernel ──netlink──▶ state ─┘          ▲
//!                                daemon: the loop ─────────┘
//! ```
//!
//! `configuration` reads what is to be, `state` what there is; `plan` is the way between them, a pure function; `apply` goes it,
//! looks whether it got there, and goes back if not. `dhcp4`, `dhcp6`, `conflict`, `router` and
//! `lldp` decide and have no clock and no sockets; `daemon` has.

#![deny(unsafe_code)]

pub mod address;
pub mod apply;
pub mod configuration;
pub mod conflict;
pub mod daemon;
pub mod dhcp4;
pub mod dhcp6;
pub mod error;
pub mod lldp;
pub mod map;
pub mod netlink;
pub mod plan;
pub mod program;
pub mod random;
pub mod router;
pub mod state;
pub mod system;
pub mod wanted;
