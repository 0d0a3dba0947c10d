/* SPDX-License-Identifier: Apache-2.0
 *
 * merge_records.c: the scan and end records of a merged file.
 *
 * The scan record is that of the first part, field by field; what each part
 * has of its own is added up: the first start, every resolver, every note.
 */
#include <string.h>

#include "output/blob.h"
#include "output/merge_parts.h"
#include "output/object.h"
#include "output/pack.h"
#include "scanner/base/log.h"

#include "scanner/base/banned.h"

/* ---- scan ---- */

struct texts {
	struct slice *text;
	size_t n;
};

/* The distinct texts that a field holds, of all parts in their order. */
static struct texts
texts_of(const struct merge_run *m, const char *field)
{
	struct vec v = VEC_OF(struct slice);

	for (size_t i = 0; i < m->parts.n; i++) {
		const msgpack_object *o;
		msgpack_unpacked u;
		uint32_t n = 1;

		stored_open(&u, merge_part_at(m, i)->scan);
		o = object_get(&u.data, field);
		if (o != NULL && o->type == MSGPACK_OBJECT_ARRAY) {
			n = o->via.array.size;
			o = o->via.array.ptr;
		}
		for (uint32_t k = 0; o != NULL && k < n; k++) {
			struct slice s = object_bytes(&o[k]), *all = v.p;
			size_t at = 0;

			while (at < v.n && !slice_eq(all[at], s))
				at++;
			if (at == v.n)
				*(struct slice *)vec_push(m->arena, &v) =
				    arena_slice(m->arena, s);
		}
		msgpack_unpacked_destroy(&u);
	}
	return (struct texts){ v.p, v.n };
}

/* Of options only those that every part has. */
static void
keep_common_options(const struct merge_run *m, struct texts *t)
{
	for (size_t i = 0; i < m->parts.n; i++) {
		msgpack_unpacked u;
		size_t n = 0;

		stored_open(&u, merge_part_at(m, i)->scan);
		for (size_t k = 0; k < t->n; k++)
			if (list_has(object_get(&u.data, "options"),
			    t->text[k]) &&
			    !slice_starts(t->text[k], SLICE_LIT("shard=")))
				t->text[n++] = t->text[k];
		t->n = n;
		msgpack_unpacked_destroy(&u);
	}
}

static uint64_t
first_start(const struct merge_run *m)
{
	uint64_t first = UINT64_MAX, t;

	for (size_t i = 0; i < m->parts.n; i++) {
		msgpack_unpacked u;

		stored_open(&u, merge_part_at(m, i)->scan);
		if (object_uint(&u.data, "started", &t) && t < first)
			first = t;
		msgpack_unpacked_destroy(&u);
	}
	return first == UINT64_MAX ? 0 : first;
}

/* Of one part is enough: the whole has answers that nobody vouches for. */
static int
pack_unvalidated(const struct merge_run *m, msgpack_packer *out)
{
	bool any = false;

	for (size_t i = 0; i < m->parts.n; i++) {
		const msgpack_object *o;
		msgpack_unpacked u;

		stored_open(&u, merge_part_at(m, i)->scan);
		o = object_get(&u.data,
		    field_row(FIELD_scan_unvalidated)->name);
		any |= o != NULL && o->type == MSGPACK_OBJECT_BOOLEAN &&
		    o->via.boolean;
		msgpack_unpacked_destroy(&u);
	}
	return any ? msgpack_pack_true(out) : msgpack_pack_false(out);
}

static int
pack_text(msgpack_packer *out, struct slice s)
{
	if (!slice_is_utf8(s))
		return msgpack_pack_bin(out, s.n) |
		    msgpack_pack_bin_body(out, s.p, s.n);
	return msgpack_pack_str(out, s.n) |
	    msgpack_pack_str_body(out, s.p, s.n);
}

static int
pack_texts(msgpack_packer *out, const struct texts *t)
{
	int failed = msgpack_pack_array(out, t->n);

	for (size_t i = 0; i < t->n; i++)
		failed |= pack_text(out, t->text[i]);
	return failed;
}

