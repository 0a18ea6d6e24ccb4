//! Whole programs on this machine: the sandbox, builds, the command line's answers to bad input,
//! and our own process 1 in a process namespace.

mod bench;
mod build;
mod cargo;
mod compose;
mod container;
mod crond;
mod daemons;
mod devd;
mod dinit_conformance;
mod getty;
mod glowfs;
mod init;
mod input;
mod logd;
mod netd;
mod project;
mod recipes;
mod repository;
mod root;
mod sandbox;
mod update;
mod workshop;

use alpenglow_tests::{Test, test};
use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = dinit_conformance::speak::run_if_asked() {
        return code;
    }
    alpenglow_tests::main(|| {
        let mut tests: Vec<Test> = Vec::new();
        let plain = init::tests().into_iter().chain(getty::tests());
        tests.extend(plain.map(|(name, run)| test(name, run)));
        tests.extend(dinit_conformance::tests());
        tests.extend(sandbox::tests());
        tests.extend(input::tests());
        tests.extend(cargo::tests());
        tests.extend(update::tests());
        tests.extend(build::tests());
        tests.extend(recipes::tests());
        tests.extend(repository::tests());
        tests.extend(compose::tests());
        tests.extend(container::tests());
        tests.extend(devd::tests());
        tests.extend(netd::tests());
        tests.extend(logd::tests());
        tests.extend(crond::tests());
        tests.extend(glowfs::tests());
        tests.extend(bench::tests());
        tests
    })
}
