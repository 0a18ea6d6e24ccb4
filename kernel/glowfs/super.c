// SPDX-License-Identifier: GPL-2.0-only
/*
 * GlowFS: mounting an image that is a file or a block device.
 *
 * Options: key=HEX (a public key of Ed25519, up to eight times: a signature by
 * one of them is required), digest=HEX (of the image, required), errors=eio,
 * errors=panic or errors=reboot, workers=N (blocks that are decompressed at the
 * same time, which bounds the memory beside the page cache).
 */
#include <linux/cred.h>
#include <linux/exportfs.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/hex.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/panic.h>
#include <linux/reboot.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/statfs.h>
#include <linux/unaligned.h>

#include "glowfs.h"

static struct kmem_cache *glowfs_inode_cache;

/*
 * Says what is wrong with which file, and does what the mount wants done then.
 * Running out of memory is not the image's fault.
 */
int glowfs_failed(const struct inode *inode, loff_t at, int code,
		  const struct glowfs_error *error)
{
	struct super_block *sb = inode->i_sb;
	struct glowfs_sb *sbi = glowfs_sb(sb);
	const char *what = error->text[0] ? error->text : "cannot be read";
	struct dentry *alias;

	if (code == -ENOMEM || code == -EINTR || code == -ERESTARTSYS)
		return code;
	if (inode == sbi->meta || inode == sbi->table || inode == sbi->tails) {
		pr_err_ratelimited("glowfs (%s): %s\n", sb->s_id, what);
	} else {
		alias = d_find_any_alias((struct inode *)inode);
		if (alias)
			pr_err_ratelimited("glowfs (%s): %pd4 (inode %llu) at %lld: %s\n",
					   sb->s_id, alias, (u64)inode->i_ino,
					   at, what);
		else
			pr_err_ratelimited("glowfs (%s): inode %llu: %s\n",
					   sb->s_id, (u64)inode->i_ino, what);
		dput(alias);
	}
	if (sbi->on_error == GLOWFS_PANIC)
		panic("glowfs (%s): damaged, and mounted with errors=panic",
		      sb->s_id);
	if (sbi->on_error == GLOWFS_REBOOT)
		kernel_restart("glowfs: damaged image");
	return code;
}

static struct inode *glowfs_alloc_inode(struct super_block *sb)
{
	struct glowfs_inode *inode;

	inode = alloc_inode_sb(sb, glowfs_inode_cache, GFP_KERNEL);
	return inode ? &inode->vfs : NULL;
}

static void glowfs_free_inode(struct inode *inode)
{
	if (S_ISLNK(inode->i_mode))
		kfree(inode->i_link);
	kmem_cache_free(glowfs_inode_cache, glowfs_i(inode));
}

static int glowfs_statfs(struct dentry *dentry, struct kstatfs *stat)
{
	struct super_block *sb = dentry->d_sb;
	struct glowfs_sb *sbi = glowfs_sb(sb);

	stat->f_type = GLOWFS_MAGIC;
	stat->f_bsize = 1 << sbi->about.block_log;
	stat->f_frsize = PAGE_SIZE;
	stat->f_blocks = DIV_ROUND_UP_ULL(sbi->about.length, PAGE_SIZE);
	stat->f_files = sbi->about.inodes;
	stat->f_namelen = GLOWFS_NAME_MAX;
	stat->f_fsid = u64_to_fsid(get_unaligned_le64(sbi->about.digest));
	return 0;
}

static int glowfs_show_options(struct seq_file *seq, struct dentry *root)
{
	struct glowfs_sb *sbi = glowfs_sb(root->d_sb);

	if (sbi->on_error == GLOWFS_PANIC)
		seq_puts(seq, ",errors=panic");
	if (sbi->on_error == GLOWFS_REBOOT)
		seq_puts(seq, ",errors=reboot");
	seq_printf(seq, ",digest=%*phN", 32, sbi->about.digest);
	return 0;
}

