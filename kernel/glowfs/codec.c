// SPDX-License-Identifier: GPL-2.0-only
/*
 * GlowFS: bytes from the backing file, digests, and decompression in a bounded
 * number of workers, each with a buffer for what is stored and one for what is
 * plain. What is stored is copied before it is looked at, so that nobody can
 * change it between the comparison and its use.
 */
#include <crypto/blake2b.h>
#include <crypto/sha2.h>
#include <linux/file.h>
#include <linux/lz4.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/zstd.h>

#include "glowfs.h"

struct glowfs_worker {
	struct mutex lock;	/* held by who uses the rest */
	struct glowfs_pool *pool;
	u8 *stored;
	u8 *plain;
	void *workspace;
	zstd_dctx *zstd;
};

struct glowfs_pool {
	unsigned int count;
	u32 length;
	u8 *dictionary;
	zstd_ddict *ddict;
	struct glowfs_worker workers[] __counted_by(count);
};

static void *glowfs_zstd_alloc(void *opaque, size_t size)
{
	return kvmalloc(size, GFP_KERNEL);
}

static void glowfs_zstd_free(void *opaque, void *address)
{
	kvfree(address);
}

struct glowfs_pool *glowfs_pool_new(unsigned int workers)
{
	struct glowfs_pool *pool;
	unsigned int i;

	pool = kzalloc(struct_size(pool, workers, workers), GFP_KERNEL);
	if (!pool)
		return NULL;
	pool->count = workers;
	for (i = 0; i < workers; i++) {
		mutex_init(&pool->workers[i].lock);
		pool->workers[i].pool = pool;
	}
	return pool;
}

/*
 * Says how long blocks can be. Before that, and after it, a worker gets its
 * buffers when it is first used.
 */
int glowfs_pool_size(struct glowfs_pool *pool, u32 length)
{
	if (pool->length)
		return -EBUSY;
	pool->length = length;
	return 0;
}

int glowfs_pool_dictionary(struct glowfs_pool *pool, const u8 *data,
			   size_t length)
{
	const zstd_custom_mem memory = {
		.customAlloc = glowfs_zstd_alloc,
		.customFree = glowfs_zstd_free,
	};

	pool->dictionary = kvmemdup(data, length, GFP_KERNEL);
	if (!pool->dictionary)
		return -ENOMEM;
	pool->ddict = zstd_create_ddict_byreference(pool->dictionary, length,
						    memory);
	return pool->ddict ? 0 : -ENOMEM;
}

void glowfs_pool_free(struct glowfs_pool *pool)
{
	unsigned int i;

	if (!pool)
		return;
	for (i = 0; i < pool->count; i++) {
		kvfree(pool->workers[i].stored);
		kvfree(pool->workers[i].plain);
		kvfree(pool->workers[i].workspace);
		mutex_destroy(&pool->workers[i].lock);
	}
	if (pool->ddict)
		zstd_free_ddict(pool->ddict);
	kvfree(pool->dictionary);
	kfree(pool);
}

static int glowfs_worker_prepare(struct glowfs_worker *worker)
{
	u32 length = worker->pool->length;

	if (!worker->stored)
		worker->stored = kvmalloc(length, GFP_NOFS);
	if (!worker->plain)
		worker->plain = kvmalloc(length, GFP_NOFS);
	return worker->stored && worker->plain ? 0 : -ENOMEM;
}

/* A worker that is free, or the next one that will be; NULL without memory. */
struct glowfs_worker *glowfs_worker_get(struct glowfs_pool *pool)
{
	unsigned int first = raw_smp_processor_id() % pool->count;
	struct glowfs_worker *worker;
	unsigned int i;

	for (i = 0; i < pool->count; i++) {
		worker = &pool->workers[(first + i) % pool->count];
		if (mutex_trylock(&worker->lock))
			goto locked;
	}
	worker = &pool->workers[first];
	mutex_lock(&worker->lock);
locked:
	if (glowfs_worker_prepare(worker)) {
		mutex_unlock(&worker->lock);
		return NULL;
	}
	return worker;
}

void glowfs_worker_put(struct glowfs_worker *worker)
{
	mutex_unlock(&worker->lock);
}

u8 *glowfs_worker_stored(struct glowfs_worker *worker)
{
	return worker->stored;
}

u8 *glowfs_worker_plain(struct glowfs_worker *worker)
{
	return worker->plain;
}

/* Reads all of it, or fails: -EIO when the file ends before. */
int glowfs_pread(struct file *file, u64 offset, u8 *out, size_t length)
{
	loff_t at = offset;
	ssize_t got;

	while (length) {
		got = kernel_read(file, out, length, &at);
		if (got == -EINTR)
			continue;
		if (got < 0)
			return got;
		if (!got)
			return -EIO;
		out += got;
		length -= got;
	}
	return 0;
}

int glowfs_digest(u32 kind, const u8 *data, size_t length, u8 out[32])
{
	switch (kind) {
	case 1:
		sha256(data, length, out);
		return 0;
	case 2:
		blake2b(NULL, 0, data, length, out, 32);
		return 0;
	}
	return -EINVAL;
}

int glowfs_unlz4(struct glowfs_worker *worker, u32 stored, u32 plain)
{
	int length = LZ4_decompress_safe(worker->stored, worker->plain, stored,
					 plain);

	return length == plain ? 0 : -EIO;
}

int glowfs_unzstd(struct glowfs_worker *worker, u32 stored, u32 plain,
		  bool dictionary)
{
	size_t length;

	if (!worker->zstd) {
		size_t room = zstd_dctx_workspace_bound();

		if (!worker->workspace)
			worker->workspace = kvmalloc(room, GFP_NOFS);
		if (!worker->workspace)
			return -ENOMEM;
		worker->zstd = zstd_init_dctx(worker->workspace, room);
		if (!worker->zstd)
			return -EIO;
	}
	if (!dictionary)
		length = zstd_decompress_dctx(worker->zstd, worker->plain,
					      plain, worker->stored, stored);
	else if (worker->pool->ddict)
		length = zstd_decompress_using_ddict(worker->zstd,
						     worker->plain, plain,
						     worker->stored, stored,
						     worker->pool->ddict);
	else
		return -EIO;
	return length == plain ? 0 : -EIO;
}
