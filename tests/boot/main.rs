//! Whole machines: `min` under QEMU, by itself and by hand, in good health and in bad.

mod budget;
mod hand;
mod min;
mod uml;

use std::process::ExitCode;

fn main() -> ExitCode {
    alpenglow_tests::main(|| {
        let mut tests = min::tests();
        tests.extend(hand::tests());
        tests.extend(uml::tests());
        tests.extend(budget::tests());
        tests
    })
}
