//! Images that are changed as the fuzzer says, with digests that are right again, through every way of reading.

#![no_main]

use std::sync::LazyLock;

#[path = "../../tests/common/mod.rs"]
mod common;

static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(common::reading::seeds);

libfuzzer_sys::fuzz_target!(|data: &[u8]| common::reading::read_edited(&SEEDS, data));
