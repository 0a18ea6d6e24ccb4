//! Whole machines: `min` under QEMU, by itself and by hand, in good health and in bad; dinit under User Mode Linux.

mod budget;
mod dinit;
mod hand;
mod min;
mod uml;

use std::process::ExitCode;

fn main() -> ExitCode {
    alpenglow_tests::main(|| {
        let mut tests = min::tests();
        tests.extend(hand::tests());
        tests.extend(uml::tests());
        tests.extend(dinit::tests());
        tests.extend(budget::tests());
        tests
    })
}
