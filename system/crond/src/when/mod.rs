//! When a job is due.
//!
//! Times are those of a zone, so that an hour can be there twice or not at all. What is chosen is what Vixie's cron and cronie do
//! (cron(8)): jobs whose minute or hour begins with `*` follow the clock as it goes; all others are run once for each of
//! their times, at the moment of the change if the clock leaps over it, and the first time if it comes twice.

mod calendar;
mod due;
mod zone;

pub use calendar::{Calendar, Naive};
pub use due::{Due, LATE, MUCH};
pub use zone::{Zone, next};

/// A time of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    Calendar(Calendar),
    /// Once after the machine has started.
    Reboot,
}
