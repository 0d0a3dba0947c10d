/* SPDX-License-Identifier: Apache-2.0
 *
 * checkpoint.c: whole frames from the beginning of a file, one after the
 * other, each with its checksum right and its content sound.
 */
#include "output/checkpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "output/plain.h"
#include "scanner/base/arena.h"
#include "scanner/base/limits.h"
#include "scanner/base/log.h"

#include "scanner/base/banned.h"

/* The writer closes a frame with the record that fills it. */
#define PLAIN_MAX (LIMIT_FRAME_BYTES + 2 * LIMIT_RECORD_BYTES)
#define PACKED_MAX (PLAIN_MAX + (1u << 20))
#define READ_BYTES (256u << 10)
#define MAGIC_BYTES 4
#define CHECKSUM_FLAG 4 /* RFC 8878 3.1.1.1.1 */
/* A header alone is far smaller: more is somebody's data. */
#define BLANK_MAX (64u << 10)

struct checkpoint {
	int fd, error;
	char *buf;
	size_t n, cap, at;   /* bytes in buf, room, the next frame */
	uint64_t offset;     /* of buf[0] in the file */
	uint64_t begin, end; /* of the frame being given out */
	bool eof, stopped;
	ZSTD_DCtx *zstd;
	char *plain;
	struct plain records;
};

struct checkpoint *
checkpoint_new(int fd)
{
	struct checkpoint *c = xcalloc(1, sizeof(*c));

	c->fd = fd;
	c->cap = READ_BYTES;
	c->buf = xmalloc(c->cap);
	c->plain = xmalloc(PLAIN_MAX);
	c->zstd = ZSTD_createDCtx();
	if (c->zstd == NULL)
		log_fatal("out of memory (decompressor)");
	plain_init(&c->records, SLICE_EMPTY);
	return c;
}

void
checkpoint_free(struct checkpoint *c)
{
	if (c == NULL)
		return;
	plain_release(&c->records);
	ZSTD_freeDCtx(c->zstd);
	free(c->plain);
	free(c->buf);
	free(c);
}

/* At least `want` bytes from here on, unless the file ends before. */
static void
fill(struct checkpoint *c, size_t want)
{
	if (c->n - c->at >= want)
		return;
	memmove(c->buf, c->buf + c->at, c->n - c->at);
	c->offset += c->at;
	c->n -= c->at;
	c->at = 0;
	if (c->cap < want) {
		c->cap = want;
		c->buf = xrealloc(c->buf, c->cap);
	}
	while (c->n < want && !c->eof) {
		ssize_t got = pread(c->fd, c->buf + c->n, c->cap - c->n,
		    (off_t)(c->offset + c->n));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			c->error = errno;
		if (got <= 0)
			c->eof = true;
		else
			c->n += (size_t)got;
	}
}

/* Compressed bytes of the frame here; 0 where none is whole. */
static size_t
measure(struct checkpoint *c)
{
	for (size_t want = READ_BYTES; want <= 2 * PACKED_MAX; want *= 2) {
		size_t size;

		fill(c, want);
		size = ZSTD_findFrameCompressedSize(c->buf + c->at,
		    c->n - c->at);
		if (!ZSTD_isError(size))
			return size;
		if (c->eof || ZSTD_getErrorCode(size) !=
		    ZSTD_error_srcSize_wrong)
			return 0;
	}
	return 0;
}

static bool
unpack(struct checkpoint *c, size_t size, struct slice *plain)
{
	static const char magic[MAGIC_BYTES] = { '\x28', '\xb5', '\x2f',
		'\xfd' };
	const char *p = c->buf + c->at;
	size_t n;

	if (memcmp(p, magic, MAGIC_BYTES) != 0 ||
	    (p[MAGIC_BYTES] & CHECKSUM_FLAG) == 0)
		return false;
	/* what is larger than ours can be does not fit */
	n = ZSTD_decompressDCtx(c->zstd, c->plain, PLAIN_MAX, p, size);
	if (ZSTD_isError(n))
		return false;
	*plain = slice_make(c->plain, n);
	return n > 0 && plain_is_sound(*plain);
}

static bool
next_frame(struct checkpoint *c)
{
	struct slice plain;
	size_t size;

	if (c->stopped)
		return false;
	size = measure(c);
	if (size == 0 || !unpack(c, size, &plain)) {
		c->stopped = true;
		return false;
	}
	c->begin = c->offset + c->at;
	c->end = c->begin + size;
	c->at += size;
	plain_release(&c->records);
	plain_init(&c->records, plain);
	return true;
}

const msgpack_object *
checkpoint_next(struct checkpoint *c)
{
	const msgpack_object *record = plain_next(&c->records);

	while (record == NULL && next_frame(c))
		record = plain_next(&c->records);
	return record;
}

uint64_t
checkpoint_frame_begin(const struct checkpoint *c)
{
	return c->begin;
}

uint64_t
checkpoint_frame_end(const struct checkpoint *c)
{
	return c->end;
}

int
checkpoint_error(const struct checkpoint *c)
{
	return c->error;
}

/*
 * No frame was whole, and what there is looks like the first bytes of one, or
 * like pages that a power cut left empty.
 */
bool
checkpoint_is_blank(const struct checkpoint *c)
{
	static const char magic[MAGIC_BYTES] = { '\x28', '\xb5', '\x2f',
		'\xfd' };
	size_t n = c->n < MAGIC_BYTES ? c->n : MAGIC_BYTES;

	if (c->end > 0 || c->error != 0 || !c->eof || c->n > BLANK_MAX)
		return false;
	if (memcmp(c->buf, magic, n) == 0)
		return true;
	for (size_t i = 0; i < c->n; i++)
		if (c->buf[i] != '\0')
			return false;
	return true;
}
