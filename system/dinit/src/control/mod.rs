//! The client programs.

pub mod check;
