//! Swap (`include/linux/swap.h`, `union swap_header`): the signature ends the first page, whatever its size.

use super::{label, uuid};
use crate::block::Contents;
use crate::block::source::{Source, le32, part};

const PAGES: [u64; 4] = [4096, 8192, 16384, 65536];

pub fn look(source: &Source) -> Option<Contents> {
    let signed = |page: &u64| {
        source
            .read(page - 10, 10)
            .is_some_and(|end| end == b"SWAPSPACE2")
    };
    PAGES.iter().find(|page| signed(page))?;
    let header = source.read(1024, 512)?;
    // In the byte order of who made it; another machine's is no swap here.
    (le32(&header, 0) == 1).then(|| Contents {
        kind: "swap",
        uuid: uuid(part(&header, 12)),
        label: label(&header[28..44]),
    })
}
