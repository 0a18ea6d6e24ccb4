//! `alpenglow bench kernelctl`

use super::print_json;
use crate::context::Context;
use crate::error::Result;
use alpenglow_bench::kernelctl::{self, EDITION, NOTES};
use alpenglow_bench::table;
use alpenglow_builder::Arch;
use alpenglow_builder::progress::step;
use alpenglow_image::Format;

/// Measures and prints.
pub fn run(json: bool) -> Result<()> {
    let context = Context::open()?;
    let system = context.system(EDITION, Arch::X86_64)?;
    let names = ["system-tools".to_owned()];
    let built = context.with_forge(Arch::X86_64, |forge| Ok(forge.build(&names)?))?;
    let program = built["system-tools"].tree.join("sbin/system-tools");
    let hypervisor = context.hypervisor(&[], false)?;
    let folder = context.cache.run_folder()?;
    let rows = step(&context.bars, "a policy in a guest, counted", |_| {
        let kernel = system.image(Format::Vmlinux);
        let initramfs = system.image(Format::Initramfs);
        kernelctl::run(&hypervisor, &kernel, &initramfs, &program, folder.path())
    })?;
    let columns = kernelctl::columns();
    if json {
        print_json(&columns, &rows);
    } else {
        print!("{}\n{NOTES}", table::lines(&columns, &rows));
    }
    Ok(())
}
