/* SPDX-License-Identifier: Apache-2.0
 *
 * unpack_run.c: the records of a run as a whole, read again; and those that
 * go from file to file as they are.
 */
#include "output/unpack.h"

#include <string.h>

#include "output/blob.h"
#include "output/object.h"
#include "output/unpack_view.h"
#include "scanner/base/log.h"

#include "scanner/base/banned.h"

#define DIGEST_BYTES 32

static bool
copy_digest(struct slice from, uint8_t to[DIGEST_BYTES])
{
	if (from.n != DIGEST_BYTES)
		return false;
	memcpy(to, from.p, DIGEST_BYTES);
	return true;
}

static const char *
known_reason(struct slice word)
{
	static const char *const reasons[] = { "complete", "interrupted",
		"failed", "no_success" };

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (slice_eq(word, slice_of(reasons[i])))
			return reasons[i];
	return NULL;
}

static void
unpack_rejected(struct arena *a, const msgpack_object *map,
    struct end_meta *out)
{
	struct vec v = VEC_OF(struct rejected_count);

	if (map == NULL || map->type != MSGPACK_OBJECT_MAP)
		return;
	for (uint32_t i = 0; i < map->via.map.size; i++) {
		const msgpack_object_kv *kv = &map->via.map.ptr[i];
		struct rejected_count *to;

		if (kv->val.type != MSGPACK_OBJECT_POSITIVE_INTEGER)
			continue;
		to = vec_push(a, &v);
		to->reason = arena_slice(a, object_bytes(&kv->key)).p;
		to->n = kv->val.via.u64;
	}
	out->rejected = v.p;
	out->n_rejected = v.n;
}

bool
unpack_end(struct arena *a, const msgpack_object *record,
    struct end_meta *meta)
{
	struct view w;

	view_open(&w, record, OBJECT_end);
	*meta = (struct end_meta){
		.reason = known_reason(view_str(&w, FIELD_end_reason)),
		.list_lines = view_uint(&w, FIELD_end_list_lines, UINT64_MAX),
		.ended_ms = view_int(&w, FIELD_end_ended),
		.duration_ms = view_uint(&w, FIELD_end_duration_ms,
		    UINT64_MAX),
		.dns_queries = view_uint(&w, FIELD_end_dns_queries,
		    UINT64_MAX),
		.policy_connects = view_uint(&w, FIELD_end_policy_connects,
		    UINT64_MAX),
		.smtp_connects = view_uint(&w, FIELD_end_smtp_connects,
		    UINT64_MAX),
	};
	unpack_rejected(a, view_at(&w, FIELD_end_rejected), meta);
	return meta->reason != NULL &&
	    copy_digest(view_str(&w, FIELD_end_list_sha256),
	    meta->list_sha256);
}

bool
unpack_cert_names(struct arena *a, const msgpack_object *record,
    struct cert_facts *out)
{
	struct unpacker u = { .arena = a };
	struct view w;

	view_open(&w, record, OBJECT_cert);
	*out = (struct cert_facts){
		.subject_cn = view_str(&w, FIELD_cert_subject_cn),
		.der = view_str(&w, FIELD_cert_der) };
	out->dns_name = view_strs(&u, &w, FIELD_cert_dns_names,
	    &out->n_dns_name);
	return copy_digest(view_str(&w, FIELD_cert_sha256), out->sha256);
}

bool
unpack_scan(struct arena *a, const msgpack_object *record, uint64_t *format,
    struct scan_meta *meta)
{
	struct unpacker u = { .arena = a };
	struct view w;

	view_open(&w, record, OBJECT_scan);
	*format = view_uint(&w, FIELD_scan_format, UINT64_MAX);
	*meta = (struct scan_meta){
		.version = view_str(&w, FIELD_scan_version),
		.list = view_str(&w, FIELD_scan_list),
		.list_lines = view_uint(&w, FIELD_scan_list_lines,
		    UINT64_MAX),
		.ipv6 = view_flag(&w, FIELD_scan_ipv6),
		.is_judged_again = view_at(&w, FIELD_scan_judged_version) !=
		    NULL,
	};
	meta->option = view_strs(&u, &w, FIELD_scan_options, &meta->n_option);
	meta->stage = view_strs(&u, &w, FIELD_scan_stages, &meta->n_stage);
	meta->has_list_digest = copy_digest(view_str(&w,
	    FIELD_scan_list_sha256), meta->list_sha256);
	meta->has_trust = copy_digest(view_str(&w, FIELD_scan_trust_sha256),
	    meta->trust_sha256);
	return !u.failed && object_is(record, SLICE_LIT("scan"));
}

/* ---- as they are ---- */

static struct record *
finish(msgpack_sbuffer *buffer, int failed, enum record_type type)
{
	struct record *r;

	if (failed != 0)
		log_fatal("out of memory (a record of %zu bytes)",
		    buffer->size);
	r = xmalloc(sizeof(*r) + buffer->size);
	*r = (struct record){ .type = type, .n = buffer->size };
	memcpy(r->bytes, buffer->data, r->n);
	msgpack_sbuffer_destroy(buffer);
	return r;
}

static struct record *
as_it_is(const msgpack_object *record, enum record_type type)
{
	msgpack_sbuffer buffer;
	msgpack_packer out;
	int failed;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&out, &buffer, msgpack_sbuffer_write);
	failed = msgpack_pack_object(&out, *record);
	return finish(&buffer, failed, type);
}

struct record *
record_session_again(const msgpack_object *record)
{
	return as_it_is(record, RECORD_SESSION);
}

struct record *
record_cert_again(const msgpack_object *record)
{
	uint8_t sha256[DIGEST_BYTES];
	struct record *r;

	if (!copy_digest(object_text(record, "sha256"), sha256))
		return NULL;
	r = as_it_is(record, RECORD_CERT);
	memcpy(r->sha256, sha256, DIGEST_BYTES);
	return r;
}

static int
pack_text(msgpack_packer *out, struct slice s)
{
	return msgpack_pack_str(out, s.n) |
	    msgpack_pack_str_body(out, s.p, s.n);
}

static bool
is_of_judging(const msgpack_object *key)
{
	enum field f = object_field(OBJECT_scan, object_bytes(key),
	    FIELD_scan_judged_version);

	return f == FIELD_scan_judged_version || f == FIELD_scan_judged;
}

struct record *
record_scan_judged(const msgpack_object *record, struct slice version,
    int64_t judged_ms)
{
	const msgpack_object_map *map = &record->via.map;
	msgpack_sbuffer buffer;
	msgpack_packer out;
	size_t n = 2;
	int failed;

	for (uint32_t i = 0; i < map->size; i++)
		n += !is_of_judging(&map->ptr[i].key);
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&out, &buffer, msgpack_sbuffer_write);
	failed = msgpack_pack_map(&out, n);
	for (uint32_t i = 0; i < map->size; i++) {
		if (is_of_judging(&map->ptr[i].key))
			continue;
		failed |= msgpack_pack_object(&out, map->ptr[i].key);
		failed |= msgpack_pack_object(&out, map->ptr[i].val);
	}
	failed |= pack_text(&out, slice_of(
	    field_row(FIELD_scan_judged_version)->name));
	failed |= pack_text(&out, version);
	failed |= pack_text(&out, slice_of(field_row(FIELD_scan_judged)->name));
	failed |= msgpack_pack_int64(&out, judged_ms);
	return finish(&buffer, failed, RECORD_SCAN);
}