/* There is nothing to write; without this FIFREEZE would be refused. */
static int glowfs_freeze(struct super_block *sb)
{
	return 0;
}

static void glowfs_put_super(struct super_block *sb)
{
	struct glowfs_sb *sbi = glowfs_sb(sb);
	unsigned int i;

	for (i = 0; i < GLOWFS_HELD; i++)
		if (sbi->held[i])
			folio_put(sbi->held[i]);
	iput(sbi->tails);
	iput(sbi->meta);
	iput(sbi->table);
}

static const struct super_operations glowfs_super_ops = {
	.alloc_inode	= glowfs_alloc_inode,
	.free_inode	= glowfs_free_inode,
	.statfs		= glowfs_statfs,
	.freeze_fs	= glowfs_freeze,
	.show_options	= glowfs_show_options,
	.put_super	= glowfs_put_super,
};

/* Mounting */

struct glowfs_options {
	struct glowfs_require require;
	enum glowfs_on_error on_error;
	u32 workers;
};

enum { GLOWFS_OPT_KEY, GLOWFS_OPT_DIGEST, GLOWFS_OPT_ERRORS, GLOWFS_OPT_WORKERS };

static const struct constant_table glowfs_on_errors[] = {
	{ "eio",	GLOWFS_EIO },
	{ "panic",	GLOWFS_PANIC },
	{ "reboot",	GLOWFS_REBOOT },
	{ }
};

static const struct fs_parameter_spec glowfs_parameters[] = {
	fsparam_string("key",		GLOWFS_OPT_KEY),
	fsparam_string("digest",	GLOWFS_OPT_DIGEST),
	fsparam_enum("errors",		GLOWFS_OPT_ERRORS, glowfs_on_errors),
	fsparam_u32("workers",		GLOWFS_OPT_WORKERS),
	{ }
};

static int glowfs_parse_hex(struct fs_context *fc, const char *name,
			    const char *text, u8 out[32])
{
	if (strlen(text) != 64 || hex2bin(out, text, 32))
		return invalf(fc, "glowfs: %s=%s: not 64 hexadecimal digits", name,
			      text);
	return 0;
}

static int glowfs_parse_param(struct fs_context *fc, struct fs_parameter *param)
{
	struct glowfs_options *options = fc->fs_private;
	struct glowfs_require *require = &options->require;
	struct fs_parse_result result;
	int opt = fs_parse(fc, glowfs_parameters, param, &result);

	switch (opt) {
	case GLOWFS_OPT_KEY:
		if (require->key_count == GLOWFS_KEYS)
			return invalf(fc, "glowfs: key: at most %d keys", GLOWFS_KEYS);
		return glowfs_parse_hex(fc, "key", param->string,
					require->keys[require->key_count++]);
	case GLOWFS_OPT_DIGEST:
		require->has_digest = true;
		return glowfs_parse_hex(fc, "digest", param->string,
					require->digest);
	case GLOWFS_OPT_ERRORS:
		options->on_error = result.uint_32;
		return 0;
	case GLOWFS_OPT_WORKERS:
		if (result.uint_32 < 1 || result.uint_32 > 64)
			return invalf(fc, "glowfs: workers: 1 to 64");
		options->workers = result.uint_32;
		return 0;
	}
	return opt;
}

/* An inode whose pages are a part of the image that belongs to no file. */
static struct inode *glowfs_own_inode(struct super_block *sb, u64 size,
				      const struct address_space_operations *ops)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return NULL;
	inode->i_mode = S_IFREG;
	set_nlink(inode, 1);
	inode->i_size = min_t(u64, size, MAX_LFS_FILESIZE);
	inode->i_mapping->a_ops = ops;
	mapping_set_gfp_mask(inode->i_mapping, GFP_NOFS);
	return inode;
}

