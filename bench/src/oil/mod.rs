//! `bench oil`: our package manager beside apk and dpkg, each with the same packages, roots in memory.
//!
//! `repository` makes the packages, `universe` an index that is too large to have any, `debian` the same packages in
//! dpkg's form. `inside` does what is measured in a process of its own, by the words that `words` knows of each program,
//! and `child` counts what that took. `server` is a repository that is far away. `measure` asks for all of it often
//! enough, and `columns` says what the figures are called.

mod child;
mod columns;
mod content;
mod debian;
pub mod inside;
mod job;
mod measure;
mod repository;
mod server;
mod subject;
mod universe;
mod words;

pub use columns::{NOTES, columns};
pub use job::WORK;
pub use measure::{Settings, run};
pub use subject::{Reference, Subject, subjects};
