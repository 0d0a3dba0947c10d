/* SPDX-License-Identifier: Apache-2.0
 *
 * stream.h: the lines of a list, whatever it is wrapped in.
 *
 * Plain, gzip or zstd, recognised by its first bytes; a file or standard
 * input.  The digest is over the bytes of the file as it lies there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/text.h"

struct stream;

enum stream_result { STREAM_LINE, STREAM_END, STREAM_FAILED };

/* NULL: `error` says what, where and how to fix it. "-" is standard input. */
struct stream *stream_open(const char *path, char *error, size_t cap);
/*
 * The next line without its LF or CRLF and without a leading BOM, valid until
 * the next call.  A line beyond LIMIT_LIST_LINE_BYTES is cut there and
 * `cut` is set; the rest of it is skipped.
 */
enum stream_result stream_line(struct stream *s, struct slice *line, bool *cut);
uint64_t stream_line_number(const struct stream *s); /* of the last line */
const char *stream_error(const struct stream *s);
/* Called before each reading of the file, which may have to be waited for. */
void stream_on_wait(struct stream *s, void (*fn)(void *ctx), void *ctx);
/* After STREAM_END: SHA-256 over all bytes read. */
void stream_digest(struct stream *s, uint8_t sha256[32]);
bool stream_is_regular(const struct stream *s);
void stream_close(struct stream *s);
