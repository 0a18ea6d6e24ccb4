/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GlowFS: what its parts call each other.
 *
 * image.rs and the files beside it parse and verify, with the format that user
 * space has too (system/glowfs/src/format). They see the backing file, the
 * decompressors and the page cache through the functions below that are
 * declared for them (header.rs has what is here for Rust); the VFS's side sees
 * images through the glowfs_image_ functions.
 */
#ifndef GLOWFS_H
#define GLOWFS_H

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/types.h>

#define GLOWFS_MAGIC		0x574f4c47	/* "GLOW" */
#define GLOWFS_SUPERBLOCK	4096
#define GLOWFS_PARSED		9
#define GLOWFS_NODE		12288
#define GLOWFS_NAME_MAX		255
#define GLOWFS_KEYS		8
#define GLOWFS_HELD		3
#define GLOWFS_NO_BLOCK		U32_MAX

/*
 * A page is filled from one block or node: the smallest block has 4 KiB, and a
 * node three times that. Larger pages would need several for one.
 */
static_assert(PAGE_SIZE == SZ_4K);

struct glowfs_image;
struct glowfs_pool;
struct glowfs_worker;

/* Why something failed, in words that name the structure. */
struct glowfs_error {
	char text[124];
};

/* What a mount requires of an image. */
struct glowfs_require {
	u8 keys[GLOWFS_KEYS][32];
	u32 key_count;
	bool has_digest;
	u8 digest[32];
};

/* What the superblock says. */
struct glowfs_about {
	u64 length;		/* of the image, in bytes */
	u64 metadata;		/* in bytes */
	u64 data;		/* of all files, in bytes */
	u64 table;		/* of all nodes, in bytes, full ones */
	u32 inodes;
	u32 blocks;
	u8 block_log;
	u8 meta_log;
	bool is_signed;
	u8 digest[32];
};

/* What stat(2) shows of an inode, and where its attributes are. */
struct glowfs_attr {
	u64 size;
	s64 mtime;
	u32 mtime_ns;
	u32 links;
	u32 user;
	u32 group;
	u32 major;
	u32 minor;
	u32 parent;		/* of a directory */
	u16 mode;
	bool has_xattr;
};

enum glowfs_where {
	GLOWFS_HOLE,
	GLOWFS_INLINE,		/* at position `at` of the metadata */
	GLOWFS_BLOCK,		/* block `block` as a whole */
	GLOWFS_TAIL,		/* in block `block` from `offset` on */
};

/* Where a piece of a file, a data block long, is. */
struct glowfs_piece {
	u64 at;
	u32 block;
	u32 offset;
	u32 length;
	u32 where;
};

/* A block or node, verified and plain, until the worker is given back. */
struct glowfs_plain {
	struct glowfs_worker *worker;
	const u8 *data;
	u32 length;
};

/*
 * Takes an entry of a directory; whether it wants more. The name has no zero
 * byte at its end.
 */
typedef bool (*glowfs_emit)(void *opaque, const u8 *name, u32 length,
			    u32 number, u8 type);

/* calls.rs: for super.c and data.c */
int glowfs_image_open(struct super_block *sb, struct file *file, u64 size,
		      struct glowfs_pool *pool,
		      const struct glowfs_require *require,
		      struct glowfs_image **image, struct glowfs_about *about,
		      struct glowfs_error *error);
void glowfs_image_close(struct glowfs_image *image);
int glowfs_image_dictionary(const struct glowfs_image *image,
			    struct glowfs_error *error);
int glowfs_image_block(const struct glowfs_image *image, u32 block,
		       struct glowfs_plain *plain, struct glowfs_error *error);
int glowfs_image_meta_block(const struct glowfs_image *image, u64 index,
			    struct glowfs_plain *plain,
			    struct glowfs_error *error);
int glowfs_image_node(const struct glowfs_image *image, u64 index,
		      struct glowfs_plain *plain, struct glowfs_error *error);

/* files.rs: for inode.c and data.c */
int glowfs_image_inode(const struct glowfs_image *image, u32 number,
		       u64 parsed[GLOWFS_PARSED], struct glowfs_attr *attr,
		       struct glowfs_error *error);
int glowfs_image_lookup(const struct glowfs_image *image, u32 number,
			const u64 parsed[GLOWFS_PARSED], const u8 *name,
			size_t length, u32 *near, u32 *found, u8 *type,
			struct glowfs_error *error);
