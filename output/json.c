/* SPDX-License-Identifier: Apache-2.0
 *
 * json.c: unpacked records to JSON, guided by the table of fields.
 *
 * The table says which bytes are digests, which maps hold which fields and
 * what is volatile; an object that it does not know is printed as it is.
 */
#include "output/json.h"

#include "output/json_fields.h"
#include "output/json_out.h"
#include "output/object.h"
#include "output/table.h"

#include "scanner/base/banned.h"

/* How a record is printed, and which of the chosen fields lie further in. */
struct how {
	const struct json_options *options;
	struct json_inside inside;
};

static void write_value(struct json_out *o, const msgpack_object *v,
    enum field f, const struct how *how);

static void
write_bin(struct json_out *o, struct slice bytes, enum field f)
{
	enum field_type type = f < FIELD_COUNT ? field_row(f)->type :
	    FIELD_STR;

	if (f == FIELD_cert_der)
		json_base64(o, bytes);
	else if (type == FIELD_BIN || type == FIELD_BINS)
		json_hex(o, bytes);
	else
		json_wrapped(o, bytes);
}

static void
write_list(struct json_out *o, const msgpack_object_array *list, enum field f,
    const struct how *how)
{
	json_char(o, '[');
	for (uint32_t i = 0; i < list->size; i++) {
		if (i > 0)
			json_char(o, ',');
		write_value(o, &list->ptr[i], f, how);
	}
	json_char(o, ']');
}

static bool
is_container(const msgpack_object *v)
{
	return v->type == MSGPACK_OBJECT_MAP || v->type == MSGPACK_OBJECT_ARRAY;
}

/* What is chosen of a pair; a map that holds nothing chosen is left out. */
static void
write_pair(struct json_out *o, const msgpack_object_kv *kv, enum field f,
    bool *first, const struct how *how)
{
	struct slice name = object_bytes(&kv->key);
	struct how inner = *how;
	size_t start = o->n, value;

	if (!json_fields_enter(how->options->fields, name, &inner.inside) ||
	    (inner.inside.paths != 0 && !is_container(&kv->val)))
		return;
	if (!*first)
		json_char(o, ',');
	if (slice_is_utf8(name))
		json_text(o, name);
	else
		json_hex(o, name); /* a key must be a string */
	json_char(o, ':');
	value = o->n;
	write_value(o, &kv->val, f, &inner);
	if (inner.inside.paths != 0 && o->n - value == 2)
		o->n = start;
	else
		*first = false;
}

/* As the file has them. */
static void
write_pairs(struct json_out *o, const msgpack_object_map *map,
    enum object object, const struct how *how)
{
	enum field hint = object_first(object);
	bool first = true;

	for (uint32_t i = 0; i < map->size; i++) {
		enum field f = object_field(object,
		    object_bytes(&map->ptr[i].key), hint);

		if (f < FIELD_COUNT)
			hint = f + 1;
		write_pair(o, &map->ptr[i], f, &first, how);
	}
}

static const msgpack_object_kv *
find_pair(const msgpack_object_map *map, enum field f, uint32_t *next)
{
	struct slice name = { field_row(f)->name, field_name_bytes(f) };

	for (uint32_t k = 0; k < map->size; k++) {
		uint32_t i = (*next + k) % map->size;

		if (slice_eq(object_bytes(&map->ptr[i].key), name)) {
			*next = i + 1;
			return &map->ptr[i];
		}
	}
	return NULL;
}

/* In the order of the table, without what is volatile; unknown ones last. */
static void
write_stable_pairs(struct json_out *o, const msgpack_object_map *map,
    enum object object, const struct how *how)
{
	enum field start = object_first(object);
	bool first = true;
	uint32_t next = 0;

	for (enum field f = start; field_object(f) == object &&
	    f < FIELD_COUNT; f++) {
		const msgpack_object_kv *kv = field_row(f)->stable ?
		    find_pair(map, f, &next) : NULL;

		if (kv != NULL)
			write_pair(o, kv, f, &first, how);
	}
	for (uint32_t i = 0; i < map->size; i++)
		if (object_field(object, object_bytes(&map->ptr[i].key),
		    start) == FIELD_COUNT)
			write_pair(o, &map->ptr[i], FIELD_COUNT, &first, how);
}

