//! GlowFS in the kernel: what is mounted is what was put in, damage is never shown, and an enemy's image does no harm (User Mode Linux);
//! a system whose root is an image starts, and does not when it was changed.

use crate::uml;
use alpenglow_tests::{Outcome, Test, boot, check, has, test};
use common::change::{Random, mutate};
use glowfs::extract::{Keep, extract};
use glowfs::reader::Image;
use glowfs::tree::Tree;
use glowfs::writer::{Codec, Options};
use std::fs;
use std::path::Path;

#[path = "../../system/glowfs/tests/common/mod.rs"]
mod common;

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("glowfs_mounts_what_was_made", mounts_what_was_made),
        test("glowfs_never_shows_a_wrong_byte", never_shows_a_wrong_byte),
        test("glowfs_outlives_images_of_an_enemy", outlives_an_enemy),
        test("glowfs_is_mounted_as_asked", is_mounted_as_asked),
        test("glowfs_offers_what_file_systems_do", offers_what_others_do),
        test(
            "glowfs_is_a_root_that_starts_or_tells",
            is_a_root_that_starts_or_tells,
        ),
        test("glowfs_starts_a_system", starts_a_system),
    ]
}

/// The edition with the kernel's part and what reads all of an image.
const EDITION: &str = "glowfs-demo";

/// Images of each of the two kinds of change.
const CHANGED: u64 = 1200;

/// Something of everything, but for an attribute that Linux would not take.
fn sample() -> Tree {
    let mut tree = common::sample();
    for file in &mut tree.files {
        file.attributes.remove(&b"security.capability"[..]);
    }
    tree
}

/// The sample as images of every kind, by name.
fn images() -> Vec<(&'static str, Vec<u8>)> {
    let with = |codec, dictionary| Options {
        codec,
        dictionary,
        ..common::plain_options()
    };
    [
        ("none", with(Codec::None, 0)),
        ("lz4", with(Codec::Lz4, 0)),
        ("zstd", with(Codec::Zstd(3), 0)),
        ("dictionary", with(Codec::Zstd(3), 1024)),
        (
            "sha256",
            Options {
                digest: glowfs::format::superblock::Digest::Sha256,
                ..with(Codec::Zstd(3), 0)
            },
        ),
        (
            "large",
            Options {
                block_log: 17,
                meta_log: 16,
                ..with(Codec::Zstd(3), 0)
            },
        ),
    ]
    .into_iter()
    .map(|(name, options)| (name, common::image(&sample(), &options)))
    .collect()
}

fn written(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|e| format!("{}: {e}", path.display()))
}

/// A folder with `tree`, the sample's files, and `images`.
fn folder() -> Result<tempfile::TempDir, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let image = Image::open(common::image(&sample(), &common::plain_options()))
        .map_err(|e| e.to_string())?;
    let tree = folder.path().join("tree");
    extract(
        &image,
        b"",
        &tree,
        Keep { privileged: true },
        &mut |_, _| (),
    )
    .map_err(|e| e.to_string())?;
    fs::create_dir(folder.path().join("images")).map_err(|e| e.to_string())?;
    Ok(folder)
}

/// What the walker counts: images, mounted, right, not readable, wrong.
fn walked(folder: &Path, tree: &str) -> Result<[usize; 5], String> {
    let commands = [
        format!("mkdir /tmp/host && mount -t hostfs none /tmp/host -o {}", folder.display()),
        // Without a limit, so that what the kernel says of the last image is there too.
        format!("modprobe glowfs && cd /tmp/host && glowfs-walk {tree} images"),
        // Lockdep looks on until it finds something; KASAN ends the machine.
        "rmmod glowfs && grep -c 'debug_locks: *1' /proc/lockdep_stats && grep -o -w kasan_report /proc/kallsyms".to_owned(),
    ];
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    let finished = uml::run(uml::DEBUG, EDITION, &commands)?;
    let said = |at: usize| finished.outcomes[at].output.clone();
    has(&said(2), &["1", "kasan_report"])?;
    let last = said(1)
        .lines()
        .rev()
        .find(|line| line.contains(" images, "))
        .map(str::to_owned);
    let last = last.ok_or_else(|| said(1))?;
    let numbers: Vec<usize> = last
        .split(", ")
        .filter_map(|part| part.split(' ').next()?.parse().ok())
        .collect();
    numbers.try_into().map_err(|_| last)
}

fn mounts_what_was_made() -> Outcome {
    let folder = folder()?;
    let images = images();
    for (name, bytes) in &images {
        written(&folder.path().join("images").join(name), bytes)?;
    }
    let [all, mounted, right, failed, wrong] = walked(folder.path(), "tree")?;
    let files = sample().files.len();
    check(
        all == images.len()
            && mounted == all
            && failed == 0
            && wrong == 0
            && right >= all * (files - 1),
        || {
            format!(
                "{all} images, {mounted} mounted, {right} right ({files} files each), {failed} failed, {wrong} wrong"
            )
        },
    )
}

