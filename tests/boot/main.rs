//! Whole machines: `min` under QEMU, by itself and by hand, in good health and in bad; the standard kernel; our kernel modules; GlowFS; dinit under
//! User Mode Linux and QEMU; kernelctl; netd; filters of packets; wireless networks; AppArmor; what starts with a standard system, and that system from outside.

mod apparmor;
mod budget;
mod demo;
mod dinit;
mod firewall;
mod glowfs;
mod hand;
mod kernelctl;
mod min;
mod modules;
mod netd;
mod outside;
mod root;
mod services;
mod standard;
mod uml;
mod wireless;

use std::process::ExitCode;

fn main() -> ExitCode {
    alpenglow_tests::main(|| {
        let mut tests = min::tests();
        tests.extend(hand::tests());
        tests.extend(standard::tests());
        tests.extend(uml::tests());
        tests.extend(modules::tests());
        tests.extend(dinit::tests());
        tests.extend(glowfs::tests());
        tests.extend(root::tests());
        tests.extend(kernelctl::tests());
        tests.extend(netd::tests());
        tests.extend(services::tests());
        tests.extend(firewall::tests());
        tests.extend(wireless::tests());
        tests.extend(apparmor::tests());
        tests.extend(outside::tests());
        tests.extend(budget::tests());
        tests
    })
}
