//! The peers: Debian's cloud kernel, with a busybox initramfs of ours and with Debian's own.

use crate::{Error, Result, Subject};
use alpenglow_builder::{Arch, Root};
use alpenglow_image::cpio::Meta;
use alpenglow_image::{Archive, Compression, Format, System, initramfs};
use alpenglow_machine::{Board, Spec};
use std::fs;
use std::path::{Path, PathBuf};

/// What a busybox initramfs does: what a login needs is mounted, the text of a prompt is printed,
/// then the figures, and the machine ends (by a restart where there is no ACPI to switch it off). A real getty and login would cost it more.
const INIT: &str = "#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox mkdir -p /dev/pts /dev/shm /run
/bin/busybox mount -t devpts devpts /dev/pts
/bin/busybox mount -t tmpfs tmpfs /run
/bin/busybox mount -t tmpfs tmpfs /dev/shm
/bin/busybox echo 'busybox login: '
/bin/busybox cat /proc/uptime /proc/meminfo
if [ -d /sys/firmware/acpi ]; then /bin/busybox poweroff -f; fi
/bin/busybox reboot -f
";

/// The prompt that [`INIT`] prints, and that a real getty prints.
const LOGIN: &str = "login: ";
/// The prompt of initramfs-tools' shell.
const SHELL: &str = "(initramfs)";

/// The subjects of `bench boot` and `bench size`: ours on both boards, then the peers. Files that
/// have to be made are written to `folder`.
///
/// # Errors
/// [`Error::NoPeer`] when the peers' root is not what it should be.
pub fn subjects(system: &System, root: &Root, folder: &Path) -> Result<Vec<Subject>> {
    let boot = root.dir.join("boot");
    let cloud = find(&boot, "vmlinuz-")?;
    let stock = find(&boot, "initrd.img-")?;
    let busybox = folder.join("busybox.initramfs");
    write_busybox(&root.dir, &busybox)?;
    let version = cloud
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .replacen("vmlinuz-", "", 1);
    let debian = format!("Debian {version}");
    let ours = |board, format| {
        let subject = subject(
            "ours",
            board,
            &system.image(format),
            &system.image(Format::Initramfs),
            LOGIN,
        );
        Subject {
            ours: true,
            ..subject
        }
    };
    let reports = |subject: Subject| Subject {
        reports: true,
        ..subject
    };
    let mut stock = subject(
        &format!("{debian} + its initrd"),
        Board::Q35,
        &cloud,
        &stock,
        SHELL,
    );
    // It stops for a shell when devices have been found, before it looks for a root.
    stock.spec.words.push("break=premount".into());
    stock.spec.memory_mib = 512;
    Ok(vec![
        ours(Board::Q35, Format::Bzimage),
        reports(subject(
            "our kernel + busybox",
            Board::Q35,
            &system.image(Format::Bzimage),
            &busybox,
            LOGIN,
        )),
        reports(subject(
            &format!("{debian} + busybox"),
            Board::Q35,
            &cloud,
            &busybox,
            LOGIN,
        )),
        stock,
        ours(Board::Microvm, Format::Vmlinux),
        reports(subject(
            "our kernel + busybox",
            Board::Microvm,
            &system.image(Format::Vmlinux),
            &busybox,
            LOGIN,
        )),
        reports(subject(
            &format!("{debian} + busybox"),
            Board::Microvm,
            &cloud,
            &busybox,
            LOGIN,
        )),
    ])
}

fn subject(
    name: &str,
    board: Board,
    kernel: &Path,
    initrd: &Path,
    prompt: &'static str,
) -> Subject {
    let mut spec = Spec::new(name, Arch::X86_64, kernel, initrd);
    spec.board = board;
    Subject {
        name: name.to_owned(),
        spec,
        prompt,
        ours: false,
        reports: false,
    }
}

fn find(folder: &Path, prefix: &str) -> Result<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(|source| Error::Read {
            path: folder.to_owned(),
            source,
        })?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(prefix))
        })
        .collect();
    found.sort();
    found
        .pop()
        .ok_or_else(|| Error::NoPeer(format!("boot/{prefix}*")))
}

fn write_busybox(root: &Path, out: &Path) -> Result<()> {
    let path = root.join("bin/busybox");
    let program = fs::read(&path).map_err(|source| Error::Read { path, source })?;
    let mut archive = Archive::new(0);
    for dir in ["bin", "proc", "sys", "dev", "run"] {
        archive.add_dir(dir, Meta::root(0o755))?;
    }
    archive.add_file("bin/busybox", Meta::root(0o755), program)?;
    archive.add_file("init", Meta::root(0o755), INIT)?;
    initramfs::write(&archive, out, Compression::None)?;
    Ok(())
}