/// Bits turned over, bytes changed, ends cut off, as a disk or an attacker without the key does.
fn never_shows_a_wrong_byte() -> Outcome {
    let folder = folder()?;
    let images = images();
    let mut random = Random(20_261_126);
    for number in 0..CHANGED {
        let (name, bytes) = &images[number as usize % images.len()];
        let mut bytes = bytes.clone();
        match random.below(10) {
            0 => bytes.truncate(random.below(bytes.len())),
            // Beyond the superblock, or few would be mounted.
            1..=6 => {
                let at = 4096 + random.below(bytes.len() - 4096);
                bytes[at] ^= 1 << random.below(8);
            }
            _ => mutate(&mut bytes, &mut random),
        }
        written(
            &folder.path().join(format!("images/{number:05}-{name}")),
            &bytes,
        )?;
    }
    let [all, mounted, right, failed, wrong] = walked(folder.path(), "tree")?;
    check(
        all == CHANGED as usize
            && wrong == 0
            && mounted > all / 10
            && mounted < all
            && failed > 0
            && right > failed,
        || {
            format!(
                "{all} images, {mounted} mounted, {right} right, {failed} failed, {wrong} wrong"
            )
        },
    )
}

/// Images whose digests are right, and whose structures are not.
fn outlives_an_enemy() -> Outcome {
    let folder = folder()?;
    let images = images();
    let mut random = Random(7_262_013);
    for number in 0..CHANGED {
        let (name, bytes) = &images[number as usize % images.len()];
        let mut bytes = bytes.clone();
        mutate(&mut bytes, &mut random);
        common::repair(&mut bytes);
        written(
            &folder.path().join(format!("images/{number:05}-{name}")),
            &bytes,
        )?;
    }
    let [all, mounted, right, failed, _] = walked(folder.path(), "-")?;
    check(
        all == CHANGED as usize && mounted > all / 4 && right > failed && failed > 0,
        || format!("{all} images, {mounted} mounted, {right} read, {failed} not"),
    )
}

/// Options, what they refuse in which words; attributes; an overlay; a loop device.
fn is_mounted_as_asked() -> Outcome {
    let folder = folder()?;
    let mut bytes = common::image(&sample(), &common::plain_options());
    let seed = [7; 32];
    let mut header = *bytes.first_chunk().ok_or("an empty image")?;
    let key = glowfs::sign::sign(&mut header, &seed).map_err(|e| e.to_string())?;
    bytes[..header.len()].copy_from_slice(&header);
    let identity = Image::open(bytes.clone())
        .map_err(|e| e.to_string())?
        .identity();
    let hex = glowfs::digest::hex;
    written(&folder.path().join("signed"), &bytes)?;
    bytes[72] ^= 1;
    written(&folder.path().join("changed"), &bytes)?;
    written(&folder.path().join("cut"), &bytes[..8192])?;
    let other = "00".repeat(32);
    let refused = |options: &str, image: &str| {
        format!("mount -t glowfs -o {options} /tmp/host/{image} /mnt; dmesg | tail -n 1")
    };
    let steps: [(String, &[&str]); 10] = [
        (format!("mkdir /tmp/host && mount -t hostfs none /tmp/host -o {} && modprobe glowfs && echo there", folder.path().display()), &["there"]),
        (refused(&format!("key={}", hex(&key)), "changed"), &["the signature is wrong"]),
        (refused(&format!("key={other}"), "signed"), &["not signed by any of the required keys"]),
        (refused(&format!("digest={other}"), "signed"), &["the image's digest is not the required one"]),
        (refused("key=abc", "signed"), &["key=abc: not 64 hexadecimal digits"]),
        (refused("ro", "cut"), &["truncated: 8192 bytes are there"]),
        (refused("ro", "tree"), &["neither a file nor a block device"]),
        (
            format!(
                "mount -t glowfs -o key={other},key={},digest={},errors=panic /tmp/host/signed /mnt && grep glowfs /proc/mounts && \
                 mount -o remount,rw /mnt; dmesg | tail -n 1; umount /mnt",
                hex(&key),
                hex(&identity)
            ),
            &["errors=panic,digest=", "it cannot be written"],
        ),
        (
            "losetup /dev/loop0 /tmp/host/signed && mount -t glowfs /dev/loop0 /mnt && mkdir /tmp/layer && mount -t tmpfs layer /tmp/layer && \
             mkdir /tmp/layer/up /tmp/layer/work /tmp/all && \
             mount -t overlay -o lowerdir=/mnt,upperdir=/tmp/layer/up,workdir=/tmp/layer/work overlay /tmp/all && \
             rm /tmp/all/d/run && echo new > /tmp/all/d/inline && cat /tmp/all/d/inline && ls /tmp/all/d && cat /mnt/d/inline"
                .to_owned(),
            &["new", "few bytes", "holey"],
        ),
        ("umount /tmp/all && umount /mnt && { losetup -d /dev/loop0; rmmod glowfs; } && echo all gone".to_owned(), &["all gone"]),
    ];
    let commands: Vec<&str> = steps.iter().map(|(command, _)| command.as_str()).collect();
    let finished = uml::run(uml::DEBUG, EDITION, &commands)?;
    for ((command, wanted), outcome) in steps.iter().zip(&finished.outcomes) {
        has(&outcome.output, wanted).map_err(|e| format!("{command}: {e}"))?;
    }
    Ok(())
}

