//! `ls`: names of files, and what they are.

use super::open;
use crate::program::{DONE, Given, Outcome, print};
use document::json::Json;
use glowfs::format::inode::{Inode, Kind};
use glowfs::reader::{Image, Visit};
use glowfs::{Error, Result};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

pub fn list(given: &Given) -> Outcome {
    let path = Path::new(&given.words[0]);
    let image = open(path)?;
    let inside = given.words.get(1).map_or(&b""[..], |word| word.as_bytes());
    let mut out = Out {
        image: &image,
        json: given.has("json").then(Json::default),
        long: given.has("long"),
        text: String::new(),
    };
    if let Some(json) = &mut out.json {
        json.array();
    }
    files(&image, inside, given.has("recursive"), &mut out).map_err(|error| error.of(path))?;
    if let Some(mut json) = out.json {
        json.end();
        out.text = json.finish() + "\n";
    }
    print(&out.text)?;
    Ok(DONE)
}

fn files(image: &Image<File>, inside: &[u8], recursive: bool, out: &mut Out<'_>) -> Result<()> {
    if recursive {
        return image.walk(inside, &mut |Visit {
                                            path,
                                            number,
                                            inode,
                                        }| {
            let whole = [b"/", path].concat();
            out.file(&whole, number, &inode)
        });
    }
    let (number, inode) = image.lookup(inside)?;
    if inode.kind() != Kind::Directory {
        return out.file(inside, number, &inode);
    }
    for (name, number, _) in image.list(number, &inode)? {
        out.file(&name, number, &image.inode(number)?)?;
    }
    Ok(())
}

struct Out<'a> {
    image: &'a Image<File>,
    json: Option<Json>,
    long: bool,
    text: String,
}

impl Out<'_> {
    fn file(&mut self, name: &[u8], number: u32, inode: &Inode) -> Result<(), Error> {
        let shown = String::from_utf8_lossy(name);
        let target = match inode.kind() {
            Kind::Link => Some(self.image.target(inode)?),
            _ => None,
        };
        if let Some(json) = &mut self.json {
            let (major, minor) = inode.device();
            json.object();
            json.key("name");
            json.string(&shown);
            json.key("type");
            json.string(type_name(inode.kind()));
            for (name, value) in [
                ("inode", i64::from(number)),
                ("mode", i64::from(inode.mode & 0o7777)),
                ("links", i64::from(inode.links)),
                ("user", i64::from(inode.user)),
                ("group", i64::from(inode.group)),
                ("size", inode.size as i64),
                ("modified", inode.modified.0),
                ("nanoseconds", i64::from(inode.modified.1)),
            ] {
                json.key(name);
                json.number(value);
            }
            if let Some(target) = target {
                json.key("target");
                json.bytes(&target);
            }
            if matches!(inode.kind(), Kind::Character | Kind::Block) {
                json.key("device");
                json.string(&format!("{major}:{minor}"));
            }
            let attributes = self.image.attributes(inode)?;
            if !attributes.is_empty() {
                json.key("attributes");
                json.array();
                attributes.iter().for_each(|(name, _)| json.bytes(name));
                json.end();
            }
            json.end();
            return Ok(());
        }
        if self.long {
            self.text += &long(inode);
        }
        self.text += &shown;
        if let Some(target) = target.filter(|_| self.long) {
            self.text += &format!(" -> {}", String::from_utf8_lossy(&target));
        }
        self.text.push('\n');
        Ok(())
    }
}

fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Fifo => "fifo",
        Kind::Character => "character",
        Kind::Directory => "directory",
        Kind::Block => "block",
        Kind::Regular => "file",
        Kind::Link => "link",
        Kind::Socket => "socket",
    }
}

/// What stands before the name.
fn long(inode: &Inode) -> String {
    let (major, minor) = inode.device();
    let size = match inode.kind() {
        Kind::Character | Kind::Block => format!("{major}, {minor}"),
        _ => inode.size.to_string(),
    };
    format!(
        "{} {:3} {:5} {:5} {size:>10} {} ",
        permissions(inode),
        inode.links,
        inode.user,
        inode.group,
        date(inode.modified.0)
    )
}

/// Type and permissions as ls(1) shows them.
fn permissions(inode: &Inode) -> String {
    let mut text = String::from(match inode.kind() {
        Kind::Fifo => "p",
        Kind::Character => "c",
        Kind::Directory => "d",
        Kind::Block => "b",
        Kind::Regular => "-",
        Kind::Link => "l",
        Kind::Socket => "s",
    });
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = inode.mode >> shift & 7;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (inode.mode & special != 0, bits & 1 != 0) {
            (false, false) => '-',
            (false, true) => 'x',
            (true, true) => letter,
            (true, false) => letter.to_ascii_uppercase(),
        });
    }
    text
}

/// A time in UTC, to the second. The days are counted as Howard Hinnant describes (`civil_from_days`).
pub fn date(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right() {
        for (seconds, shown) in [
            (0, "1970-01-01 00:00:00"),
            (951_827_696, "2000-02-29 12:34:56"),
            (-1, "1969-12-31 23:59:59"),
            (4_107_542_400, "2100-03-01 00:00:00"),
        ] {
            assert_eq!(date(seconds), shown);
        }
        assert!(date(i64::MAX).len() > 20 && date(i64::MIN).starts_with('-'));
    }
}
