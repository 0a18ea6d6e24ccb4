// SPDX-License-Identifier: GPL-2.0-only

//! The metadata as one call sees it: through the page cache, of which the pages that were used last are held. The next
//! call gets them. Entries of a directory lie beside each other, and so do their names and their inodes: most reads are
//! in one of these.

use super::{
    check,
    format::{superblock::Superblock, Error, Metadata},
    header::{c, Page, HELD},
    Failure, Image,
};
use core::{cell::Cell, cmp::Ordering, slice};
use kernel::page::{PAGE_SHIFT, PAGE_SIZE};

/// The metadata of an image.
pub(crate) struct Window<'a> {
    image: &'a Image,
    /// The one that was used last is the first.
    held: [Cell<Page>; HELD],
}

impl<'a> Window<'a> {
    /// What the call before has left is there already.
    #[inline]
    pub(crate) fn new(image: &'a Image) -> Window<'a> {
        let window = Window {
            image,
            held: [const { Cell::new(Page::NONE) }; HELD],
        };
        // SAFETY: `sb` lives as long as the image, and a cell is what it holds in memory.
        unsafe { c::glowfs_pages_take(image.sb, window.held.as_ptr().cast::<Page>().cast_mut()) };
        window
    }

    pub(crate) fn superblock(&self) -> &'a Superblock {
        &self.image.superblock
    }

    /// Makes page `index` the one that was used last.
    #[inline]
    fn hold(&self, index: u64) -> Result<Page, Failure> {
        let [first, others @ ..] = &self.held;
        if first.get().index != index {
            match others.iter().find(|held| held.get().index == index) {
                Some(held) => first.swap(held),
                None => self.fetch(index)?,
            }
        }
        Ok(first.get())
    }

    /// Makes page `index` the first one, in the place of the last one.
    #[inline(never)]
    fn fetch(&self, index: u64) -> Result<(), Failure> {
        let mut page = Page::NONE;
        // SAFETY: `sb` lives as long as the image.
        check(unsafe { c::glowfs_meta_page(self.image.sb, index, &mut page) })?;
        let before = self.held.iter().fold(page, |page, held| held.replace(page));
        if !before.folio.is_null() {
            // SAFETY: It was this window's, which has it no more.
            unsafe { c::glowfs_page_put(before.folio) };
        }
        Ok(())
    }

    /// Calls `on` with the bytes from position `at` on, page by page, with how many came before.
    #[inline]
    fn each(
        &self,
        at: u64,
        length: usize,
        mut on: impl FnMut(usize, &[u8]),
    ) -> Result<(), Failure> {
        if at
            .checked_add(length as u64)
            .is_none_or(|end| end > self.image.superblock.metadata)
        {
            return Err(Error::Metadata(at).into());
        }
        let mut done = 0;
        while done < length {
            let place = at + done as u64;
            let offset = place as usize & (PAGE_SIZE - 1);
            let part = (length - done).min(PAGE_SIZE - offset);
            let page = self.hold(place >> PAGE_SHIFT)?;
            // SAFETY: The page is held while `on` runs, which cannot reach this window, and has the bytes up to its end. What
            // is verified is not written to any more.
            on(done, unsafe {
                slice::from_raw_parts(page.data.add(offset), part)
            });
            done += part;
        }
        Ok(())
    }
}

impl Drop for Window<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: These are this window's, which is not used again.
        unsafe { c::glowfs_pages_keep(self.image.sb, self.held.as_ptr().cast()) };
    }
}

impl Metadata for Window<'_> {
    type Error = Failure;

    #[inline]
    fn read(&self, at: u64, out: &mut [u8]) -> Result<(), Failure> {
        self.each(at, out.len(), |done, bytes| {
            if let Some(place) = out.get_mut(done..done + bytes.len()) {
                place.copy_from_slice(bytes);
            }
        })
    }

    fn compare(&self, at: u64, length: usize, with: &[u8]) -> Result<Ordering, Failure> {
        let mut order = Ordering::Equal;
        let mut rest = with;
        self.each(at, length, |_, bytes| {
            let (part, after) = rest.split_at(rest.len().min(bytes.len()));
            order = order.then_with(|| bytes.cmp(part));
            rest = after;
        })?;
        Ok(order.then_with(|| length.cmp(&with.len())))
    }
}
