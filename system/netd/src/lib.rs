//! netd: the network as its files declare it.

#![deny(unsafe_code)]

pub mod error;
pub mod netlink;
pub mod system;
