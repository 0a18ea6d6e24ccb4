//! netd: the network as its files declare it.

#![deny(unsafe_code)]

pub mod address;
pub mod apply;
pub mod configuration;
pub mod error;
pub mod netlink;
pub mod plan;
pub mod state;
pub mod system;
pub mod wanted;
