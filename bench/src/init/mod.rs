//! `bench init`: our service manager beside others, each with the same services, in a sandbox of its own.
//!
//! `graph` makes the services, `manager` writes them in a manager's words, `inside` starts them in the sandbox and
//! looks, `priority` keeps others away, `measure` asks for it often enough, `columns` says what the figures are called.

mod calls;
mod columns;
mod graph;
pub mod inside;
mod job;
mod manager;
mod measure;
mod priority;
pub(crate) mod process;
pub(crate) mod scale;
pub(crate) mod size;
mod subject;

pub use columns::{NOTES, columns};
pub use job::WORK;
pub use measure::{Settings, run};
pub use subject::{Reference, Subject, subjects};
