// SPDX-License-Identifier: GPL-2.0-only
/*
 * GlowFS: the page cache. Files are cached as any file system's; the plain
 * metadata, the nodes of the table and the blocks with files' tails are the
 * pages of three inodes of the mount's own, so that they go when memory is
 * wanted elsewhere.
 *
 * A block is decompressed as a whole, so all pages of it are filled that can be
 * had without waiting. Order of what is held: a file's folio, a tails' folio, a
 * metadata folio, a table folio, a worker.
 */
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/pagemap.h>

#include "glowfs.h"

/* Copies length bytes at position `at` of a mapping, filling its cache. */
static int glowfs_cache_read(struct address_space *mapping, u64 at, u8 *out,
			     size_t length)
{
	while (length) {
		struct folio *folio;
		size_t offset, part;

		folio = read_mapping_folio(mapping, at >> PAGE_SHIFT, NULL);
		if (IS_ERR(folio))
			return PTR_ERR(folio);
		offset = offset_in_folio(folio, at);
		part = min(length, folio_size(folio) - offset);
		memcpy_from_folio(out, folio, offset, part);
		folio_put(folio);
		out += part;
		at += part;
		length -= part;
	}
	return 0;
}

int glowfs_meta_read(struct super_block *sb, u64 at, u8 *out, size_t length)
{
	return glowfs_cache_read(glowfs_sb(sb)->meta->i_mapping, at, out,
				 length);
}

int glowfs_table_read(struct super_block *sb, u64 at, u8 *out, size_t length)
{
	return glowfs_cache_read(glowfs_sb(sb)->table->i_mapping, at, out,
				 length);
}

int glowfs_meta_page(struct super_block *sb, u64 index,
		     struct glowfs_page *page)
{
	struct folio *folio;

	folio = read_mapping_folio(glowfs_sb(sb)->meta->i_mapping, index, NULL);
	if (IS_ERR(folio))
		return PTR_ERR(folio);
	/* Of one page, which is not from high memory (glowfs_own_inode). */
	page->data = folio_address(folio);
	page->folio = folio;
	page->index = index;
	return 0;
}

void glowfs_page_put(struct folio *folio)
{
	folio_put(folio);
}

/*
 * Which pages the last call used: the next one most likely needs them too. Two
 * calls at the same time do not share; the one that ends last leaves its own.
 */
void glowfs_pages_take(struct super_block *sb,
		       struct glowfs_page pages[GLOWFS_HELD])
{
	struct glowfs_sb *sbi = glowfs_sb(sb);
	unsigned int i;

	for (i = 0; i < GLOWFS_HELD; i++) {
		struct folio *folio = xchg(&sbi->held[i], NULL);

		if (!folio)
			continue;
		pages[i].folio = folio;
		pages[i].data = folio_address(folio);
		pages[i].index = folio->index;
	}
}

void glowfs_pages_keep(struct super_block *sb,
		       const struct glowfs_page pages[GLOWFS_HELD])
{
	struct glowfs_sb *sbi = glowfs_sb(sb);
	unsigned int i;

	for (i = 0; i < GLOWFS_HELD; i++) {
		struct folio *folio = xchg(&sbi->held[i], pages[i].folio);

		if (folio)
			folio_put(folio);
	}
}

/*
 * Copies to a locked folio what it has in common with plain bytes whose first
 * is at position start of the file; beyond them are zeros, as far as span.
 */
static void glowfs_copy(struct folio *folio, loff_t start, const u8 *data,
			size_t length, size_t span)
{
	loff_t from = max(start, folio_pos(folio));
	loff_t end = min_t(loff_t, start + span,
			   folio_pos(folio) + folio_size(folio));
	loff_t data_end = min_t(loff_t, start + length, end);

	if (from < data_end)
		memcpy_to_folio(folio, from - folio_pos(folio),
				data + (from - start), data_end - from);
	from = max(from, data_end);
	if (from < end)
		folio_zero_segment(folio, from - folio_pos(folio),
				   end - folio_pos(folio));
}

/*
 * Fills other pages of a block, as long as that needs no waiting: those that
 * lie in it as a whole.
 */
