/* SPDX-License-Identifier: Apache-2.0
 *
 * frame_writer.c: zstd frames with content size and checksum (RFC 8878),
 * each durable before the next is begun.
 */
#include "output/frame_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "scanner/base/arena.h"
#include "scanner/base/limits.h"
#include "scanner/base/log.h"
#include "scanner/base/text.h"

#include "scanner/base/banned.h"

struct frame_writer {
	char *path;
	int fd;
	bool is_stdout;  /* opened by the shell, which may append */
	bool is_regular; /* can be cut and synced */
	bool new_name;   /* the folder is to be synced as well */
	ZSTD_CCtx *zstd;
	char *plain;
	size_t n, cap;
	char *packed;
	size_t packed_cap;
	uint64_t durable;
};

static void
explain(char *error, size_t cap, const char *path, const char *what,
    const char *fix)
{
	struct strbuf b = strbuf_of(error, cap);

	strbuf_fmt(&b, "%s: %s", path, what);
	if (fix[0] != '\0')
		strbuf_fmt(&b, "; %s", fix);
}

/* A new file, or an old one that may be replaced; -1 with `error` set. */
static int
open_path(const char *path, bool force, bool *new_name, char *error,
    size_t cap)
{
	const int flags = O_WRONLY | O_CLOEXEC | O_NOCTTY;
	struct stat st;
	bool exists = stat(path, &st) == 0;
	int fd;

	if (exists && S_ISREG(st.st_mode) && !force) {
		explain(error, cap, path, "exists already",
		    "give another name or --force to replace it");
		return -1;
	}
	*new_name = !exists;
	fd = open(path, exists ? flags : flags | O_CREAT | O_EXCL, 0644);
	if (fd == -1)
		explain(error, cap, path, strerrordesc_np(errno),
		    errno == ENOENT ? "make its folder first" :
		    "choose a place that can be written to");
	return fd;
}

/* Two scans must not write to one file: the second is refused. */
static bool
claim(struct frame_writer *w, char *error, size_t cap)
{
	struct stat st;

	if (isatty(w->fd)) {
		explain(error, cap, w->path, "is a terminal and the records "
		    "are binary", "send them to a file");
		return false;
	}
	if (w->is_stdout || fstat(w->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return true;
	w->is_regular = true;
	if (flock(w->fd, LOCK_EX | LOCK_NB) != 0) {
		explain(error, cap, w->path,
		    "another scan is writing to it", "");
		return false;
	}
	return true;
}

bool
frame_writer_can_cut(const struct frame_writer *w)
{
	return w->is_regular;
}

bool
frame_writer_cut(struct frame_writer *w, uint64_t at, char *error, size_t cap)
{
	if (!w->is_regular)
		return true;
	/* durable before anything takes the place of what was cut */
	if (ftruncate(w->fd, (off_t)at) == 0 &&
	    lseek(w->fd, (off_t)at, SEEK_SET) == (off_t)at &&
	    (fdatasync(w->fd) == 0 || errno == EINVAL)) {
		w->durable = at;
		return true;
	}
	explain(error, cap, w->path, strerrordesc_np(errno), "");
	return false;
}

static struct frame_writer *
writer_new(const char *path, int fd, int level)
{
	struct frame_writer *w = xcalloc(1, sizeof(*w));

	w->fd = fd;
	w->path = xstrdup(path);
	w->zstd = ZSTD_createCCtx();
	if (w->zstd == NULL)
		log_fatal("out of memory (compressor)");
	ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_contentSizeFlag, 1);
	return w;
}

struct frame_writer *
frame_writer_open(const char *path, bool force, int level, char *error,
    size_t cap)
{
	bool is_stdout = strcmp(path, "-") == 0, new_name = false;
	int fd = is_stdout ? dup(STDOUT_FILENO) :
	    open_path(path, force, &new_name, error, cap);
	struct frame_writer *w;

	if (fd == -1) {
		if (is_stdout)
			explain(error, cap, "standard output",
			    strerrordesc_np(errno), "");
		return NULL;
	}
	w = writer_new(is_stdout ? "standard output" : path, fd, level);
	w->is_stdout = is_stdout;
	w->new_name = new_name;
	if (!claim(w, error, cap) || !frame_writer_cut(w, 0, error, cap)) {
		frame_writer_close(w);
		return NULL;
	}
	return w;
}

struct frame_writer *
frame_writer_reopen(const char *path, int level, char *error, size_t cap)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct frame_writer *w;

	if (fd == -1) {
		explain(error, cap, path, strerrordesc_np(errno), "");
		return NULL;
	}
	w = writer_new(path, fd, level);
	/* who created it may have died before its name was synced */
	w->new_name = true;
	if (!claim(w, error, cap)) {
		frame_writer_close(w);
		return NULL;
	}
	if (!w->is_regular) {
		explain(error, cap, path, "is no regular file",
		    "a scan into it cannot be gone on with");
		frame_writer_close(w);
		return NULL;
	}
	return w;
}

