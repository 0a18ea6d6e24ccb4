//! devd: devices get their modules, and their nodes get names, owners and modes.
//!
//! ```text
//! /sys/devices ──device::walk───┐                ┌─ modules::plan ──▶ pool ──▶ finit_module
//!                               ├─▶ daemon ──────┤
//! kernel ──────device::socket───┘                └─ rules, block ───▶ node, links ──▶ /dev
//! ```
//!
//! `modules` knows what depmod and modprobe.d say, `rules` what /etc/devd says, `block` what is on a disk; none of them
//! changes anything. `pool` does what may take long (a module that looks for its hardware, a disk that spins up) beside the
//! loop in `daemon`. Every path is below a [`common::Root`], so that tests need no kernel.

#![deny(unsafe_code)]

pub mod block;
pub mod daemon;
pub mod device;
pub mod error;
pub mod links;
pub mod modules;
pub mod node;
pub mod pool;
pub mod program;
pub mod rules;
