/* SPDX-License-Identifier: Apache-2.0
 *
 * merge_run.c: which parts go together, and whether they are all of it.
 */
#include "output/merge_run.h"

#include <string.h>

#include "output/merge_parts.h"
#include "output/object.h"
#include "output/unpack.h"

#include "scanner/base/banned.h"

#define SHARD_DIGITS_MAX 6

void
stored_open(msgpack_unpacked *u, struct slice bytes)
{
	static const char empty[] = "\x80";
	size_t at = 0;

	if (bytes.n == 0)
		bytes = slice_make(empty, 1);
	msgpack_unpacked_init(u);
	(void)msgpack_unpack_next(u, bytes.p, bytes.n, &at);
}

bool
list_has(const msgpack_object *list, struct slice text)
{
	if (list == NULL || list->type != MSGPACK_OBJECT_ARRAY)
		return false;
	for (uint32_t i = 0; i < list->via.array.size; i++)
		if (slice_eq(object_bytes(&list->via.array.ptr[i]), text))
			return true;
	return false;
}

/* How much is done at once, from where, and what is said about it. */
bool
option_may_differ(struct slice option)
{
	static const char *const names[] = { "shard", "force", "level",
		"notes", "status-file", "quiet", "verbose", "resume",
		"frame-ms", "resolver", "dns-rate", "dns-window", "ca-file",
		"ehlo-name", "contact", "source-ip", "smtp-window",
		"policy-window", "exclude", "per-net", "per-operator",
		"rest-ms", "policy-rest-ms", "workers", "window",
		"max-parked", "drain-ms",
		"seed" };
	struct slice name = slice_upto(option, slice_find(option, '='));

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (slice_eq(name, slice_of(names[i])))
			return true;
	return false;
}

void
merge_run_init(struct merge_run *m, struct arena *a)
{
	*m = (struct merge_run){ .arena = a,
		.parts = VEC_OF(struct merge_part) };
}

struct merge_part *
merge_part_at(const struct merge_run *m, size_t i)
{
	return (struct merge_part *)m->parts.p + i;
}

/* "shard=3/8" among the options. */
static void
find_shard(struct merge_part *p, struct arena *a, const msgpack_object *scan)
{
	static const struct slice prefix = { "shard=", 6 };
	const msgpack_object *list = object_get(scan, "options");

	if (list == NULL || list->type != MSGPACK_OBJECT_ARRAY)
		return;
	for (uint32_t i = 0; i < list->via.array.size; i++) {
		struct slice s = object_bytes(&list->via.array.ptr[i]);
		size_t slash;

		if (!slice_starts(s, prefix))
			continue;
		s = slice_from(s, prefix.n);
		slash = slice_find(s, '/');
		p->shard = arena_slice(a, s);
		if (!slice_to_u64(slice_upto(s, slash), SHARD_DIGITS_MAX,
		    &p->shard_index) || !slice_to_u64(slice_from(s, slash + 1),
		    SHARD_DIGITS_MAX, &p->shard_n))
			p->shard_index = p->shard_n = 0;
	}
}

void
merge_run_scan(struct merge_run *m, const char *path, struct slice scan)
{
	struct merge_part *p = vec_push(m->arena, &m->parts);
	msgpack_unpacked u;

	*p = (struct merge_part){ .path = path, .end = SLICE_EMPTY,
		.scan = arena_slice(m->arena, scan), .shard = SLICE_EMPTY };
	stored_open(&u, p->scan);
	find_shard(p, m->arena, &u.data);
	msgpack_unpacked_destroy(&u);
}

void
merge_run_end(struct merge_run *m, struct slice end)
{
	struct merge_part *p = merge_part_at(m, m->parts.n - 1);
	msgpack_unpacked u;

	p->end = arena_slice(m->arena, end);
	stored_open(&u, p->end);
	p->is_complete = slice_eq(object_text(&u.data, "reason"),
	    SLICE_LIT("complete"));
	msgpack_unpacked_destroy(&u);
}

/* ---- do they go together? ---- */

static bool
is_equal(const msgpack_object *a, const msgpack_object *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return msgpack_object_equal(*a, *b);
}

/* The rules that judged: of a later version where they judged again. */
static struct slice
rules_of(const msgpack_object *scan)
{
	struct slice judged = object_text(scan, "judged_version");

	return judged.n > 0 ? judged : object_text(scan, "version");
}

/* An option that matters and that only one of them has; empty: none. */
static struct slice
lone_option(const msgpack_object *one, const msgpack_object *other)
{
	const msgpack_object *list = object_get(one, "options");

	if (list == NULL || list->type != MSGPACK_OBJECT_ARRAY)
		return SLICE_EMPTY;
	for (uint32_t i = 0; i < list->via.array.size; i++) {
		struct slice s = object_bytes(&list->via.array.ptr[i]);

		if (!option_may_differ(s) &&
		    !list_has(object_get(other, "options"), s))
			return s;
	}
	return SLICE_EMPTY;
}

/* What differs between two scan records; NULL: nothing that matters. */
static const char *
differing_field(const msgpack_object *a, const msgpack_object *b)
{
	static const char *const always[] = { "format", "stages", "trust_ad",
		"trust_sha256", "ipv6" };
	static const char *const where_both[] = { "list_sha256",
		"list_lines" };

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		if (!is_equal(object_get(a, always[i]),
		    object_get(b, always[i])))
			return always[i];
	for (size_t i = 0; i < sizeof(where_both) / sizeof(where_both[0]);
	    i++) {
		const msgpack_object *one = object_get(a, where_both[i]);
		const msgpack_object *other = object_get(b, where_both[i]);

		if (one != NULL && other != NULL && !is_equal(one, other))
			return where_both[i];
	}
	if (!slice_eq(rules_of(a), rules_of(b)))
		return "version (mxcensus judge brings both to one)";
	return NULL;
}

