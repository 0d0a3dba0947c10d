/* SPDX-License-Identifier: Apache-2.0
 *
 * log.c: lines on standard error, and the status line that lives below them.
 */
#include "scanner/base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scanner/base/text.h"

#include "scanner/base/banned.h"

#define LOG_LINE_BYTES 2048

static _Atomic int current_level = LOG_INFO;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char status[512]; /* what the terminal's last line shows */

void
log_set_level(enum log_level level)
{
	atomic_store(&current_level, (int)level);
}

enum log_level
log_level(void)
{
	return (enum log_level)atomic_load(&current_level);
}

static void
write_all(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(STDERR_FILENO, p, n);

		if (done <= 0)
			return; /* nobody listens: nothing to be done */
		p += done;
		n -= (size_t)done;
	}
}

/* One line, one write; the status line is erased before and drawn again. */
static void
put(const char *prefix, int errnum, const char *fmt, va_list ap)
{
	char buf[LOG_LINE_BYTES];
	char text[LOG_LINE_BYTES / 2];
	struct strbuf b = strbuf_of(buf, sizeof(buf));

	vsnprintf(text, sizeof(text), fmt, ap);
	pthread_mutex_lock(&lock);
	if (status[0] != '\0')
		strbuf_add(&b, SLICE_LIT("\r\033[K"));
	strbuf_fmt(&b, "mxcensus: %s%s", prefix, text);
	if (errnum != 0)
		strbuf_fmt(&b, ": %s", strerrordesc_np(errnum));
	strbuf_char(&b, '\n');
	strbuf_add(&b, slice_of(status));
	write_all(b.p, b.n);
	pthread_mutex_unlock(&lock);
}

void
log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put("error: ", 0, fmt, ap);
	va_end(ap);
}

void
log_errno(int errnum, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put("error: ", errnum, fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	if (log_level() < LOG_WARN)
		return;
	va_start(ap, fmt);
	put("warning: ", 0, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	if (log_level() < LOG_INFO)
		return;
	va_start(ap, fmt);
	put("", 0, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	if (log_level() < LOG_DEBUG)
		return;
	va_start(ap, fmt);
	put("debug: ", 0, fmt, ap);
	va_end(ap);
}

void
log_fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put("error: ", 0, fmt, ap);
	va_end(ap);
	_exit(3);
}

void
log_status(const char *line)
{
	char buf[sizeof(status) + 16];
	struct strbuf b = strbuf_of(buf, sizeof(buf));
	struct strbuf s;

	pthread_mutex_lock(&lock);
	if (status[0] != '\0' || line[0] != '\0')
		strbuf_add(&b, SLICE_LIT("\r\033[K"));
	s = strbuf_of(status, sizeof(status));
	strbuf_add(&s, slice_of(line));
	strbuf_add(&b, slice_of(status));
	write_all(b.p, b.n);
	pthread_mutex_unlock(&lock);
}
