/* SPDX-License-Identifier: Apache-2.0
 *
 * log.h: what the program tells its user, on standard error.
 *
 * Five levels.  Findings are data and never log lines; what concerns a single
 * domain is said at debug level only.  Thread-safe: one line, one write.
 */
#pragma once

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level);
enum log_level log_level(void);

/* "mxcensus: error: ..." with the text of errno appended where errnum != 0. */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_errno(int errnum, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Our own failure, nothing sensible can follow: says so and exits 3. */
void log_fatal(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/*
 * The status line of a terminal: log lines erase it before they print and the
 * next status redraws it.  Empty text removes it.
 */
void log_status(const char *line);
