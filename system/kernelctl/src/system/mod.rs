//! What is more than writing a file: swap, modules, signals, services.

mod dinit;
pub mod modules;
pub mod service;
mod swap;
pub mod zram;
