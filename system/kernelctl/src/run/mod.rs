//! Doing steps: what is there is read, what differs is written and read back, what was before is kept, and when a step
//! fails the others are taken back.

mod advice;
mod apply;
mod hold;
mod report;
mod state;
mod value;

pub use apply::{Mode, apply, plan, revert};
pub use hold::{drift, status};
pub use report::{Entry, Outcome, Report};
pub use state::State;
