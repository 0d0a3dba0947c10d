/* SPDX-License-Identifier: Apache-2.0
 *
 * inspect.c: reads every record, counts what `end` counts by the definition
 * of record.def (every field named outcome that is not volatile, nor inside
 * something volatile), and compares.
 */
#include "output/inspect.h"

#include "output/object.h"
#include "output/table.h"

#include "scanner/base/banned.h"

#define WORDS_MAX 4096 /* distinct ones of a kind; a sound file has < 200 */

struct count_ctx {
	struct arena *arena;
	struct inspection *i;
};

const struct word_count *
word_count_at(const struct word_counts *c, size_t i)
{
	return (const struct word_count *)c->v.p + i;
}

static struct word_count *
find_word(const struct word_counts *c, struct slice word)
{
	struct word_count *w = c->v.p;

	for (size_t i = 0; i < c->v.n; i++)
		if (slice_eq(w[i].word, word))
			return &w[i];
	return NULL;
}

uint64_t
word_count(const struct word_counts *c, struct slice word)
{
	const struct word_count *w = find_word(c, word);

	return w == NULL ? 0 : w->n;
}

static void
add_word(struct arena *a, struct word_counts *c, struct slice word, uint64_t n)
{
	struct word_count *w = find_word(c, word);

	if (w == NULL && c->v.n < WORDS_MAX) {
		w = vec_push(a, &c->v);
		w->word = arena_slice(a, word);
	}
	if (w != NULL)
		w->n += n;
}

static void
add_counts(struct arena *a, struct word_counts *c, const msgpack_object *map)
{
	if (map == NULL || map->type != MSGPACK_OBJECT_MAP)
		return;
	for (uint32_t i = 0; i < map->via.map.size; i++) {
		const msgpack_object_kv *kv = &map->via.map.ptr[i];

		if (kv->val.type == MSGPACK_OBJECT_POSITIVE_INTEGER)
			add_word(a, c, object_bytes(&kv->key), kv->val.via.u64);
	}
}

static void
add_list(struct arena *a, struct word_counts *c, const msgpack_object *list)
{
	if (list == NULL || list->type != MSGPACK_OBJECT_ARRAY)
		return;
	for (uint32_t i = 0; i < list->via.array.size; i++)
		add_word(a, c, object_bytes(&list->via.array.ptr[i]), 1);
}

static void count_outcomes(struct count_ctx *c, const msgpack_object *v,
    enum object object);

static void
count_field(struct count_ctx *c, const msgpack_object *v, enum field f)
{
	const struct field_row *row = field_row(f);

	if (!row->stable)
		return;
	if (row->type == FIELD_WORD &&
	    slice_eq(slice_of(row->name), SLICE_LIT("outcome")))
		add_word(c->arena, &c->i->outcomes, object_bytes(v), 1);
	else if (row->type == FIELD_MAP || row->type == FIELD_MAPS)
		count_outcomes(c, v, field_sub(f));
}

static void
count_outcomes(struct count_ctx *c, const msgpack_object *v,
    enum object object)
{
	enum field hint = object_first(object);

	if (v->type == MSGPACK_OBJECT_ARRAY)
		for (uint32_t i = 0; i < v->via.array.size; i++)
			count_outcomes(c, &v->via.array.ptr[i], object);
	if (v->type != MSGPACK_OBJECT_MAP)
		return;
	for (uint32_t i = 0; i < v->via.map.size; i++) {
		const msgpack_object_kv *kv = &v->via.map.ptr[i];
		enum field f = object_field(object, object_bytes(&kv->key),
		    hint);

		if (f == FIELD_COUNT)
			continue;
		hint = f + 1;
		count_field(c, &kv->val, f);
	}
}

void
inspection_init(struct inspection *i)
{
	const struct word_counts none = { VEC_OF(struct word_count) };

	*i = (struct inspection){ .types = none, .verdicts = none,
		.verdicts_dane = none, .findings = none, .outcomes = none,
		.rejected = none, .mismatches = VEC_OF(struct mismatch) };
}

void
inspection_count(struct arena *a, struct inspection *i,
    const msgpack_object *record)
{
	struct count_ctx c = { a, i };

	add_word(a, &i->types, object_text(record, "type"), 1);
	if (object_is(record, SLICE_LIT("domain"))) {
		add_word(a, &i->verdicts, object_text(record, "verdict"), 1);
		add_word(a, &i->verdicts_dane,
		    object_text(record, "verdict_dane"), 1);
		add_list(a, &i->findings, object_get(record, "findings"));
		count_outcomes(&c, record, OBJECT_domain);
	} else if (object_is(record, SLICE_LIT("mx"))) {
		count_outcomes(&c, record, OBJECT_mx);
	}
}

static struct slice
kept_text(struct arena *a, const msgpack_object *map, const char *key)
{
	return arena_slice(a, object_text(map, key));
}

/* "a, b, c" */
static struct slice
kept_list(struct arena *a, const msgpack_object *map, const char *key)
{
	const msgpack_object *list = object_get(map, key);
	struct slice all = SLICE_EMPTY;

	if (list == NULL || list->type != MSGPACK_OBJECT_ARRAY)
		return SLICE_EMPTY;
	for (uint32_t i = 0; i < list->via.array.size && i < 16; i++) {
		struct slice s = object_bytes(&list->via.array.ptr[i]);

		all = arena_fmt(a, "%.*s%s%.*s", SLICE_ARG(all),
		    i == 0 ? "" : ", ", SLICE_ARG(s));
	}
	return all;
}

