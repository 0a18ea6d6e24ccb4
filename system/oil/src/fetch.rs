//! Gets files from servers, over HTTP/1.1 with or without TLS.
//!
//! [`client`] gets one file, resumes it where it broke off, and goes to a mirror ([`mirrors`]) when a server has or
//! does what it should not; [`parallel`] gets many over a few connections that are kept. Nothing that comes from a
//! server is believed: lengths are compared with what a verified index says, redirects to other hosts are few and
//! never from TLS to none, and what is in a file is for [`crate::stream`] and [`crate::index`] to verify.

mod address;
mod body;
pub mod client;
mod connection;
pub mod mirrors;
mod netrc;
pub mod parallel;
mod proxy;
mod socket;
mod tls;

pub use client::{Client, Got, Options, Want};
pub use mirrors::Mirrors;
pub use parallel::{Job, Watch, fetch_all};