static void glowfs_spread(struct address_space *mapping, struct folio *have,
			  loff_t start, const u8 *data, size_t length,
			  size_t span)
{
	pgoff_t index = DIV_ROUND_UP(start, PAGE_SIZE);
	pgoff_t end = (start + span) >> PAGE_SHIFT;
	gfp_t gfp = mapping_gfp_constraint(mapping, ~__GFP_FS) |
		    __GFP_NORETRY | __GFP_NOWARN;

	while (index < end) {
		struct folio *folio;
		bool inside;

		if (folio_contains(have, index)) {
			index = folio_next_index(have);
			continue;
		}
		folio = __filemap_get_folio(mapping, index,
					    FGP_LOCK | FGP_CREAT | FGP_NOWAIT,
					    gfp);
		if (IS_ERR(folio)) {
			index++;
			continue;
		}
		inside = folio_pos(folio) >= start &&
			 folio_pos(folio) + folio_size(folio) <= start + span;
		if (inside && !folio_test_uptodate(folio)) {
			glowfs_copy(folio, start, data, length, span);
			folio_mark_uptodate(folio);
		}
		index = folio_next_index(folio);
		folio_unlock(folio);
		folio_put(folio);
	}
}

/* Files */

/* What was read last, so that a folio after it in the same piece has it. */
struct glowfs_cursor {
	struct glowfs_plain plain;
	u64 index;
};

static void glowfs_cursor_drop(struct glowfs_cursor *cursor)
{
	if (cursor->plain.worker)
		glowfs_worker_put(cursor->plain.worker);
	cursor->plain.worker = NULL;
}

/* Copies length bytes from a mapping of ours to a place in a folio. */
static int glowfs_copy_cached(struct address_space *mapping, u64 at,
			      struct folio *folio, size_t to, size_t length)
{
	int err = 0;

	while (length && !err) {
		size_t part = min(length, PAGE_SIZE - offset_in_page(to));
		u8 *place = kmap_local_folio(folio, to);

		err = glowfs_cache_read(mapping, at, place, part);
		kunmap_local(place);
		at += part;
		to += part;
		length -= part;
	}
	flush_dcache_folio(folio);
	return err;
}

/* Fills the part of a folio that piece number index of its file has. */
static int glowfs_fill_piece(struct inode *inode, struct folio *folio,
			     u64 index, struct glowfs_cursor *cursor,
			     bool spread)
{
	struct glowfs_sb *sbi = glowfs_sb(inode->i_sb);
	u8 block_log = sbi->about.block_log;
	size_t span = 1UL << block_log;
	loff_t start = (loff_t)index << block_log;
	struct glowfs_error error = {};
	struct glowfs_piece piece;
	loff_t from = max(start, folio_pos(folio));
	size_t part;
	int err;

	if (cursor->plain.worker && cursor->index == index) {
		glowfs_copy(folio, start, cursor->plain.data,
			    cursor->plain.length, span);
		return 0;
	}
	glowfs_cursor_drop(cursor);

	err = glowfs_image_piece(sbi->image, inode->i_ino,
				 glowfs_i(inode)->parsed, index, &piece,
				 &error);
	if (err)
		goto failed;

	switch (piece.where) {
	case GLOWFS_HOLE:
		glowfs_copy(folio, start, NULL, 0, span);
		return 0;
	case GLOWFS_BLOCK:
		err = glowfs_image_block(sbi->image, piece.block,
					 &cursor->plain, &error);
		if (err)
			goto failed;
		if (cursor->plain.length != piece.length) {
			snprintf(error.text, sizeof(error.text),
				 "block %u: not of the length that the file needs",
				 piece.block);
			glowfs_cursor_drop(cursor);
			err = -EIO;
			goto failed;
		}
		cursor->index = index;
		glowfs_copy(folio, start, cursor->plain.data,
			    cursor->plain.length, span);
		if (spread)
			glowfs_spread(inode->i_mapping, folio, start,
				      cursor->plain.data, cursor->plain.length,
				      min_t(loff_t, span,
					    round_up(i_size_read(inode),
						     PAGE_SIZE) - start));
		return 0;
	}

	/* In the metadata, or with others' tails: at most a block long. */
	glowfs_copy(folio, start, NULL, 0, span);
	part = min_t(loff_t, start + piece.length,
		     folio_pos(folio) + folio_size(folio)) - from;
	if (start + piece.length <= from)
		return 0;
	if (piece.where == GLOWFS_INLINE)
		err = glowfs_copy_cached(sbi->meta->i_mapping,
					 piece.at + (from - start), folio,
					 from - folio_pos(folio), part);
	else
		err = glowfs_copy_cached(sbi->tails->i_mapping,
					 ((u64)piece.block << block_log) +
					 piece.offset + (from - start), folio,
					 from - folio_pos(folio), part);
	if (!err)
		return 0;
	/* The block's own line says what is wrong with it. */
	snprintf(error.text, sizeof(error.text), "cannot be read");
	if (piece.where == GLOWFS_TAIL)
		snprintf(error.text, sizeof(error.text),
			 "block %u: cannot be read", piece.block);
failed:
	return glowfs_failed(inode, from, err, &error);
}

