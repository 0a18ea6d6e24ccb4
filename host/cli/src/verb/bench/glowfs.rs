//! `alpenglow bench glowfs`

use super::print_json;
use crate::context::Context;
use crate::error::{Error, Result};
use alpenglow_bench::glowfs::{self, EDITION, Makers, NOTES};
use alpenglow_bench::table;
use alpenglow_builder::Arch;
use alpenglow_builder::debian::FILE_PEERS;
use alpenglow_builder::progress::step;
use alpenglow_image::Format;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `bench glowfs`.
#[derive(Args)]
pub struct Arguments {
    /// A folder with an mkfs.erofs of 1.8 or later, which has Zstandard and LZMA, and in its folder `lib` the loader and libraries that it needs
    #[arg(long, value_name = "FOLDER")]
    erofs: Option<PathBuf>,
}

/// Measures and prints.
pub fn run(arguments: &Arguments, json: bool) -> Result<()> {
    let context = Context::open()?;
    let guest = context.system(EDITION, Arch::X86_64)?;
    let standard = context.system("standard", Arch::X86_64)?;
    let names = ["glowfsctl".to_owned()];
    let built = context.with_forge(Arch::X86_64, |forge| Ok(forge.build(&names)?))?;
    let root = {
        let _lock = context.lock()?;
        context.root(&FILE_PEERS)?
    };
    let hypervisor = context.hypervisor(&[], true)?;
    let folder = context.cache.run_folder()?;
    let makers = Makers {
        glowfsctl: &built["glowfsctl"].tree.join("usr/sbin/glowfsctl"),
        root: &root.dir,
        erofs: arguments.erofs.as_deref(),
    };
    let many = folder.path().join("many");
    glowfs::many(&many).map_err(|source| Error::Write {
        path: many.clone(),
        source,
    })?;
    let images = folder.path().join("images");
    std::fs::create_dir(&images).map_err(|source| Error::Write {
        path: images.clone(),
        source,
    })?;
    let (content, files) = step(&context.bars, "images of two trees", |_| {
        Ok::<_, Error>((
            makers.all(&standard.root(), &images, "")?,
            makers.all(&many, &images, "many-")?,
        ))
    })?;
    let rows = step(&context.bars, "guests that read them, counted", |_| {
        let kernel = guest.image(Format::Bzimage);
        let initramfs = guest.image(Format::Initramfs);
        glowfs::run(
            &hypervisor,
            &kernel,
            &initramfs,
            &content,
            &files,
            folder.path(),
        )
    })?;
    let columns = glowfs::columns();
    if json {
        print_json(&columns, &rows);
    } else {
        print!("{}\n{NOTES}", table::lines(&columns, &rows));
    }
    Ok(())
}
