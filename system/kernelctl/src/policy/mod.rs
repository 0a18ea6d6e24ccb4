//! Policy files: what they say, and the steps that it means.

pub mod json;
mod read;
mod sections;
pub mod toml;
pub mod value;

pub use read::{Policy, read};
