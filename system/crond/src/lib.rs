//! crond: commands at the times of crontabs.
//!
//! ```text
//! crontabs ──table──▶ jobs ──when──▶ due ──daemon──▶ processes ──▶ syslog
//! ```
//!
//! `table` reads crontab(5); `when` knows when each is due, over summer time and a clock that is set: a pure function of times; `daemon`
//! sleeps until then, runs it as its user and hands on what it says.

#![deny(unsafe_code)]

pub mod daemon;
pub mod error;
pub mod program;
pub mod system;
pub mod table;
pub mod users;
pub mod when;