static void
write_fields(struct json_out *o, const msgpack_object_map *map,
    enum object object, const struct how *how)
{
	if (how->options->stable)
		write_stable_pairs(o, map, object, how);
	else
		write_pairs(o, map, object, how);
}

/* The kinds of later msgpack versions or of other tools: told, not kept. */
static void
write_other(struct json_out *o, const msgpack_object *v)
{
	if (v->type == MSGPACK_OBJECT_EXT)
		json_wrapped(o, slice_make(v->via.ext.ptr, v->via.ext.size));
	else
		json_raw(o, "null", 4);
}

static void
write_scalar(struct json_out *o, const msgpack_object *v, enum field f)
{
	if (v->type == MSGPACK_OBJECT_BOOLEAN)
		json_raw(o, v->via.boolean ? "true" : "false",
		    v->via.boolean ? 4 : 5);
	else if (v->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
		json_uint(o, v->via.u64);
	else if (v->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
		json_int(o, v->via.i64);
	else if (v->type == MSGPACK_OBJECT_FLOAT32 ||
	    v->type == MSGPACK_OBJECT_FLOAT64)
		json_double(o, v->via.f64);
	else if (v->type == MSGPACK_OBJECT_STR)
		json_text(o, object_bytes(v));
	else if (v->type == MSGPACK_OBJECT_BIN)
		write_bin(o, object_bytes(v), f);
	else
		write_other(o, v);
}

static void
write_value(struct json_out *o, const msgpack_object *v, enum field f,
    const struct how *how)
{
	if (v->type == MSGPACK_OBJECT_ARRAY) {
		write_list(o, &v->via.array, f, how);
	} else if (v->type == MSGPACK_OBJECT_MAP) {
		json_char(o, '{');
		write_fields(o, &v->via.map, field_sub(f), how);
		json_char(o, '}');
	} else if (how->inside.paths != 0) {
		json_raw(o, "null", 4); /* what is chosen would lie inside */
	} else {
		write_scalar(o, v, f);
	}
}

static const struct finding_row *
finding_of(struct slice code)
{
	for (size_t i = 0; i < FINDING_COUNT; i++) {
		const struct finding_row *row = finding_row((enum finding)i);

		if (slice_eq(code, slice_of(row->code)))
			return row;
	}
	return NULL;
}

static void
write_finding(struct json_out *o, const struct finding_row *row)
{
	json_raw(o, "{\"code\":", 8);
	json_text(o, slice_of(row->code));
	json_raw(o, ",\"severity\":", 12);
	json_text(o, slice_of(row->severity));
	json_raw(o, ",\"rfc\":", 7);
	json_text(o, slice_of(row->rfc));
	json_raw(o, ",\"section\":", 11);
	json_text(o, slice_of(row->section));
	json_raw(o, ",\"sentence\":", 12);
	json_text(o, slice_of(row->sentence));
	json_char(o, '}');
}

/* Codes of a later version have no sentence here and are left out. */
static void
write_explained(struct json_out *o, const msgpack_object *record)
{
	const msgpack_object *findings = object_get(record, "findings");
	bool first = true;

	json_raw(o, ",\"findings_explained\":[", 23);
	if (findings != NULL && findings->type == MSGPACK_OBJECT_ARRAY) {
		for (uint32_t i = 0; i < findings->via.array.size; i++) {
			const struct finding_row *row = finding_of(
			    object_bytes(&findings->via.array.ptr[i]));

			if (row == NULL)
				continue;
			if (!first)
				json_char(o, ',');
			first = false;
			write_finding(o, row);
		}
	}
	json_char(o, ']');
}

void
json_record(struct json_out *o, const msgpack_object *record,
    const struct json_options *options)
{
	enum object object = object_find(object_text(record, "type"));
	const struct how how = { options, json_fields_all(options->fields) };
	bool is_domain = object == OBJECT_domain;
	size_t start = o->n;

	if (record->type == MSGPACK_OBJECT_MAP) {
		json_char(o, '{');
		write_fields(o, &record->via.map, object, &how);
		if (options->fields != NULL && o->n - start == 1) {
			o->n = start;
			return;
		}
		if (options->explain && is_domain)
			write_explained(o, record);
		json_char(o, '}');
	} else {
		write_value(o, record, FIELD_COUNT, &how);
	}
	json_char(o, '\n');
}
