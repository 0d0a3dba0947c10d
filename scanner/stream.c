/* SPDX-License-Identifier: Apache-2.0
 *
 * stream.c: bytes of a list, unwrapped (zlib, zstd) and cut into lines.
 *
 * raw bytes -> digest -> unwrap() -> plain buffer -> lines.  Everything
 * belongs to the reader's thread.
 */
#include "scanner/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "scanner/base/arena.h"
#include "scanner/base/limits.h"

#include "scanner/base/banned.h"

#define RAW_BYTES 65536
#define PLAIN_BYTES 131072

enum wrapping { WRAP_UNKNOWN, WRAP_PLAIN, WRAP_GZIP, WRAP_ZSTD };

struct stream {
	const char *path;
	int fd;
	bool regular, eof, wrapped_end;
	enum wrapping wrapping;
	z_stream gzip;
	ZSTD_DStream *zstd;
	EVP_MD_CTX *digest;
	void (*on_wait)(void *ctx);
	void *ctx;
	size_t raw_at, raw_n;
	size_t plain_at, plain_n;
	uint64_t line;
	char error[512];
	uint8_t raw[RAW_BYTES];
	char plain[PLAIN_BYTES];
	char text[LIMIT_LIST_LINE_BYTES + 1];
};

struct stream *
stream_open(const char *path, char *error, size_t cap)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct strbuf b = strbuf_of(error, cap);
	struct stream *s;
	struct stat st;

	if (fd < 0) {
		strbuf_fmt(&b, "cannot read the list %s: %s", path,
		    strerrordesc_np(errno));
		return NULL;
	}
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		strbuf_fmt(&b, "the list %s is a directory; name a file", path);
		close(fd);
		return NULL;
	}
	s = xcalloc(1, sizeof(*s));
	s->path = path;
	s->fd = fd;
	s->regular = S_ISREG(st.st_mode) && !is_stdin;
	s->digest = EVP_MD_CTX_new();
	EVP_DigestInit_ex(s->digest, EVP_sha256(), NULL);
	return s;
}

void
stream_close(struct stream *s)
{
	if (s == NULL)
		return;
	if (s->wrapping == WRAP_GZIP)
		inflateEnd(&s->gzip);
	ZSTD_freeDStream(s->zstd);
	EVP_MD_CTX_free(s->digest);
	if (s->fd != STDIN_FILENO)
		close(s->fd);
	free(s);
}

void
stream_on_wait(struct stream *s, void (*fn)(void *ctx), void *ctx)
{
	s->on_wait = fn;
	s->ctx = ctx;
}

static bool
fail(struct stream *s, const char *why)
{
	snprintf(s->error, sizeof(s->error), "%s: line %llu: %s", s->path,
	    (unsigned long long)s->line + 1, why);
	return false;
}

/*
 * A reader thread that waits for a pipe may be cancelled here and nowhere
 * else: nothing is held and nothing is half done.
 */