int glowfs_image_entries(const struct glowfs_image *image, u32 number,
			 const u64 parsed[GLOWFS_PARSED], u64 from,
			 glowfs_emit emit, void *opaque,
			 struct glowfs_error *error);
int glowfs_image_piece(const struct glowfs_image *image, u32 number,
		       const u64 parsed[GLOWFS_PARSED], u64 index,
		       struct glowfs_piece *piece, struct glowfs_error *error);
ssize_t glowfs_image_xattr(const struct glowfs_image *image,
			   const u64 parsed[GLOWFS_PARSED], const char *name,
			   size_t length, u8 *out, size_t room,
			   struct glowfs_error *error);
ssize_t glowfs_image_xattr_list(const struct glowfs_image *image,
				const u64 parsed[GLOWFS_PARSED], u8 *out,
				size_t room, bool trusted,
				struct glowfs_error *error);

/* A page of the metadata, verified and plain, until its folio is put. */
struct glowfs_page {
	struct folio *folio;	/* or NULL */
	const u8 *data;
	u64 index;
};

/* data.c: the page cache, for window.rs and image.rs */
int glowfs_meta_read(struct super_block *sb, u64 at, u8 *out, size_t length);
int glowfs_meta_page(struct super_block *sb, u64 index,
		     struct glowfs_page *page);
void glowfs_page_put(struct folio *folio);
void glowfs_pages_take(struct super_block *sb,
		       struct glowfs_page pages[GLOWFS_HELD]);
void glowfs_pages_keep(struct super_block *sb,
		       const struct glowfs_page pages[GLOWFS_HELD]);
int glowfs_table_read(struct super_block *sb, u64 at, u8 *out, size_t length);

/* codec.c: for image.rs */
struct glowfs_worker *glowfs_worker_get(struct glowfs_pool *pool);
void glowfs_worker_put(struct glowfs_worker *worker);
u8 *glowfs_worker_stored(struct glowfs_worker *worker);
u8 *glowfs_worker_plain(struct glowfs_worker *worker);
int glowfs_pread(struct file *file, u64 offset, u8 *out, size_t length);
int glowfs_digest(u32 kind, const u8 *data, size_t length, u8 out[32]);
int glowfs_unlz4(struct glowfs_worker *worker, u32 stored, u32 plain);
int glowfs_unzstd(struct glowfs_worker *worker, u32 stored, u32 plain,
		  bool dictionary);

/* codec.c: for super.c */
struct glowfs_pool *glowfs_pool_new(unsigned int workers);
int glowfs_pool_size(struct glowfs_pool *pool, u32 length);
int glowfs_pool_dictionary(struct glowfs_pool *pool, const u8 *data,
			   size_t length);
void glowfs_pool_free(struct glowfs_pool *pool);

/* What is done when something does not have its digest. */
enum glowfs_on_error {
	GLOWFS_EIO,
	GLOWFS_PANIC,
	GLOWFS_REBOOT,
};

struct glowfs_sb {
	struct glowfs_image *image;
	struct glowfs_pool *pool;
	struct file *file;
	struct glowfs_about about;
	enum glowfs_on_error on_error;
	/* pages of the metadata that the last call used, for the next one */
	struct folio *held[GLOWFS_HELD];
	/* plain metadata, nodes of the table, and blocks with tails */
	struct inode *meta;
	struct inode *table;
	struct inode *tails;
};

struct glowfs_inode {
	/* An inode of the format, parsed, as Rust has it. */
	u64 parsed[GLOWFS_PARSED];
	/* Of a directory: what it lies in, and which entry is looked for next. */
	u32 parent;
	u32 near;
	struct inode vfs;
};

static inline struct glowfs_sb *glowfs_sb(const struct super_block *sb)
{
	return sb->s_fs_info;
}

static inline struct glowfs_inode *glowfs_i(const struct inode *inode)
{
	return container_of(inode, struct glowfs_inode, vfs);
}

/* super.c */
int glowfs_failed(const struct inode *inode, loff_t at, int code,
		  const struct glowfs_error *error);

/* inode.c */
extern const struct xattr_handler * const glowfs_xattr_handlers[];
extern const struct export_operations glowfs_export_ops;
struct inode *glowfs_iget(struct super_block *sb, u32 number);

/* data.c */
extern const struct address_space_operations glowfs_file_aops;
extern const struct address_space_operations glowfs_meta_aops;
extern const struct address_space_operations glowfs_table_aops;
extern const struct address_space_operations glowfs_tails_aops;

#endif
