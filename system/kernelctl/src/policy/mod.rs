//! Policy files: what they say, and the steps that it means.

pub mod json;
mod read;
mod sections;
mod steps;
pub mod toml;
pub mod units;
pub mod value;

pub use read::{Policy, parse, read};
pub use steps::steps;