/* "one; other" */
static int
pack_joined(const struct merge_run *m, msgpack_packer *out,
    const struct texts *t)
{
	struct slice all = t->n > 0 ? t->text[0] : SLICE_EMPTY;

	for (size_t i = 1; i < t->n; i++)
		all = arena_fmt(m->arena, "%.*s; %.*s", SLICE_ARG(all),
		    SLICE_ARG(t->text[i]));
	return pack_text(out, all);
}

static bool
is_one_of(enum field f, const enum field *set, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (set[i] == f)
			return true;
	return false;
}

static int
pack_value(const struct merge_run *m, msgpack_packer *out,
    const msgpack_object_kv *kv)
{
	static const enum field lists[] = { FIELD_scan_libraries,
		FIELD_scan_resolvers, FIELD_scan_options };
	static const enum field joined[] = { FIELD_scan_ehlo_name,
		FIELD_scan_contact, FIELD_scan_vantage, FIELD_scan_notes };
	enum field f = object_field(OBJECT_scan, object_bytes(&kv->key),
	    FIELD_scan_type);
	struct texts t;

	if (f == FIELD_scan_started)
		return msgpack_pack_uint64(out, first_start(m));
	if (f == FIELD_scan_unvalidated)
		return pack_unvalidated(m, out);
	if (is_one_of(f, lists, sizeof(lists) / sizeof(lists[0]))) {
		t = texts_of(m, field_row(f)->name);
		if (f == FIELD_scan_options)
			keep_common_options(m, &t);
		return pack_texts(out, &t);
	}
	if (is_one_of(f, joined, sizeof(joined) / sizeof(joined[0]))) {
		t = texts_of(m, field_row(f)->name);
		return pack_joined(m, out, &t);
	}
	return msgpack_pack_object(out, kv->val);
}

struct record *
merge_run_header(struct merge_run *m)
{
	msgpack_sbuffer buffer;
	msgpack_packer out;
	msgpack_unpacked u;
	const msgpack_object_map *map;
	struct record *r;
	int failed;

	stored_open(&u, merge_part_at(m, 0)->scan);
	map = &u.data.via.map;
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&out, &buffer, msgpack_sbuffer_write);
	failed = msgpack_pack_map(&out, map->size);
	for (uint32_t i = 0; i < map->size; i++) {
		failed |= msgpack_pack_object(&out, map->ptr[i].key);
		failed |= pack_value(m, &out, &map->ptr[i]);
	}
	if (failed != 0)
		log_fatal("out of memory (the scan record)");
	r = xmalloc(sizeof(*r) + buffer.size);
	*r = (struct record){ .type = RECORD_SCAN, .n = buffer.size };
	memcpy(r->bytes, buffer.data, r->n);
	msgpack_sbuffer_destroy(&buffer);
	msgpack_unpacked_destroy(&u);
	return r;
}

/* ---- end ---- */

struct sums {
	uint64_t ended, lines, queries, policies, sessions;
	const struct merge_part *list; /* read most of it */
	bool list_complete;
	bool has_failed;
};

static void
add_end(struct sums *s, const struct merge_part *p, const msgpack_object *end)
{
	uint64_t n, lines = 0;

	if (object_uint(end, "ended", &n) && n > s->ended)
		s->ended = n;
	if (object_uint(end, "dns_queries", &n))
		s->queries += n;
	if (object_uint(end, "policy_connects", &n))
		s->policies += n;
	if (object_uint(end, "smtp_connects", &n))
		s->sessions += n;
	object_uint(end, "list_lines", &lines);
	if (p->end.n > 0 && (s->list == NULL ||
	    (p->is_complete && !s->list_complete) ||
	    (p->is_complete == s->list_complete && lines > s->lines))) {
		s->list = p;
		s->lines = lines;
		s->list_complete = p->is_complete;
	}
	s->has_failed |= p->is_damaged ||
	    slice_eq(object_text(end, "reason"), SLICE_LIT("failed"));
}

static const char *
verdict_at(size_t i)
{
	return i < VERDICT_COUNT ? verdict_word((enum verdict)i) : NULL;
}

static const char *
finding_at(size_t i)
{
	return i < FINDING_COUNT ? finding_row((enum finding)i)->code : NULL;
}