int
frame_writer_fd(const struct frame_writer *w)
{
	return w->fd;
}

void
frame_writer_add(struct frame_writer *w, const void *p, size_t n)
{
	if (w->cap - w->n < n) {
		w->cap = w->n + n > LIMIT_FRAME_BYTES ? (w->n + n) * 2 :
		    LIMIT_FRAME_BYTES + LIMIT_RECORD_BYTES;
		w->plain = xrealloc(w->plain, w->cap);
	}
	memcpy(w->plain + w->n, p, n);
	w->n += n;
}

void
frame_writer_forget(struct frame_writer *w)
{
	w->n = 0;
}

size_t
frame_writer_pending(const struct frame_writer *w)
{
	return w->n;
}

static bool
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			if (done == 0)
				errno = ENOSPC;
			return false;
		}
		p += done;
		n -= (size_t)done;
	}
	return true;
}

/* A file is found again after a power cut only if its name was synced. */
static bool
sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = xstrdup(slash == NULL ? "." : slash == path ? "/" : path);
	bool ok;
	int fd;

	if (slash != NULL && slash != path)
		dir[slash - path] = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	if (fd == -1)
		return true; /* a folder that may be written to, not read */
	ok = fsync(fd) == 0 || errno == EINVAL;
	close(fd);
	return ok;
}

static bool
sync_all(struct frame_writer *w)
{
	if (!w->is_regular)
		return true;
	if (fdatasync(w->fd) != 0 && errno != EINVAL)
		return false;
	if (w->new_name && !sync_folder(w->path))
		return false;
	w->new_name = false;
	return true;
}

/* Back to the last whole frame, which is all that can still be done. */
static void
give_up(struct frame_writer *w, int errnum, char *error, size_t cap)
{
	struct strbuf b = strbuf_of(error, cap);

	strbuf_fmt(&b, "%s: cannot write: %s", w->path,
	    strerrordesc_np(errnum));
	if (w->is_regular && ftruncate(w->fd, (off_t)w->durable) != 0)
		strbuf_fmt(&b, " (and its end may be torn)");
	if (errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG)
		strbuf_fmt(&b, "; make room");
}

bool
frame_writer_flush(struct frame_writer *w, char *error, size_t cap)
{
	size_t need = ZSTD_compressBound(w->n), n;

	if (w->n == 0)
		return true;
	if (w->packed_cap < need) {
		w->packed_cap = need;
		w->packed = xrealloc(w->packed, need);
	}
	n = ZSTD_compress2(w->zstd, w->packed, w->packed_cap, w->plain, w->n);
	if (ZSTD_isError(n))
		log_fatal("compression failed: %s", ZSTD_getErrorName(n));
	w->n = 0;
	if (!write_all(w->fd, w->packed, n) || !sync_all(w)) {
		give_up(w, errno, error, cap);
		return false;
	}
	w->durable += n;
	return true;
}

uint64_t
frame_writer_bytes(const struct frame_writer *w)
{
	return w->durable;
}

bool
frame_writer_close(struct frame_writer *w)
{
	bool ok = close(w->fd) == 0;

	ZSTD_freeCCtx(w->zstd);
	free(w->plain);
	free(w->packed);
	free(w->path);
	free(w);
	return ok;
}
