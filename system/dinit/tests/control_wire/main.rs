//! The programs against a daemon that is a script: every request must come as written here, byte for byte, and what
//! the program prints and its exit status follow from the answers.

#![cfg(all(target_endian = "little", target_pointer_width = "64"))]

mod commands;
mod daemon;
mod orders;
mod programs;