static bool
read_raw(struct stream *s)
{
	int old;
	ssize_t n;

	if (s->on_wait != NULL)
		s->on_wait(s->ctx);
	do {
		pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
		n = read(s->fd, s->raw + s->raw_n, RAW_BYTES - s->raw_n);
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return fail(s, strerrordesc_np(errno));
	if (n == 0)
		s->eof = true;
	EVP_DigestUpdate(s->digest, s->raw + s->raw_n, (size_t)n);
	s->raw_n += (size_t)n;
	return true;
}

static bool
recognise(struct stream *s)
{
	static const uint8_t gzip_magic[] = { 0x1f, 0x8b };
	static const uint8_t zstd_magic[] = { 0x28, 0xb5, 0x2f, 0xfd };

	while (s->raw_n < 4 && !s->eof)
		if (!read_raw(s))
			return false;
	s->wrapping = WRAP_PLAIN;
	if (s->raw_n >= 2 && memcmp(s->raw, gzip_magic, 2) == 0) {
		s->wrapping = WRAP_GZIP;
		if (inflateInit2(&s->gzip, 15 + 16) != Z_OK)
			return fail(s, "zlib does not start");
	} else if (s->raw_n >= 4 && memcmp(s->raw, zstd_magic, 4) == 0) {
		s->wrapping = WRAP_ZSTD;
		s->zstd = ZSTD_createDStream();
		if (s->zstd == NULL)
			return fail(s, "zstd does not start");
	}
	return true;
}

/* A call that found nothing to do says nothing about the end either. */
static void
note_progress(struct stream *s, size_t raw_at, bool at_end)
{
	if (raw_at != s->raw_at || s->plain_n > 0)
		s->wrapped_end = at_end;
	s->raw_at = raw_at;
}

static bool
unwrap_gzip(struct stream *s)
{
	int r;

	s->gzip.next_in = s->raw + s->raw_at;
	s->gzip.avail_in = (uInt)(s->raw_n - s->raw_at);
	s->gzip.next_out = (Bytef *)s->plain;
	s->gzip.avail_out = PLAIN_BYTES;
	r = inflate(&s->gzip, Z_NO_FLUSH);
	s->plain_n = PLAIN_BYTES - s->gzip.avail_out;
	note_progress(s, s->raw_n - s->gzip.avail_in, r == Z_STREAM_END);
	if (r == Z_STREAM_END)
		inflateReset(&s->gzip); /* another member may follow */
	else if (r != Z_OK && r != Z_BUF_ERROR)
		return fail(s, "the gzip data is damaged");
	return true;
}

static bool
unwrap_zstd(struct stream *s)
{
	ZSTD_inBuffer in = { s->raw, s->raw_n, s->raw_at };
	ZSTD_outBuffer out = { s->plain, PLAIN_BYTES, 0 };
	size_t r = ZSTD_decompressStream(s->zstd, &out, &in);

	if (ZSTD_isError(r))
		return fail(s, "the zstd data is damaged");
	s->plain_n = out.pos;
	note_progress(s, in.pos, r == 0);
	return true;
}

static bool
unwrap(struct stream *s)
{
	switch (s->wrapping) {
	case WRAP_UNKNOWN:
		return recognise(s);
	case WRAP_PLAIN:
		s->plain_n = s->raw_n - s->raw_at;
		memcpy(s->plain, s->raw + s->raw_at, s->plain_n);
		s->raw_at = s->raw_n;
		return true;
	case WRAP_GZIP:
		return unwrap_gzip(s);
	case WRAP_ZSTD:
		return unwrap_zstd(s);
	}
	return false;
}

/* More plain bytes.  False: the end, or a failure (error is set). */
static bool
refill(struct stream *s)
{
	s->plain_at = s->plain_n = 0;
	for (;;) {
		if (s->raw_at == s->raw_n && !s->eof) {
			s->raw_at = s->raw_n = 0;
			if (!read_raw(s))
				return false;
		}
		if (!unwrap(s))
			return false;
		if (s->plain_n > 0)
			return true;
		if (s->raw_at < s->raw_n || !s->eof)
			continue;
		if (!s->wrapped_end && (s->wrapping == WRAP_GZIP ||
		    s->wrapping == WRAP_ZSTD))
			return fail(s, "the compressed data ends too early");
		return false;
	}
}

/* Without CR before the LF, without a BOM on the first line. */
static struct slice
tidy(const struct stream *s, struct slice line)
{
	static const struct slice bom = { "\xef\xbb\xbf", 3 };

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (s->line == 1 && slice_starts(line, bom))
		line = slice_from(line, bom.n);
	return line;
}

enum stream_result
stream_line(struct stream *s, struct slice *line, bool *cut)
{
	size_t n = 0;
	bool any = false;

	*cut = false;
	for (;;) {
		struct slice rest;
		size_t take, room;

		if (s->plain_at == s->plain_n && !refill(s))
			break;
		any = true;
		rest = slice_make(s->plain + s->plain_at,
		    s->plain_n - s->plain_at);
		take = slice_find(rest, '\n');
		room = LIMIT_LIST_LINE_BYTES - n;
		if (take > room)
			*cut = true;
		memcpy(s->text + n, rest.p, take < room ? take : room);
		n += take < room ? take : room;
		s->plain_at += take;
		if (take < rest.n) {
			s->plain_at++;
			break;
		}
	}
	if (s->error[0] != '\0')
		return STREAM_FAILED;
	if (!any)
		return STREAM_END;
	s->line++;
	*line = tidy(s, slice_make(s->text, n));
	return STREAM_LINE;
}

uint64_t
stream_line_number(const struct stream *s)
{
	return s->line;
}

const char *
stream_error(const struct stream *s)
{
	return s->error;
}

void
stream_digest(struct stream *s, uint8_t sha256[32])
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();

	EVP_MD_CTX_copy_ex(copy, s->digest);
	EVP_DigestFinal_ex(copy, sha256, NULL);
	EVP_MD_CTX_free(copy);
}

bool
stream_is_regular(const struct stream *s)
{
	return s->regular;
}