/// Handles as NFS has them, maps, splices, places in directories, freezing.
fn offers_what_others_do() -> Outcome {
    let folder = folder()?;
    let images = images();
    let mut commands = vec![format!(
        "mkdir /tmp/host && mount -t hostfs none /tmp/host -o {} && modprobe glowfs",
        folder.path().display()
    )];
    for (name, bytes) in &images {
        written(&folder.path().join(name), bytes)?;
        commands.push(format!(
            "mount -t glowfs /tmp/host/{name} /mnt && glowfs-walk --abilities /mnt; umount /mnt && echo {name} is free"
        ));
    }
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    let finished = uml::run(uml::DEBUG, EDITION, &commands)?;
    for ((name, _), outcome) in images.iter().zip(&finished.outcomes[1..]) {
        let wanted = ["all is as it has to be", &format!("{name} is free")];
        has(&outcome.output, &wanted).map_err(|e| format!("{name}: {e}"))?;
    }
    Ok(())
}

/// From the initramfs and from a disk by its label; and not when it, or its key, is another one.
fn is_a_root_that_starts_or_tells() -> Outcome {
    const ROOT: &str = "glowfs-root-demo";
    let base = uml::initramfs_of(ROOT)?;
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let seen = [
        "cat /proc/mounts",
        "echo written > /etc/motd && cat /etc/motd; uname -s",
    ];
    let finished = uml::run_of(uml::DEBUG, &base, Some("upper"), &[], &seen)?;
    has(&finished.outcomes[0].output, &["overlay / overlay rw"])?;
    has(&finished.outcomes[1].output, &["written", "Linux"])?;

    let archive = fs::read(&base).map_err(|e| e.to_string())?;
    let at = archive
        .windows(10)
        .position(|bytes| bytes == b"GLOWFS\r\n\x01\0")
        .ok_or("no image in the initramfs")?;
    let length = u64::from_le_bytes(
        archive[at + 24..at + 32]
            .try_into()
            .map_err(|_| "no length")?,
    );
    let disk = folder.path().join("disk");
    written(&disk, &archive[at..at + length as usize])?;
    let by_label = [
        format!("ubd0r={}", disk.display()),
        format!("glowfs.image=LABEL={ROOT}"),
    ];
    let by_label: Vec<&str> = by_label.iter().map(String::as_str).collect();
    let finished = uml::run_of(
        uml::DEBUG,
        &base,
        Some("upper"),
        &by_label,
        &["cat /proc/mounts; uname -s"],
    )?;
    has(
        &finished.outcomes[0].output,
        &["overlay / overlay rw", "Linux"],
    )?;

    let changed = |name: &str, at: usize| -> Result<std::path::PathBuf, String> {
        let mut archive = archive.clone();
        archive[at] ^= 1;
        let path = folder.path().join(name);
        written(&path, &archive)?;
        Ok(path)
    };
    // A byte of the label, and one of the digest of all blocks.
    uml::told_of(
        uml::DEBUG,
        &changed("label", at + 72)?,
        &[],
        "the signature is wrong",
    )?;
    uml::told_of(
        uml::DEBUG,
        &changed("label", at + 72)?,
        &[],
        "early: the system is not started",
    )?;
    uml::told_of(
        uml::DEBUG,
        &changed("label", at + 72)?,
        &["glowfs.recovery"],
        "a shell of the initramfs, as root",
    )?;
    uml::told_of(
        uml::DEBUG,
        &changed("top", at + 125)?,
        &[],
        "the signature is wrong",
    )?;
    uml::told_of(
        uml::DEBUG,
        &base,
        &["glowfs.image=http://127.0.0.1/x"],
        "http://127.0.0.1/x: ",
    )?;
    let other = "00".repeat(32);
    uml::told_of(
        uml::DEBUG,
        &base,
        &[&format!("glowfs.digest={other}")],
        "the image's digest is not the required one",
    )
}

/// An edition whose initramfs has its root as one file.
fn starts_a_system() -> Outcome {
    let said = boot(
        &[
            "--edition",
            "standard-glowfs",
            "--board",
            "microvm",
            "--run",
            "grep -e glowfs -e 'overlay / ' /proc/mounts; ls /sysroot/layer/upper/etc",
            "--run",
            "echo changed > /etc/motd && cat /sysroot/layer/upper/etc/motd; ls /sysroot/image/etc/motd",
            "--run",
            "oil --version; for n in $(seq 30); do dinitctl is-started boot && break; sleep 1; done && echo all is up",
        ],
        0,
    )?;
    has(
        &said,
        &[
            "/root.glowfs /sysroot/image glowfs ro",
            "overlay / overlay rw",
            "shadow",
            "changed",
            "oil ",
            "all is up",
        ],
    )
}