static void
keep_digest(struct arena *a, struct inspection *i, const msgpack_object *map)
{
	struct slice digest = object_text(map, "list_sha256");
	char hex[2 * 32 + 1];

	if (digest.n != 32)
		return;
	hex_encode((const uint8_t *)digest.p, digest.n, hex);
	i->list_sha256 = arena_slice(a, slice_of(hex));
}

/* One part that is unvalidated makes it worth telling. */
static void
keep_unvalidated(struct inspection *i, const msgpack_object *record)
{
	const msgpack_object *o = object_get(record, "unvalidated");

	i->unvalidated |= o != NULL && o->type == MSGPACK_OBJECT_BOOLEAN &&
	    o->via.boolean;
}

static void
keep_scan(struct arena *a, struct inspection *i, const msgpack_object *scan)
{
	i->has_scan = true;
	object_uint(scan, "format", &i->format);
	i->version = kept_text(a, scan, "version");
	i->list = kept_text(a, scan, "list");
	i->stages = kept_list(a, scan, "stages");
	i->resolvers = kept_list(a, scan, "resolvers");
	i->ehlo_name = kept_text(a, scan, "ehlo_name");
	i->vantage = kept_text(a, scan, "vantage");
	i->notes = kept_text(a, scan, "notes");
	i->judged_version = kept_text(a, scan, "judged_version");
	object_uint(scan, "started", &i->started_ms);
	keep_unvalidated(i, scan);
	keep_digest(a, i, scan);
}

static void
check(struct arena *a, struct inspection *i, struct slice what,
    uint64_t claimed, uint64_t found)
{
	struct mismatch *m;

	if (claimed == found)
		return;
	m = vec_push(a, &i->mismatches);
	*m = (struct mismatch){ arena_slice(a, what), claimed, found };
}

static void
check_total(struct arena *a, struct inspection *i, const msgpack_object *end,
    const char *key, const char *type)
{
	uint64_t claimed = 0;

	object_uint(end, key, &claimed);
	check(a, i, slice_of(key), claimed,
	    word_count(&i->types, slice_of(type)));
}

/* Both ways: a word that only one side has is a difference as well. */
static void
check_counts(struct arena *a, struct inspection *i, const msgpack_object *end,
    const char *key, const struct word_counts *found)
{
	struct word_counts claimed = { VEC_OF(struct word_count) };

	add_counts(a, &claimed, object_get(end, key));
	for (size_t k = 0; k < claimed.v.n; k++) {
		const struct word_count *w = word_count_at(&claimed, k);

		check(a, i, arena_fmt(a, "%s %.*s", key, SLICE_ARG(w->word)),
		    w->n, word_count(found, w->word));
	}
	for (size_t k = 0; k < found->v.n; k++) {
		const struct word_count *w = word_count_at(found, k);

		if (find_word(&claimed, w->word) == NULL)
			check(a, i, arena_fmt(a, "%s %.*s", key,
			    SLICE_ARG(w->word)), 0, w->n);
	}
}

static void
keep_end(struct arena *a, struct inspection *i, const msgpack_object *end)
{
	i->has_end = true;
	i->reason = kept_text(a, end, "reason");
	object_uint(end, "ended", &i->ended_ms);
	object_uint(end, "duration_ms", &i->duration_ms);
	object_uint(end, "list_lines", &i->list_lines);
	object_uint(end, "dns_queries", &i->dns_queries);
	object_uint(end, "policy_connects", &i->policy_connects);
	object_uint(end, "smtp_connects", &i->smtp_connects);
	keep_digest(a, i, end);
	i->rejected = (struct word_counts){ VEC_OF(struct word_count) };
	add_counts(a, &i->rejected, object_get(end, "rejected"));
	i->mismatches = VEC_OF(struct mismatch);
	check_total(a, i, end, "domains", "domain");
	check_total(a, i, end, "mx_hosts", "mx");
	check_total(a, i, end, "certificates", "cert");
	check_counts(a, i, end, "verdicts", &i->verdicts);
	check_counts(a, i, end, "verdicts_dane", &i->verdicts_dane);
	check_counts(a, i, end, "findings", &i->findings);
	check_counts(a, i, end, "outcomes", &i->outcomes);
}

bool
inspect_file(struct arena *a, const char *path, struct inspection *out,
    char *error, size_t cap)
{
	struct reader *r = reader_open(path, error, cap);
	const msgpack_object *record;
	bool first = true;

	if (r == NULL)
		return false;
	inspection_init(out);
	while ((record = reader_next(r)) != NULL) {
		out->has_end = false;
		inspection_count(a, out, record);
		if (first && object_is(record, SLICE_LIT("scan")))
			keep_scan(a, out, record);
		else if (object_is(record, SLICE_LIT("session")))
			keep_unvalidated(out, record);
		else if (object_is(record, SLICE_LIT("end")))
			keep_end(a, out, record);
		first = false;
	}
	reader_report(r, &out->report);
	reader_close(r);
	return true;
}

bool
inspection_is_good(const struct inspection *i)
{
	return reader_is_whole(&i->report) && i->has_scan && i->has_end &&
	    i->mismatches.n == 0;
}