static int glowfs_own_inodes(struct super_block *sb)
{
	struct glowfs_sb *sbi = glowfs_sb(sb);
	u64 blocks = sbi->about.blocks;

	sbi->table = glowfs_own_inode(sb, sbi->about.table,
				      &glowfs_table_aops);
	sbi->meta = glowfs_own_inode(sb, sbi->about.metadata,
				     &glowfs_meta_aops);
	sbi->tails = glowfs_own_inode(sb, blocks << sbi->about.block_log,
				      &glowfs_tails_aops);
	return sbi->table && sbi->meta && sbi->tails ? 0 : -ENOMEM;
}

static int glowfs_fill_super(struct super_block *sb, struct fs_context *fc)
{
	struct glowfs_options *options = fc->fs_private;
	struct glowfs_sb *sbi = glowfs_sb(sb);
	struct glowfs_error error = {};
	struct inode *backing = file_inode(sbi->file);
	struct inode *root;
	int err;

	sb->s_magic = GLOWFS_MAGIC;
	sb->s_flags |= SB_RDONLY | SB_NOATIME | SB_POSIXACL;
	sb->s_maxbytes = MAX_LFS_FILESIZE;
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_time_min = S64_MIN;
	sb->s_time_max = S64_MAX;
	sb->s_op = &glowfs_super_ops;
	sb->s_xattr = glowfs_xattr_handlers;
	sb->s_export_op = &glowfs_export_ops;
	strscpy(sb->s_id, sbi->file->f_path.dentry->d_name.name,
		sizeof(sb->s_id));

	if (S_ISREG(backing->i_mode)) {
		sb->s_stack_depth = backing->i_sb->s_stack_depth + 1;
		if (sb->s_stack_depth > FILESYSTEM_MAX_STACK_DEPTH)
			return invalf(fc, "glowfs: the image lies on too many layers of file systems");
	}

	sbi->pool = glowfs_pool_new(options->workers);
	if (!sbi->pool)
		return -ENOMEM;
	err = glowfs_image_open(sb, sbi->file,
				i_size_read(sbi->file->f_mapping->host),
				sbi->pool, &options->require, &sbi->image,
				&sbi->about, &error);
	if (err)
		goto failed;

	err = super_setup_bdi(sb);
	if (err)
		return err;
	/* Two blocks ahead, or as far as disks are read ahead. */
	sb->s_bdi->ra_pages = max_t(unsigned long, VM_READAHEAD_PAGES,
				    2UL << sbi->about.block_log >> PAGE_SHIFT);
	err = glowfs_own_inodes(sb);
	if (err)
		return err;
	err = glowfs_image_dictionary(sbi->image, &error);
	if (err)
		goto failed;

	root = glowfs_iget(sb, 1);
	if (IS_ERR(root)) {
		err = PTR_ERR(root);
		goto failed;
	}
	sb->s_root = d_make_root(root);
	if (!sb->s_root)
		return -ENOMEM;
	if (!options->require.key_count && !options->require.has_digest)
		infof(fc, "glowfs: %s: without key= and digest= an exchanged image is not found out",
		      sb->s_id);
	return 0;

failed:
	errorf(fc, "glowfs: %s: %s", sb->s_id,
	       error.text[0] ? error.text : "the root cannot be read");
	return err;
}

static int glowfs_get_tree(struct fs_context *fc)
{
	struct glowfs_sb *sbi = fc->s_fs_info;
	struct file *file;

	if (!fc->source)
		return invalf(fc, "glowfs: no image: name a file or a block device");
	file = filp_open(fc->source, O_RDONLY | O_LARGEFILE, 0);
	if (IS_ERR(file)) {
		errorf(fc, "glowfs: %s: cannot be opened", fc->source);
		return PTR_ERR(file);
	}
	if (!S_ISREG(file_inode(file)->i_mode) &&
	    !S_ISBLK(file_inode(file)->i_mode)) {
		fput(file);
		return invalf(fc, "glowfs: %s: neither a file nor a block device",
			      fc->source);
	}
	sbi->file = file;
	sbi->on_error = ((struct glowfs_options *)fc->fs_private)->on_error;
	return get_tree_nodev(fc, glowfs_fill_super);
}

