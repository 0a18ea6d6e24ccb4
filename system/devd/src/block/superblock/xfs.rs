//! XFS (`fs/xfs/libxfs/xfs_format.h`, `struct xfs_dsb`; big-endian).

use super::{label, uuid};
use crate::block::Contents;
use crate::block::source::{Source, be16, be32, part};

pub fn look(source: &Source) -> Option<Contents> {
    let block = source.read(0, 512)?;
    let size = be32(&block, 4);
    let sane = block.starts_with(b"XFSB")
        && size.is_power_of_two()
        && (512..=65536).contains(&size)
        // Bytes of a sector.
        && be16(&block, 102).is_power_of_two();
    sane.then(|| Contents {
        kind: "xfs",
        uuid: uuid(part(&block, 32)),
        label: label(&block[108..120]),
    })
}