static const char *
outcome_at(size_t i)
{
	return i < OUTCOME_COUNT ? outcome_word((enum outcome)i) : NULL;
}

static bool
is_known(struct slice word, const char *(*at)(size_t i))
{
	for (size_t i = 0; at(i) != NULL; i++)
		if (slice_eq(word, slice_of(at(i))))
			return true;
	return false;
}

/* In the order of the tables, as a scan writes them; later words last. */
static void
pack_words(struct packer *p, enum field f, const struct word_counts *c,
    const char *(*at)(size_t i))
{
	pack_counts_open(p, f);
	for (size_t i = 0; at(i) != NULL; i++) {
		uint64_t n = word_count(c, slice_of(at(i)));

		if (n > 0)
			pack_count(p, at(i), n);
	}
	for (size_t i = 0; i < c->v.n; i++) {
		const struct word_count *w = word_count_at(c, i);

		if (!is_known(w->word, at))
			pack_count(p, w->word.p, w->n);
	}
	pack_map_close(p);
}

static void
pack_list_of(struct packer *p, struct arena *a, const struct sums *s)
{
	const msgpack_object *rejected;
	struct slice digest;
	msgpack_unpacked u;

	stored_open(&u, s->list == NULL ? SLICE_EMPTY : s->list->end);
	digest = object_text(&u.data, "list_sha256");
	rejected = object_get(&u.data, "rejected");
	if (digest.n > 0)
		pack_bin(p, FIELD_end_list_sha256, digest.p, digest.n);
	if (s->list != NULL)
		pack_uint(p, FIELD_end_list_lines, s->lines);
	pack_counts_open(p, FIELD_end_rejected);
	for (uint32_t i = 0; rejected != NULL &&
	    rejected->type == MSGPACK_OBJECT_MAP &&
	    i < rejected->via.map.size; i++) {
		const msgpack_object_kv *kv = &rejected->via.map.ptr[i];

		if (kv->val.type == MSGPACK_OBJECT_POSITIVE_INTEGER)
			pack_count(p, arena_slice(a, object_bytes(&kv->key)).p,
			    kv->val.via.u64);
	}
	pack_map_close(p);
	msgpack_unpacked_destroy(&u);
}

struct record *
merge_run_ending(struct merge_run *m, const struct inspection *found,
    bool is_complete)
{
	struct sums s = { .list = NULL };
	uint64_t start = first_start(m);
	struct packer p;

	for (size_t i = 0; i < m->parts.n; i++) {
		msgpack_unpacked u;

		stored_open(&u, merge_part_at(m, i)->end);
		add_end(&s, merge_part_at(m, i), &u.data);
		msgpack_unpacked_destroy(&u);
	}
	pack_begin(&p, OBJECT_end);
	pack_str(&p, FIELD_end_reason, is_complete ? SLICE_LIT("complete") :
	    s.has_failed ? SLICE_LIT("failed") : SLICE_LIT("interrupted"));
	pack_list_of(&p, m->arena, &s);
	pack_uint(&p, FIELD_end_domains, word_count(&found->types,
	    SLICE_LIT("domain")));
	pack_uint(&p, FIELD_end_mx_hosts, word_count(&found->types,
	    SLICE_LIT("mx")));
	pack_uint(&p, FIELD_end_certificates, word_count(&found->types,
	    SLICE_LIT("cert")));
	pack_words(&p, FIELD_end_verdicts, &found->verdicts, verdict_at);
	pack_words(&p, FIELD_end_verdicts_dane, &found->verdicts_dane,
	    verdict_at);
	pack_words(&p, FIELD_end_findings, &found->findings, finding_at);
	pack_words(&p, FIELD_end_outcomes, &found->outcomes, outcome_at);
	pack_time(&p, FIELD_end_ended, (int64_t)s.ended);
	pack_uint(&p, FIELD_end_duration_ms,
	    s.ended > start ? s.ended - start : 0);
	pack_uint(&p, FIELD_end_dns_queries, s.queries);
	pack_uint(&p, FIELD_end_policy_connects, s.policies);
	pack_uint(&p, FIELD_end_smtp_connects, s.sessions);
	return pack_finish(&p, RECORD_END);
}
