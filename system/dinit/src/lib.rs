//! dinit: the service manager of Alpenglow, process 1 of every edition but `min`.
//!
//! Service descriptions, programs and control protocol are those of dinit (dinit-service(5), dinit(8), dinitctl(8));
//! what is added is marked as an extension where it is declared.
//!
//! ```text
//! file ──description──▶ Description ──engine──▶ effects ──daemon──▶ launch, signals, logs
//!                                       ▲                   │
//!                    protocol ◀── control connections ◀─────┘
//! ```
//!
//! `engine` decides and does nothing; `daemon` does and decides nothing; `launch` makes one process; `description`
//! reads files; `protocol` is the bytes on the control socket; `control` holds the client programs.

pub mod cgroup;
mod clock;
mod codec;
pub mod conditions;
pub mod control;
mod crash;
pub mod daemon;
pub mod description;
pub mod engine;
mod hash;
pub mod launch;
pub mod log;
pub mod memory;
pub mod mounts;
pub mod notify;
pub mod protocol;
pub mod sockets;
pub mod text;
pub mod utmp;