/* Everything that a mount has, once nothing of it is in use. */
static void glowfs_free(struct glowfs_sb *sbi)
{
	if (!sbi)
		return;
	glowfs_image_close(sbi->image);
	glowfs_pool_free(sbi->pool);
	if (sbi->file)
		fput(sbi->file);
	kfree(sbi);
}

static void glowfs_fc_free(struct fs_context *fc)
{
	glowfs_free(fc->s_fs_info);
	kfree(fc->fs_private);
}

static int glowfs_reconfigure(struct fs_context *fc)
{
	struct glowfs_options *options = fc->fs_private;
	struct glowfs_sb *sbi = glowfs_sb(fc->root->d_sb);

	/* mount(8) says again what /proc/mounts says. */
	if (options->require.has_digest &&
	    memcmp(options->require.digest, sbi->about.digest, 32))
		return invalf(fc, "glowfs: digest= is that of another image");
	if (options->require.key_count)
		return invalf(fc, "glowfs: key= is for mounting, not for a remount");
	if (!(fc->sb_flags & SB_RDONLY))
		return invalf(fc, "glowfs: it cannot be written: put an overlay over it");
	sbi->on_error = options->on_error;
	return 0;
}

static const struct fs_context_operations glowfs_context_ops = {
	.free		= glowfs_fc_free,
	.parse_param	= glowfs_parse_param,
	.get_tree	= glowfs_get_tree,
	.reconfigure	= glowfs_reconfigure,
};

static int glowfs_init_fs_context(struct fs_context *fc)
{
	struct glowfs_options *options;
	struct glowfs_sb *sbi;

	options = kzalloc_obj(*options);
	if (!options)
		return -ENOMEM;
	options->workers = min(num_online_cpus(), 64U);
	if (fc->purpose == FS_CONTEXT_FOR_RECONFIGURE)
		options->on_error = glowfs_sb(fc->root->d_sb)->on_error;
	fc->fs_private = options;
	fc->ops = &glowfs_context_ops;
	if (fc->purpose == FS_CONTEXT_FOR_RECONFIGURE)
		return 0;
	sbi = kzalloc_obj(*sbi);
	if (!sbi)
		return -ENOMEM;
	fc->s_fs_info = sbi;
	return 0;
}

static void glowfs_kill_sb(struct super_block *sb)
{
	struct glowfs_sb *sbi = glowfs_sb(sb);

	/* A mount that failed has no root, and then nobody puts these. */
	if (sbi && !sb->s_root)
		glowfs_put_super(sb);
	kill_anon_super(sb);
	glowfs_free(sbi);
}

static struct file_system_type glowfs_type = {
	.owner			= THIS_MODULE,
	.name			= "glowfs",
	.init_fs_context	= glowfs_init_fs_context,
	.parameters		= glowfs_parameters,
	.kill_sb		= glowfs_kill_sb,
};
MODULE_ALIAS_FS("glowfs");

static void glowfs_init_once(void *address)
{
	struct glowfs_inode *inode = address;

	inode_init_once(&inode->vfs);
}

static int __init glowfs_init(void)
{
	int err;

	glowfs_inode_cache = kmem_cache_create("glowfs_inode",
					       sizeof(struct glowfs_inode), 0,
					       SLAB_RECLAIM_ACCOUNT |
					       SLAB_ACCOUNT, glowfs_init_once);
	if (!glowfs_inode_cache)
		return -ENOMEM;
	err = register_filesystem(&glowfs_type);
	if (err)
		kmem_cache_destroy(glowfs_inode_cache);
	return err;
}

static void __exit glowfs_exit(void)
{
	unregister_filesystem(&glowfs_type);
	/* Inodes are freed after a grace period. */
	rcu_barrier();
	kmem_cache_destroy(glowfs_inode_cache);
}

module_init(glowfs_init);
module_exit(glowfs_exit);
MODULE_DESCRIPTION("GlowFS: read-only images, verified at every read");
MODULE_LICENSE("GPL");
