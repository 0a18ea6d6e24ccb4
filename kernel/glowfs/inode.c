// SPDX-License-Identifier: GPL-2.0-only
/*
 * GlowFS: inodes, directories, links, extended attributes, and handles for NFS.
 */
#include <linux/exportfs.h>
#include <linux/fs.h>
#include <linux/pagemap.h>
#include <linux/posix_acl_xattr.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <linux/xattr.h>

#include "glowfs.h"

static const struct inode_operations glowfs_dir_iops;
static const struct inode_operations glowfs_link_iops;
static const struct inode_operations glowfs_iops;
static const struct file_operations glowfs_dir_fops;

/* Inodes */

static int glowfs_read_link(struct inode *inode, struct glowfs_error *error)
{
	struct glowfs_sb *sbi = glowfs_sb(inode->i_sb);
	struct glowfs_piece piece;
	char *target;
	int err;

	err = glowfs_image_piece(sbi->image, inode->i_ino,
				 glowfs_i(inode)->parsed, 0, &piece, error);
	if (err)
		return err;
	target = kzalloc(piece.length + 1, GFP_KERNEL);
	if (!target)
		return -ENOMEM;
	err = glowfs_meta_read(inode->i_sb, piece.at, target, piece.length);
	if (err) {
		kfree(target);
		return err;
	}
	if (strlen(target) != piece.length) {
		kfree(target);
		snprintf(error->text, sizeof(error->text),
			 "a zero byte in the link's target");
		return -EIO;
	}
	inode->i_link = target;
	return 0;
}

static int glowfs_fill_inode(struct inode *inode, struct glowfs_error *error)
{
	struct glowfs_sb *sbi = glowfs_sb(inode->i_sb);
	struct glowfs_attr attr;
	int err;

	err = glowfs_image_inode(sbi->image, inode->i_ino,
				 glowfs_i(inode)->parsed, &attr, error);
	if (err)
		return err;

	inode->i_mode = attr.mode;
	set_nlink(inode, attr.links);
	i_uid_write(inode, attr.user);
	i_gid_write(inode, attr.group);
	inode->i_size = attr.size;
	inode->i_blocks = DIV_ROUND_UP_ULL(attr.size, 512);
	inode->i_generation = get_unaligned_le32(sbi->about.digest);
	inode_set_mtime(inode, attr.mtime, attr.mtime_ns);
	inode_set_ctime(inode, attr.mtime, attr.mtime_ns);
	inode_set_atime(inode, attr.mtime, attr.mtime_ns);
	if (!attr.has_xattr)
		cache_no_acl(inode);

	switch (attr.mode & S_IFMT) {
	case S_IFREG:
		inode->i_op = &glowfs_iops;
		inode->i_fop = &generic_ro_fops;
		inode->i_mapping->a_ops = &glowfs_file_aops;
		mapping_set_large_folios(inode->i_mapping);
		return 0;
	case S_IFDIR:
		glowfs_i(inode)->parent = attr.parent;
		glowfs_i(inode)->near = 0;
		inode->i_op = &glowfs_dir_iops;
		inode->i_fop = &glowfs_dir_fops;
		return 0;
	case S_IFLNK:
		inode->i_op = &glowfs_link_iops;
		return glowfs_read_link(inode, error);
	default:
		inode->i_op = &glowfs_iops;
		init_special_inode(inode, attr.mode,
				   MKDEV(attr.major, attr.minor));
		return 0;
	}
}

struct inode *glowfs_iget(struct super_block *sb, u32 number)
{
	struct glowfs_error error __uninitialized;
	struct inode *inode;
	int err;

	inode = iget_locked(sb, number);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	if (!(inode_state_read_once(inode) & I_NEW))
		return inode;

	error.text[0] = '\0';
	err = glowfs_fill_inode(inode, &error);
	if (err) {
		glowfs_failed(inode, 0, err, &error);
		iget_failed(inode);
		return ERR_PTR(err);
	}
	unlock_new_inode(inode);
	return inode;
}

