/* SPDX-License-Identifier: Apache-2.0
 *
 * reader.c: frames out of a file or a pipe (RFC 8878), records out of frames.
 *
 * A frame counts only with its content checksum right and its content sound.
 * Behind one that fails, reading goes on where the next one begins: at its
 * own end if something follows there, else at the next magic number from
 * which a whole frame decodes.
 */
#include "output/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "output/plain.h"
#include "scanner/base/arena.h"
#include "scanner/base/log.h"

#include "scanner/base/banned.h"

#define FRAME_PLAIN_MAX (64u << 20) /* bytes; ours are 4 to 6 MiB */
#define FRAME_PACKED_MAX (FRAME_PLAIN_MAX + (1u << 20))
#define READ_BYTES (256u << 10)
#define MAGIC_BYTES 4
#define CHECKSUM_FLAG 4 /* RFC 8878 3.1.1.1.1 */
#define WINDOW_LOG_MAX 26
/* By chance a magic number stands once in 4 GiB; more is somebody's doing. */
#define TRIES_MAX 256

static const char magic[MAGIC_BYTES] = { '\x28', '\xb5', '\x2f', '\xfd' };

enum frame {
	FRAME_WHOLE,
	FRAME_SKIPPABLE, /* RFC 8878 3.1.2: not ours, no harm */
	FRAME_BAD,       /* its extent is known, its content fails */
	FRAME_TORN,      /* the file ends within it */
	FRAME_NONE,      /* nothing that could be a frame */
};

struct reader {
	int fd;
	char *buf;
	size_t n, cap, at; /* bytes in buf, room, next one */
	uint64_t offset;   /* of buf[0] in the file */
	bool eof, strict;
	unsigned tries;    /* since the last whole frame */
	ZSTD_DCtx *zstd;
	char *plain;
	size_t plain_cap;
	bool in_frame;
	struct plain records;
	struct reader_report report;
};

struct reader *
reader_open(const char *path, char *error, size_t cap)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? dup(STDIN_FILENO) :
	    open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct strbuf b = strbuf_of(error, cap);
	struct reader *r;
	struct stat st;

	if (fd == -1) {
		strbuf_fmt(&b, "%s: %s", path, strerrordesc_np(errno));
		return NULL;
	}
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		strbuf_fmt(&b, "%s: is a folder; name a file in it", path);
		close(fd);
		return NULL;
	}
	r = xcalloc(1, sizeof(*r));
	r->fd = fd;
	r->cap = READ_BYTES;
	r->buf = xmalloc(r->cap);
	r->zstd = ZSTD_createDCtx();
	if (r->zstd == NULL)
		log_fatal("out of memory (decompressor)");
	ZSTD_DCtx_setParameter(r->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	plain_init(&r->records, SLICE_EMPTY);
	return r;
}

static size_t
left(const struct reader *r)
{
	return r->n - r->at;
}

static void
read_some(struct reader *r)
{
	ssize_t got;

	do
		got = read(r->fd, r->buf + r->n, r->cap - r->n);
	while (got < 0 && errno == EINTR);
	if (got > 0) {
		r->n += (size_t)got;
		r->report.file_bytes += (uint64_t)got;
	} else {
		r->eof = true;
		r->report.read_error = got < 0 ? errno : 0;
	}
}

/* At least `want` bytes from here on, unless the file ends before. */
static void
fill(struct reader *r, size_t want)
{
	if (left(r) >= want || r->eof)
		return;
	memmove(r->buf, r->buf + r->at, left(r));
	r->offset += r->at;
	r->n -= r->at;
	r->at = 0;
	if (r->cap < want + READ_BYTES) {
		r->cap = want + READ_BYTES;
		r->buf = xrealloc(r->buf, r->cap);
	}
	while (r->n < want && !r->eof)
		read_some(r);
}