static int glowfs_fill(struct inode *inode, struct folio *folio,
		       struct glowfs_cursor *cursor, bool spread)
{
	u8 block_log = glowfs_sb(inode->i_sb)->about.block_log;
	u64 index = folio_pos(folio) >> block_log;
	u64 last = (folio_pos(folio) + folio_size(folio) - 1) >> block_log;
	int err;

	for (; index <= last; index++) {
		err = glowfs_fill_piece(inode, folio, index, cursor, spread);
		if (err)
			return err;
	}
	return 0;
}

static int glowfs_read_folio(struct file *file, struct folio *folio)
{
	struct glowfs_cursor cursor = {};
	int err = glowfs_fill(folio->mapping->host, folio, &cursor, true);

	glowfs_cursor_drop(&cursor);
	folio_end_read(folio, !err);
	return err;
}

static void glowfs_readahead(struct readahead_control *rac)
{
	struct inode *inode = rac->mapping->host;
	u64 size = 1ULL << glowfs_sb(inode->i_sb)->about.block_log;
	struct glowfs_cursor cursor = {};
	struct folio *folio;
	loff_t start, end;

	/* A block costs the same whether one or all of its pages are kept. */
	start = round_down(readahead_pos(rac), size);
	end = round_up(readahead_pos(rac) + readahead_length(rac), size);
	end = min_t(loff_t, end, round_up(i_size_read(inode), PAGE_SIZE));
	if (end > start)
		readahead_expand(rac, start, end - start);

	while ((folio = readahead_folio(rac)) != NULL) {
		int err = glowfs_fill(inode, folio, &cursor, true);

		folio_end_read(folio, !err);
	}
	glowfs_cursor_drop(&cursor);
}

const struct address_space_operations glowfs_file_aops = {
	.read_folio	= glowfs_read_folio,
	.readahead	= glowfs_readahead,
};

/* The mount's own inodes */

/* Fills a folio and its neighbours with what was read, or says why not. */
static int glowfs_finish(struct folio *folio, loff_t start, size_t span,
			 struct glowfs_plain *plain, int err,
			 const struct glowfs_error *error)
{
	struct address_space *mapping = folio->mapping;

	if (err) {
		glowfs_failed(mapping->host, folio_pos(folio), err, error);
	} else {
		glowfs_copy(folio, start, plain->data, plain->length, span);
		glowfs_spread(mapping, folio, start, plain->data,
			      plain->length, span);
		glowfs_worker_put(plain->worker);
	}
	folio_end_read(folio, !err);
	return err;
}

static int glowfs_read_meta(struct file *file, struct folio *folio)
{
	struct glowfs_sb *sbi = glowfs_sb(folio->mapping->host->i_sb);
	u64 index = folio_pos(folio) >> sbi->about.meta_log;
	struct glowfs_error error = {};
	struct glowfs_plain plain;
	int err;

	err = glowfs_image_meta_block(sbi->image, index, &plain, &error);
	return glowfs_finish(folio, index << sbi->about.meta_log,
			     1UL << sbi->about.meta_log, &plain, err, &error);
}

static int glowfs_read_table(struct file *file, struct folio *folio)
{
	struct glowfs_sb *sbi = glowfs_sb(folio->mapping->host->i_sb);
	u64 index = div_u64(folio_pos(folio), GLOWFS_NODE);
	struct glowfs_error error = {};
	struct glowfs_plain plain;
	int err;

	err = glowfs_image_node(sbi->image, index, &plain, &error);
	return glowfs_finish(folio, index * GLOWFS_NODE, GLOWFS_NODE, &plain,
			     err, &error);
}

static int glowfs_read_tails(struct file *file, struct folio *folio)
{
	struct glowfs_sb *sbi = glowfs_sb(folio->mapping->host->i_sb);
	u64 index = folio_pos(folio) >> sbi->about.block_log;
	struct glowfs_error error = {};
	struct glowfs_plain plain;
	int err;

	err = glowfs_image_block(sbi->image, index, &plain, &error);
	return glowfs_finish(folio, index << sbi->about.block_log,
			     1UL << sbi->about.block_log, &plain, err, &error);
}

const struct address_space_operations glowfs_meta_aops = {
	.read_folio	= glowfs_read_meta,
};

const struct address_space_operations glowfs_table_aops = {
	.read_folio	= glowfs_read_table,
};

const struct address_space_operations glowfs_tails_aops = {
	.read_folio	= glowfs_read_tails,
};
