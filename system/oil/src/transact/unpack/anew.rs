//! Unpacks what stays of a step, after all: scripts that run before its turn may change or delete files, and count on it
//! that they come anew.

use super::stage::copy;
use super::stay::open;
use super::{name_of, times};
use crate::error::Result;
use crate::transact::area::Area;
use crate::transact::join;
use crate::transact::manifest::{Action, Builder, Manifest, Part};
use crate::transact::place::Directories;
use rustix::io::Errno;

/// Does it, for a step that has been unpacked.
pub fn unpack_what_stays(area: &Area, step: usize) -> Result<()> {
    let name = name_of(step, "manifest");
    let manifest = Manifest::read(&area.path(&name))?;
    let mut directories = Directories::new(area.root());
    let mut out = Builder::new(manifest.head());
    let (mut folder, mut volume): (&[u8], _) = (&[], 0);
    for part in manifest.parts() {
        let mut part = part?;
        match &mut part {
            Part::Folder(next) => (folder, volume) = (next.path, next.volume),
            Part::Item(item) => {
                if let Action::Stay(time) = item.action {
                    item.action = Action::Place;
                    let path = join(folder, item.name);
                    let at = |error: Errno| area.root().error(&path, error);
                    let live = directories.get(folder).map_err(at)?;
                    let (from, status) = open(&*live, item.name).ok_or_else(|| at(Errno::NOENT))?;
                    let time = time.unwrap_or(u64::try_from(status.st_mtime).unwrap_or(0));
                    let into = area.step(volume, step, true)?;
                    let number = item.number.to_string();
                    copy(from, &status, &into, number.as_bytes(), &times(time))
                        .map_err(|error| area.root().error(&path, error))?;
                }
            }
        }
        out.part(&part);
    }
    area.write(&name, &out.text)
}