/* The compressed size of the frame here, as its block headers have it. */
static enum frame
measure(struct reader *r, size_t *size)
{
	size_t want = READ_BYTES;

	for (;;) {
		bool all;

		fill(r, want);
		all = r->eof || left(r) >= FRAME_PACKED_MAX;
		*size = ZSTD_findFrameCompressedSize(r->buf + r->at, left(r));
		if (!ZSTD_isError(*size))
			return FRAME_WHOLE;
		if (ZSTD_getErrorCode(*size) != ZSTD_error_srcSize_wrong)
			return FRAME_NONE;
		if (all)
			return r->eof ? FRAME_TORN : FRAME_NONE;
		want = left(r) * 2 < FRAME_PACKED_MAX ? left(r) * 2 :
		    FRAME_PACKED_MAX;
	}
}

static void
reserve(struct reader *r, size_t n)
{
	if (r->plain_cap >= n)
		return;
	free(r->plain);
	r->plain_cap = n;
	r->plain = xmalloc(n);
}

/* A frame that does not say how large it is: some other tool packed it. */
static size_t
unpack_stream(struct reader *r, size_t size)
{
	ZSTD_inBuffer in = { r->buf + r->at, size, 0 };
	ZSTD_outBuffer out;
	size_t rc;

	reserve(r, FRAME_PLAIN_MAX);
	out = (ZSTD_outBuffer){ r->plain, FRAME_PLAIN_MAX, 0 };
	ZSTD_DCtx_reset(r->zstd, ZSTD_reset_session_only);
	do {
		size_t before = in.pos + out.pos;

		rc = ZSTD_decompressStream(r->zstd, &out, &in);
		if (in.pos + out.pos == before)
			break;
	} while (rc != 0 && !ZSTD_isError(rc));
	return rc == 0 && in.pos == size ? out.pos : (size_t)-1;
}

static enum frame
unpack(struct reader *r, size_t size, struct slice *plain)
{
	const char *p = r->buf + r->at;
	unsigned long long content = ZSTD_getFrameContentSize(p, size);
	size_t n;

	if (memcmp(p, magic, MAGIC_BYTES) != 0)
		return FRAME_SKIPPABLE; /* measured, so it is one */
	if (content == ZSTD_CONTENTSIZE_ERROR ||
	    (content != ZSTD_CONTENTSIZE_UNKNOWN && content > FRAME_PLAIN_MAX))
		return FRAME_BAD;
	if ((p[MAGIC_BYTES] & CHECKSUM_FLAG) == 0)
		return FRAME_BAD; /* nothing vouches for it */
	if (content == ZSTD_CONTENTSIZE_UNKNOWN) {
		n = unpack_stream(r, size);
	} else {
		reserve(r, (size_t)content);
		n = ZSTD_decompressDCtx(r->zstd, r->plain, r->plain_cap, p,
		    size);
	}
	if (ZSTD_isError(n))
		return FRAME_BAD;
	*plain = slice_make(r->plain, n);
	return plain_is_sound(*plain) ? FRAME_WHOLE : FRAME_BAD;
}

/* The frame here: taken when whole, else left where it is. */
static enum frame
try_frame(struct reader *r, size_t *size)
{
	enum frame f = measure(r, size);
	struct slice plain = SLICE_EMPTY;

	if (f == FRAME_WHOLE)
		f = unpack(r, *size, &plain);
	if (f != FRAME_WHOLE)
		return f;
	r->at += *size;
	r->report.frames++;
	r->report.plain_bytes += plain.n;
	plain_release(&r->records);
	plain_init(&r->records, plain);
	r->in_frame = true;
	return FRAME_WHOLE;
}

static void
count_damage(struct reader *r, uint64_t at)
{
	if (r->report.damaged_frames++ == 0)
		r->report.damaged_at = at;
}

/* Moves to the next magic number behind this byte; false at the end. */
static bool
find_magic(struct reader *r)
{
	r->at++;
	for (;;) {
		const char *hit = memmem(r->buf + r->at, left(r), magic,
		    MAGIC_BYTES);

		if (hit != NULL) {
			r->at = (size_t)(hit - r->buf);
			return true;
		}
		if (left(r) >= MAGIC_BYTES)
			r->at = r->n - (MAGIC_BYTES - 1);
		if (r->eof)
			return false;
		fill(r, READ_BYTES);
	}
}

