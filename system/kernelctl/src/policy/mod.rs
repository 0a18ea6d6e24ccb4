//! Policy files: what they say, and the steps that it means.

mod read;
mod sections;
mod steps;
pub mod units;

pub use read::{Policy, parse, read};
pub use steps::steps;
