//! Mounts images of a folder one after the other and reads all that is in them.

mod abilities;
mod calls;
mod read;

use rustix::fs::{AtFlags, CWD};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where images are mounted.
const PLACE: &str = "/mnt";
/// Content that is read whole, in bytes; of a longer file (a size that an enemy wrote) begin, middle and end.
const WHOLE: u64 = 8 << 20;
/// Bytes that are read at once, so that they reach over the border of blocks.
const PIECE: usize = 150_000;
/// Files of an image at most: a directory may claim any number.
const MOST: usize = 100_000;

#[derive(Default)]
struct Count {
    images: usize,
    mounted: usize,
    right: usize,
    failed: usize,
    wrong: usize,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match &*words {
        [what, folder] if what == "--read" => return read::told(read::all(Path::new(folder))),
        [what, folder] if what == "--find" => return read::told(read::find(Path::new(folder))),
        [what, folder] if what == "--abilities" => {
            return match abilities::all(Path::new(folder)) {
                Ok(said) => {
                    println!("{said}");
                    ExitCode::SUCCESS
                }
                Err(error) => {
                    eprintln!("glowfs-walk: {error}");
                    ExitCode::FAILURE
                }
            };
        }
        [what, folder, count] if what == "--random" => {
            return read::told(read::random(Path::new(folder), count.parse().unwrap_or(1)));
        }
        _ => {}
    }
    let [tree, folder] = &*words else {
        eprintln!("glowfs-walk: say TREE (or '-') and FOLDER");
        return ExitCode::from(2);
    };
    let tree = (tree != "-").then(|| PathBuf::from(tree));
    let mut images: Vec<PathBuf> = match fs::read_dir(folder) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(error) => {
            eprintln!("glowfs-walk: {folder}: {}", common::reason(&error));
            return ExitCode::FAILURE;
        }
    };
    images.sort();
    let mut count = Count::default();
    for image in &images {
        one(image, tree.as_deref(), &mut count);
    }
    println!(
        "{} images, {} mounted, {} files right, {} not readable, {} wrong",
        count.images, count.mounted, count.right, count.failed, count.wrong
    );
    ExitCode::from(u8::from(count.wrong > 0))
}

fn one(image: &Path, tree: Option<&Path>, count: &mut Count) {
    count.images += 1;
    if mount(image, PLACE, "glowfs", MountFlags::RDONLY, None).is_err() {
        return;
    }
    count.mounted += 1;
    let mut left = MOST;
    walk(Path::new(PLACE), tree, count, &mut left, image);
    if let Err(error) = unmount(PLACE, UnmountFlags::empty()) {
        count.wrong += 1;
        println!("{}: cannot be unmounted: {error}", image.display());
    }
}

/// A directory and all below it; `same` is what it is to be.
fn walk(folder: &Path, same: Option<&Path>, count: &mut Count, left: &mut usize, image: &Path) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(_) => {
            count.failed += 1;
            return;
        }
    };
    for entry in entries {
        *left = left.saturating_sub(1);
        if *left == 0 {
            return;
        }
        let Ok(entry) = entry else {
            count.failed += 1;
            return;
        };
        let path = entry.path();
        let other = same.map(|same| same.join(entry.file_name()));
        match look(&path, other.as_deref()) {
            Ok(true) => count.right += 1,
            Ok(false) => {
                count.wrong += 1;
                println!("{}: {}: another one", image.display(), path.display());
            }
            Err(_) => count.failed += 1,
        }
        if fs::symlink_metadata(&path).is_ok_and(|about| about.is_dir()) {
            walk(&path, other.as_deref(), count, left, image);
        }
    }
}

/// Reads a file; whether it is as the other one.
fn look(path: &Path, other: Option<&Path>) -> io::Result<bool> {
    let about = fs::symlink_metadata(path)?;
    let known = match other.map(fs::symlink_metadata).transpose() {
        Ok(known) => known,
        // A name that is not in the tree.
        Err(_) => return Ok(false),
    };
    let mut names = [0_u8; 4096];
    let _ = rustix::fs::llistxattr(path, &mut names);
    let _ = rustix::fs::accessat(CWD, path, rustix::fs::Access::READ_OK, AtFlags::EACCESS);
    if let Some(known) = &known
        && (known.file_type() != about.file_type() || known.len() != about.len() && !about.is_dir())
    {
        return Ok(false);
    }
    let kind = about.file_type();
    if kind.is_symlink() {
        let target = fs::read_link(path)?;
        return Ok(match other {
            Some(other) => fs::read_link(other)? == target,
            None => true,
        });
    }
    if kind.is_fifo()
        || kind.is_socket()
        || kind.is_char_device()
        || kind.is_block_device()
        || kind.is_dir()
    {
        return Ok(true);
    }
    let file = File::open(path)?;
    let other = other.map(File::open).transpose()?;
    let starts: Vec<u64> = match about.len() {
        length if length <= WHOLE => (0..length).step_by(PIECE).collect(),
        length => vec![0, length / 2, length - 1],
    };
    let (mut here, mut there) = (vec![0; PIECE], vec![0; PIECE]);
    let mut failed = None;
    // From the end to the begin, so that not all is read ahead.
    for start in starts.into_iter().rev() {
        let length = match file.read_at(&mut here, start) {
            Ok(length) => length,
            Err(error) => {
                failed = Some(error);
                continue;
            }
        };
        if let Some(other) = &other {
            other.read_exact_at(&mut there[..length], start)?;
            if here[..length] != there[..length] {
                return Ok(false);
            }
        }
    }
    match failed {
        Some(error) if error.kind() == ErrorKind::Interrupted => Ok(true),
        Some(error) => Err(error),
        None => Ok(true),
    }
}
