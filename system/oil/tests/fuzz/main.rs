//! Bytes that were right before they were changed, before every parser of bytes that others made.
//!
//! A target is a function of bytes that returns when its parser keeps its word: an answer or an error, what was
//! written is read as it was, and memory stays within [`MEMORY`]. `cargo test` runs the same few hundred cases of each,
//! every time. `PROPTEST_CASES=1000000 PROPTEST_RNG_SEED=7 cargo test --release --test fuzz NAME` looks further.

mod amplified;
mod corpus;
mod mutate;
mod targets;

use mutate::{Bytes, mutated};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::Once;
use targets::{containers, databases, indexes, packages, texts};

/// Bytes that all tests of this program may allocate together; more ends it.
const MEMORY: u64 = 1 << 30;

/// Sees to it that no more than [`MEMORY`] is allocated.
fn limited() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let maximum = getrlimit(Resource::Data).maximum;
        let current = Some(maximum.map_or(MEMORY, |maximum| maximum.min(MEMORY)));
        setrlimit(Resource::Data, Rlimit { current, maximum }).expect("a lower limit");
    });
}

/// The same cases each time, so that a change is judged by them alone. PROPTEST_RNG_SEED and PROPTEST_CASES look
/// further.
fn config() -> ProptestConfig {
    limited();
    let mut config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(1);
    }
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn compressed(Bytes(bytes) in mutated(corpus::wrapped(), &[b"ADB.", b"ADBd", b"ADBc", b"\x1f\x8b\x08"])) {
        containers::compressed(&bytes);
    }

    #[test]
    fn gzip_members(Bytes(bytes) in mutated(corpus::members(), &[b"\x1f\x8b\x08\0"])) {
        containers::members(&bytes);
    }

    #[test]
    fn adb_blocks(Bytes(bytes) in mutated(corpus::containers(), &[b"ADB.pckg", b"\x10\0\0\x80", b"\0\0\0\xc0"])) {
        containers::blocks(&bytes);
    }

    #[test]
    fn adb_payloads(Bytes(bytes) in mutated(corpus::payloads(), &[b"\xff\xff\xff\xff", b"\0\0\0\xd0", b"\x08\0\0\xe0"])) {
        containers::payload(&bytes);
    }

    #[test]
    fn tar_archives(Bytes(bytes) in mutated(corpus::archives(), texts::PAX)) {
        containers::archive(&bytes);
        containers::archive(&mutate::with_sums(bytes));
    }

    #[test]
    fn package_files(Bytes(bytes) in mutated(corpus::packages(), &[])) {
        packages::package(&bytes);
    }

    #[test]
    fn packages_whose_wrapping_is_right(Bytes(bytes) in mutated(corpus::plain_packages(), texts::PAX)) {
        packages::package(&bytes);
        packages::package(&mutate::as_v2(bytes));
    }

    #[test]
    fn index_files(Bytes(bytes) in mutated(corpus::indexes(), &[])) {
        indexes::index(&bytes);
    }

    #[test]
    fn index_records(Bytes(bytes) in mutated(vec![corpus::APKINDEX.into()], texts::RECORD)) {
        indexes::records(&bytes);
        indexes::index(&mutate::as_v2_index(&bytes));
    }

    #[test]
    fn compiled_indexes(Bytes(bytes) in mutated(corpus::compiled(), &[b"\xff\xff\xff\xff", b"\0\0\0\x01"])) {
        indexes::compiled(&bytes);
    }

    #[test]
    fn package_info(Bytes(bytes) in mutated(vec![corpus::PKGINFO.into()], texts::WORDS)) {
        texts::package_info(&bytes);
    }

    #[test]
    fn versions(Bytes(bytes) in mutated(corpus::versions(), texts::VERSION)) {
        texts::versions(&bytes);
    }

    #[test]
    fn dependencies(Bytes(bytes) in mutated(corpus::dependencies(), texts::WORDS)) {
        texts::dependencies(&bytes);
    }

    #[test]
    fn worlds(Bytes(bytes) in mutated(vec![corpus::WORLD.into()], texts::WORDS)) {
        texts::world(&bytes);
    }

    #[test]
    fn repositories(Bytes(bytes) in mutated(vec![corpus::REPOSITORIES.into()], texts::REPOSITORY)) {
        texts::repositories(&bytes);
    }

    #[test]
    fn keys(Bytes(bytes) in mutated(corpus::keys(), &[b"-----", b"\n", b"=="])) {
        texts::key(&bytes);
    }

    #[test]
    fn installed_databases(Bytes(bytes) in mutated(vec![corpus::INSTALLED.into()], texts::RECORD)) {
        databases::installed(&bytes);
    }

    #[test]
    fn sidecars(Bytes(bytes) in mutated(corpus::sidecars(), &[b"\xff\xff\xff\xff", b"\0\0\0\0\0\0\0\0"])) {
        databases::sidecar(&bytes);
    }

    #[test]
    fn scripts(Bytes(bytes) in mutated(corpus::scripts(), &[b".X1", b".trigger"])) {
        databases::scripts(&bytes);
        databases::scripts(&mutate::with_sums(bytes));
    }

    #[test]
    fn triggers(Bytes(bytes) in mutated(vec![corpus::TRIGGERS.into()], texts::WORDS)) {
        databases::triggers(&bytes);
    }
}