/* Directories */

static u32 glowfs_parent(const struct inode *inode)
{
	return glowfs_i(inode)->parent;
}

static struct dentry *glowfs_lookup(struct inode *dir, struct dentry *dentry,
				    unsigned int flags)
{
	struct super_block *sb = dir->i_sb;
	struct glowfs_inode *own = glowfs_i(dir);
	struct glowfs_error error __uninitialized;
	struct inode *inode = NULL;
	/* Whoever looks at all files takes them one after the other. */
	u32 near = READ_ONCE(own->near);
	u32 number;
	u8 type;
	int err;

	if (dentry->d_name.len > GLOWFS_NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);

	error.text[0] = '\0';
	err = glowfs_image_lookup(glowfs_sb(sb)->image, dir->i_ino,
				  own->parsed, dentry->d_name.name,
				  dentry->d_name.len, &near, &number, &type,
				  &error);
	if (err == -ENOENT)
		return d_splice_alias(NULL, dentry);
	if (err) {
		glowfs_failed(dir, 0, err, &error);
		return ERR_PTR(err);
	}

	WRITE_ONCE(own->near, near);

	inode = glowfs_iget(sb, number);
	if (IS_ERR(inode))
		return ERR_CAST(inode);
	if (fs_umode_to_dtype(inode->i_mode) != type ||
	    (S_ISDIR(inode->i_mode) && glowfs_parent(inode) != dir->i_ino)) {
		snprintf(error.text, sizeof(error.text),
			 "entry %pd is of another type, or lies in another directory",
			 dentry);
		iput(inode);
		glowfs_failed(dir, 0, -EIO, &error);
		return ERR_PTR(-EIO);
	}
	return d_splice_alias(inode, dentry);
}

static bool glowfs_emit_entry(void *opaque, const u8 *name, u32 length,
			      u32 number, u8 type)
{
	struct dir_context *ctx = opaque;

	if (!dir_emit(ctx, name, length, number, type))
		return false;
	ctx->pos++;
	return true;
}

static int glowfs_readdir(struct file *file, struct dir_context *ctx)
{
	struct inode *dir = file_inode(file);
	struct glowfs_error error = {};
	int err;

	if (!dir_emit_dots(file, ctx))
		return 0;
	err = glowfs_image_entries(glowfs_sb(dir->i_sb)->image, dir->i_ino,
				   glowfs_i(dir)->parsed, ctx->pos - 2,
				   glowfs_emit_entry, ctx, &error);
	return err ? glowfs_failed(dir, 0, err, &error) : 0;
}

static loff_t glowfs_dir_llseek(struct file *file, loff_t offset, int whence)
{
	return generic_file_llseek_size(file, offset, whence, S64_MAX,
					i_size_read(file_inode(file)));
}

static const struct file_operations glowfs_dir_fops = {
	.llseek		= glowfs_dir_llseek,
	.read		= generic_read_dir,
	.iterate_shared	= glowfs_readdir,
};

/* Extended attributes */

static ssize_t glowfs_xattr(struct inode *inode, const char *name, void *value,
			    size_t size)
{
	struct glowfs_error error = {};
	ssize_t length;

	length = glowfs_image_xattr(glowfs_sb(inode->i_sb)->image,
				    glowfs_i(inode)->parsed, name, strlen(name),
				    value, size, &error);
	if (length < 0 && length != -ENODATA && length != -ERANGE)
		glowfs_failed(inode, 0, length, &error);
	return length;
}

static int glowfs_xattr_get(const struct xattr_handler *handler,
			    struct dentry *dentry, struct inode *inode,
			    const char *name, void *value, size_t size)
{
	return glowfs_xattr(inode, xattr_full_name(handler, name), value, size);
}