static bool
check_scan(const struct merge_part *first, const struct merge_part *p,
    const msgpack_object *a, const msgpack_object *b, struct strbuf *error)
{
	const char *field = differing_field(a, b);
	struct slice option = lone_option(a, b);

	if (option.n == 0)
		option = lone_option(b, a);
	if (field == NULL && option.n == 0 && (first->shard_n == 0 ||
	    p->shard_n == 0 || first->shard_n == p->shard_n))
		return true;
	strbuf_fmt(error, "%s and %s do not go together: ", first->path,
	    p->path);
	if (field != NULL)
		strbuf_fmt(error, "they differ in %s", field);
	else if (option.n > 0)
		strbuf_fmt(error, "only one was made with --%.*s",
		    SLICE_ARG(option));
	else
		strbuf_fmt(error, "shards %.*s and %.*s are of different "
		    "divisions", SLICE_ARG(first->shard), SLICE_ARG(p->shard));
	return false;
}

/* Two that read the whole list must have read the same. */
static bool
check_end(const struct merge_part *first, const struct merge_part *p,
    struct strbuf *error)
{
	msgpack_unpacked a, b;
	bool ok;

	if (!first->is_complete || !p->is_complete)
		return true;
	stored_open(&a, first->end);
	stored_open(&b, p->end);
	ok = is_equal(object_get(&a.data, "list_sha256"),
	    object_get(&b.data, "list_sha256"));
	msgpack_unpacked_destroy(&a);
	msgpack_unpacked_destroy(&b);
	if (!ok)
		strbuf_fmt(error, "%s and %s do not go together: they read "
		    "different lists", first->path, p->path);
	return ok;
}

static bool
check_format(const struct merge_part *p, const msgpack_object *scan,
    struct strbuf *error)
{
	uint64_t format = 0;

	if (object_uint(scan, "format", &format) && format == RECORD_FORMAT)
		return true;
	strbuf_fmt(error, "%s has format %ju, and this version knows %d",
	    p->path, (uintmax_t)format, RECORD_FORMAT);
	return false;
}

static const struct merge_part *
first_sharded(const struct merge_run *m)
{
	for (size_t i = 0; i < m->parts.n; i++)
		if (merge_part_at(m, i)->shard_n > 0)
			return merge_part_at(m, i);
	return merge_part_at(m, 0);
}

static const struct merge_part *
first_complete(const struct merge_run *m)
{
	for (size_t i = 0; i < m->parts.n; i++)
		if (merge_part_at(m, i)->is_complete)
			return merge_part_at(m, i);
	return merge_part_at(m, 0);
}

bool
merge_run_check(struct merge_run *m, char *error, size_t cap)
{
	struct strbuf b = strbuf_of(error, cap);
	const struct merge_part *first, *ended;
	bool ok = true;

	first = first_sharded(m);
	ended = first_complete(m);
	for (size_t i = 0; i < m->parts.n && ok; i++) {
		const struct merge_part *p = merge_part_at(m, i);
		msgpack_unpacked one, other;

		stored_open(&one, first->scan);
		stored_open(&other, p->scan);
		ok = check_format(p, &other.data, &b) &&
		    check_scan(first, p, &one.data, &other.data, &b) &&
		    check_end(ended, p, &b);
		msgpack_unpacked_destroy(&one);
		msgpack_unpacked_destroy(&other);
	}
	return ok;
}

/* ---- are they all of it? ---- */

static bool
is_done(const struct merge_run *m, uint64_t shard_index)
{
	for (size_t i = 0; i < m->parts.n; i++) {
		const struct merge_part *p = merge_part_at(m, i);

		if (p->is_complete && !p->is_damaged &&
		    (p->shard_n == 0 || p->shard_index == shard_index))
			return true;
	}
	return false;
}

/* Why a shard is not all there, of the last part that has some of it. */
static void
say_gap(struct merge_run *m, uint64_t index, uint64_t n,
    void (*say)(void *ctx, const char *line), void *ctx)
{
	const struct merge_part *best = NULL;
	char line[512], shard[64];
	struct strbuf b = strbuf_of(line, sizeof(line));
	struct strbuf name = strbuf_of(shard, sizeof(shard));

	for (size_t i = 0; i < m->parts.n; i++)
		if (merge_part_at(m, i)->shard_index == index)
			best = merge_part_at(m, i);
	if (index == 0)
		strbuf_add(&name, SLICE_LIT("the list"));
	else
		strbuf_fmt(&name, "shard %ju/%ju", (uintmax_t)index,
		    (uintmax_t)n);
	if (best == NULL)
		strbuf_fmt(&b, "%s is in none of the files", shard);
	else
		strbuf_fmt(&b, "%s is not all there: %s %s", shard,
		    best->path, best->is_damaged ? "is damaged" :
		    best->end.n == 0 ? "has no end record" :
		    "was stopped early");
	say(ctx, line);
}

bool
merge_run_gaps(struct merge_run *m, void (*say)(void *ctx, const char *line),
    void *ctx)
{
	uint64_t n = first_sharded(m)->shard_n;
	bool whole = true;

	if (n == 0 && !is_done(m, 0)) {
		say_gap(m, 0, 0, say, ctx);
		return false;
	}
	for (uint64_t i = 1; i <= n; i++) {
		if (is_done(m, i))
			continue;
		say_gap(m, i, n, say, ctx);
		whole = false;
	}
	return whole;
}