/* Behind a frame that fails: true when the next whole one was taken. */
static bool
recover(struct reader *r)
{
	uint64_t from = r->offset + r->at;
	size_t size;

	while (r->tries < TRIES_MAX && find_magic(r)) {
		r->tries++;
		if (try_frame(r, &size) == FRAME_WHOLE) {
			r->tries = 0;
			count_damage(r, from);
			return true;
		}
	}
	r->at = r->n;
	r->eof = true;
	r->report.torn_tail = true;
	r->report.torn_at = from;
	return false;
}

/* Strict: what follows the damage here is not looked at; always false. */
static bool
refuse(struct reader *r, enum frame f)
{
	uint64_t at = r->offset + r->at;

	if (f == FRAME_TORN) {
		r->report.torn_tail = true;
		r->report.torn_at = at;
	} else {
		count_damage(r, at);
	}
	r->report.refused = true;
	r->at = r->n;
	r->eof = true;
	return false;
}

/* Is the frame here, `size` bytes long, followed by another or by nothing? */
static bool
ends_well(struct reader *r, size_t size)
{
	fill(r, size + MAGIC_BYTES);
	if (left(r) == size)
		return true;
	return left(r) >= size + MAGIC_BYTES &&
	    memcmp(r->buf + r->at + size, magic, MAGIC_BYTES) == 0;
}

static bool
next_frame(struct reader *r)
{
	for (;;) {
		size_t size = 0;
		enum frame f;

		fill(r, READ_BYTES);
		if (left(r) == 0)
			return false;
		f = try_frame(r, &size);
		if (r->strict && f != FRAME_WHOLE && f != FRAME_SKIPPABLE)
			return refuse(r, f);
		switch (f) {
		case FRAME_WHOLE:
			return true;
		case FRAME_SKIPPABLE:
			r->at += size;
			break;
		case FRAME_BAD:
			if (!ends_well(r, size))
				return recover(r);
			count_damage(r, r->offset + r->at);
			r->at += size;
			break;
		case FRAME_TORN:
		case FRAME_NONE:
			return recover(r);
		}
	}
}

void
reader_be_strict(struct reader *r)
{
	r->strict = true;
}

const msgpack_object *
reader_next(struct reader *r)
{
	const msgpack_object *record = NULL;

	while (record == NULL) {
		if (!r->in_frame && !next_frame(r))
			return NULL;
		record = plain_next(&r->records);
		if (record == NULL)
			r->in_frame = false;
	}
	r->report.records++;
	return record;
}

struct slice
reader_bytes(const struct reader *r)
{
	return plain_record(&r->records);
}

void
reader_report(const struct reader *r, struct reader_report *out)
{
	*out = r->report;
}

bool
reader_is_whole(const struct reader_report *report)
{
	return report->damaged_frames == 0 && !report->torn_tail &&
	    report->read_error == 0;
}

void
reader_describe(const struct reader_report *report, char *out, size_t cap)
{
	struct strbuf b = strbuf_of(out, cap);

	if (report->read_error != 0)
		strbuf_fmt(&b, "reading stopped at byte %ju: %s",
		    (uintmax_t)report->file_bytes,
		    strerrordesc_np(report->read_error));
	else if (report->frames == 0 &&
	    (report->torn_tail || report->refused))
		strbuf_fmt(&b, "no whole frame in it: no .mxc file, or torn "
		    "from its beginning");
	else if (report->refused && !report->torn_tail)
		strbuf_fmt(&b, "damaged at byte %ju; nothing behind it was "
		    "read", (uintmax_t)report->damaged_at);
	else if (report->damaged_frames > 0)
		strbuf_fmt(&b, "%ju damaged frame%s skipped, the first at byte "
		    "%ju%s", (uintmax_t)report->damaged_frames,
		    report->damaged_frames == 1 ? "" : "s",
		    (uintmax_t)report->damaged_at,
		    report->torn_tail ? ", and its end is torn" : "");
	else if (report->torn_tail)
		strbuf_fmt(&b, "the end is torn from byte %ju on",
		    (uintmax_t)report->torn_at);
	else
		strbuf_fmt(&b, "whole");
}

void
reader_close(struct reader *r)
{
	if (r == NULL)
		return;
	close(r->fd);
	plain_release(&r->records);
	ZSTD_freeDCtx(r->zstd);
	free(r->plain);
	free(r->buf);
	free(r);
}
