//! The files' formats: what bytes mean, and how to write them. Nothing here decides whom to trust.

pub mod adb;
pub mod compress;
pub mod gzip;
pub mod v2;