static ssize_t glowfs_listxattr(struct dentry *dentry, char *list, size_t size)
{
	struct inode *inode = d_inode(dentry);
	struct glowfs_error error = {};
	ssize_t length;

	length = glowfs_image_xattr_list(glowfs_sb(inode->i_sb)->image,
					 glowfs_i(inode)->parsed, list, size,
					 capable(CAP_SYS_ADMIN), &error);
	if (length < 0 && length != -ERANGE)
		glowfs_failed(inode, 0, length, &error);
	return length;
}

static const struct xattr_handler glowfs_user_handler = {
	.prefix	= XATTR_USER_PREFIX,
	.get	= glowfs_xattr_get,
};

static const struct xattr_handler glowfs_trusted_handler = {
	.prefix	= XATTR_TRUSTED_PREFIX,
	.get	= glowfs_xattr_get,
};

static const struct xattr_handler glowfs_security_handler = {
	.prefix	= XATTR_SECURITY_PREFIX,
	.get	= glowfs_xattr_get,
};

const struct xattr_handler * const glowfs_xattr_handlers[] = {
	&glowfs_user_handler,
	&glowfs_trusted_handler,
	&glowfs_security_handler,
	NULL,
};

static struct posix_acl *glowfs_get_acl(struct inode *inode, int type, bool rcu)
{
	const char *name = posix_acl_xattr_name(type);
	struct posix_acl *acl;
	ssize_t length;
	void *value;

	if (rcu)
		return ERR_PTR(-ECHILD);
	length = glowfs_xattr(inode, name, NULL, 0);
	if (length == -ENODATA)
		return NULL;
	if (length < 0)
		return ERR_PTR(length);
	value = kvmalloc(length, GFP_KERNEL);
	if (!value)
		return ERR_PTR(-ENOMEM);
	length = glowfs_xattr(inode, name, value, length);
	acl = length < 0 ? ERR_PTR(length) :
			   posix_acl_from_xattr(&init_user_ns, value, length);
	kvfree(value);
	return acl;
}

static const struct inode_operations glowfs_dir_iops = {
	.lookup		= glowfs_lookup,
	.listxattr	= glowfs_listxattr,
	.get_inode_acl	= glowfs_get_acl,
};

static const struct inode_operations glowfs_link_iops = {
	.get_link	= simple_get_link,
	.listxattr	= glowfs_listxattr,
};

static const struct inode_operations glowfs_iops = {
	.listxattr	= glowfs_listxattr,
	.get_inode_acl	= glowfs_get_acl,
};

/* Handles: an inode's number, and the image's digest as its generation */

static struct inode *glowfs_export_iget(struct super_block *sb, u64 number,
					u32 generation)
{
	struct glowfs_sb *sbi = glowfs_sb(sb);

	if (number == 0 || number > sbi->about.inodes ||
	    (generation && generation != get_unaligned_le32(sbi->about.digest)))
		return ERR_PTR(-ESTALE);
	return glowfs_iget(sb, number);
}

static struct dentry *glowfs_fh_to_dentry(struct super_block *sb,
					  struct fid *fid, int length, int type)
{
	return generic_fh_to_dentry(sb, fid, length, type, glowfs_export_iget);
}

static struct dentry *glowfs_fh_to_parent(struct super_block *sb,
					  struct fid *fid, int length, int type)
{
	return generic_fh_to_parent(sb, fid, length, type, glowfs_export_iget);
}

static struct dentry *glowfs_get_parent(struct dentry *child)
{
	struct inode *inode = d_inode(child);

	return d_obtain_alias(glowfs_iget(inode->i_sb, glowfs_parent(inode)));
}

const struct export_operations glowfs_export_ops = {
	.encode_fh	= generic_encode_ino32_fh,
	.fh_to_dentry	= glowfs_fh_to_dentry,
	.fh_to_parent	= glowfs_fh_to_parent,
	.get_parent	= glowfs_get_parent,
};
