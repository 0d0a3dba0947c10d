/* SPDX-License-Identifier: Apache-2.0
 *
 * source.c: lines to names.
 *
 * The kind of list is decided by its first line that is neither blank nor a
 * comment.  Belongs to the reader's thread.
 */
#include "scanner/source.h"

#include <stdlib.h>

#include "scanner/shard.h"
#include "scanner/stream.h"
#include "scanner/zone.h"

#include "scanner/base/banned.h"

enum list_kind { LIST_UNKNOWN, LIST_NAMES, LIST_ZONE };

struct source {
	struct stream *stream;
	struct arena *arena; /* of the current name */
	enum list_kind kind;
	struct zone zone;
	struct shard shard;
	uint64_t names;
	uint64_t rejected[NAME_ERROR_COUNT];
	void (*on_reject)(void *ctx, uint64_t line, enum name_error why,
	    struct slice text);
	void *ctx;
};

struct source *
source_open(const char *path, char *error, size_t cap)
{
	struct stream *stream = stream_open(path, error, cap);
	struct source *s;

	if (stream == NULL)
		return NULL;
	s = xcalloc(1, sizeof(*s));
	s->stream = stream;
	s->arena = arena_new();
	zone_init(&s->zone);
	return s;
}

void
source_close(struct source *s)
{
	if (s == NULL)
		return;
	stream_close(s->stream);
	arena_free(s->arena);
	free(s);
}

bool
source_take_shard(struct source *s, const char *text)
{
	return shard_parse(text, &s->shard);
}

void
source_on_reject(struct source *s,
    void (*fn)(void *ctx, uint64_t line, enum name_error why,
    struct slice text), void *ctx)
{
	s->on_reject = fn;
	s->ctx = ctx;
}

void
source_on_wait(struct source *s, void (*fn)(void *ctx), void *ctx)
{
	stream_on_wait(s->stream, fn, ctx);
}

static void
reject(struct source *s, enum name_error why, struct slice text)
{
	s->rejected[why]++;
	if (s->on_reject != NULL)
		s->on_reject(s->ctx, stream_line_number(s->stream), why, text);
}

/* Without a comment and the blanks around. */
static struct slice
strip(struct slice line, char comment)
{
	return slice_trim(slice_upto(line, slice_find(line, comment)));
}

static struct slice
unquote(struct slice s)
{
	s = slice_trim(s);
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		return slice_upto(slice_from(s, 1), s.n - 2);
	return s;
}

/*
 * "12,example.com" and any further columns; a first line without a number is
 * the heading of the columns.  False: the line is no name.
 */
static bool
split_csv(const struct source *s, struct slice text, struct source_name *out,
    struct slice *name, bool *heading)
{
	size_t comma = slice_find(text, ',');
	struct slice rest;

	*heading = false;
	*name = unquote(text);
	if (comma == text.n)
		return true;
	rest = slice_from(text, comma + 1);
	*name = unquote(slice_upto(rest, slice_find(rest, ',')));
	if (slice_to_u64(unquote(slice_upto(text, comma)), 12, &out->rank))
		return true;
	*heading = s->names == 0 && stream_line_number(s->stream) == 1;
	return false;
}

static bool
accept_name(struct source *s, struct slice text, struct source_name *out)
{
	enum name_error e;
	struct slice plain = text;

	arena_clear(s->arena);
	e = name_normalize(s->arena, text, &out->name);
	if (e == NAME_OK && slice_find(out->name, '.') == out->name.n)
		e = NAME_SINGLE_LABEL;
	if (e != NAME_OK) {
		reject(s, e, text);
		return false;
	}
	if (!shard_has(&s->shard, out->name))
		return false;
	if (plain.n > 0 && plain.p[plain.n - 1] == '.')
		plain.n--;
	out->input = slice_eq(plain, out->name) ? SLICE_EMPTY :
	    arena_slice(s->arena, text);
	out->line = stream_line_number(s->stream);
	s->names++;
	return true;
}

/* True where the line gave a name. */
static bool
take_line(struct source *s, struct slice line, bool cut,
    struct source_name *out)
{
	struct slice text = strip(line, '#'), name;
	bool heading;

	*out = (struct source_name){ .rank = 0 };
	if (s->kind == LIST_UNKNOWN) {
		if (text.n == 0 || text.p[0] == ';')
			return false;
		s->kind = zone_looks_like(line) ? LIST_ZONE : LIST_NAMES;
	}
	if (s->kind == LIST_ZONE)
		return zone_line(&s->zone, line, &name) &&
		    accept_name(s, name, out);
	if (text.n == 0 || text.p[0] == ';')
		return false;
	if (cut) {
		reject(s, NAME_TOO_LONG, slice_upto(text, 80));
		return false;
	}
	if (!split_csv(s, text, out, &name, &heading)) {
		if (!heading)
			reject(s, NAME_BAD_BYTE, text);
		return false;
	}
	return accept_name(s, name, out);
}

enum source_result
source_next(struct source *s, struct source_name *out)
{
	struct slice line;
	bool cut;

	for (;;) {
		switch (stream_line(s->stream, &line, &cut)) {
		case STREAM_FAILED:
			return SOURCE_FAILED;
		case STREAM_END:
			return SOURCE_END;
		case STREAM_LINE:
			if (take_line(s, line, cut, out))
				return SOURCE_NAME;
		}
	}
}

const char *
source_error(const struct source *s)
{
	return stream_error(s->stream);
}

bool
source_is_regular(const struct source *s)
{
	return stream_is_regular(s->stream);
}

void
source_digest(struct source *s, uint8_t sha256[32])
{
	stream_digest(s->stream, sha256);
}

uint64_t
source_lines(const struct source *s)
{
	return stream_line_number(s->stream);
}

uint64_t
source_names(const struct source *s)
{
	return s->names;
}

uint64_t
source_rejected(const struct source *s, enum name_error reason)
{
	return s->rejected[reason];
}

uint64_t
source_rejected_total(const struct source *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < NAME_ERROR_COUNT; i++)
		n += s->rejected[i];
	return n;
}
