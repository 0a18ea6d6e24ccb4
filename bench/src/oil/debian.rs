//! Debian's packages (deb(5)): an ar archive of two compressed tar archives.

use super::repository::EPOCH;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use tar::{Builder, EntryType, Header};

/// The level that dpkg-deb and apk compress DEFLATE with.
const LEVEL: u32 = 6;

/// Writes a package of the files of `tree`.
pub fn write(path: &Path, name: &str, version: &str, tree: &Path) -> io::Result<()> {
    let control = format!(
        "Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: Bench <bench@example.org>\nDescription: {name}\n"
    );
    let mut archive = archive();
    let mut header = header(EntryType::Regular, 0o644);
    header.set_size(control.len() as u64);
    archive.append_data(&mut header, "./control", control.as_bytes())?;
    let control = archive.into_inner()?.finish()?;
    let mut archive = self::archive();
    append(&mut archive, tree, Path::new("."))?;
    let data = archive.into_inner()?.finish()?;
    let mut file = io::BufWriter::new(File::create(path)?);
    file.write_all(b"!<arch>\n")?;
    for (name, member) in [
        ("debian-binary", b"2.0\n".as_slice()),
        ("control.tar.gz", &control),
        ("data.tar.gz", &data),
    ] {
        let length = member.len();
        writeln!(
            file,
            "{name:<16}{EPOCH:<12}{:<6}{:<6}{:<8}{length:<10}`",
            0, 0, 100_644
        )?;
        file.write_all(member)?;
        if length % 2 == 1 {
            file.write_all(b"\n")?;
        }
    }
    file.flush()
}

type Archive = Builder<GzEncoder<Vec<u8>>>;

fn archive() -> Archive {
    Builder::new(GzEncoder::new(Vec::new(), Compression::new(LEVEL)))
}

fn header(kind: EntryType, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_mtime(EPOCH);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    header
}

/// Adds a folder and what is below it, in the order of names.
fn append(archive: &mut Archive, folder: &Path, name: &Path) -> io::Result<()> {
    let mut own = header(EntryType::Directory, 0o755);
    archive.append_data(&mut own, name.join(""), io::empty())?;
    let mut entries: Vec<_> = folder.read_dir()?.collect::<io::Result<_>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), name.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            append(archive, &path, &name)?;
        } else {
            let mut own = header(EntryType::Regular, 0o644);
            own.set_size(entry.metadata()?.len());
            archive.append_data(&mut own, name, File::open(path)?)?;
        }
    }
    Ok(())
}
