/* SPDX-License-Identifier: Apache-2.0
 *
 * json_fields.c: paths of fields, followed as the record is printed.
 */
#include "output/json_fields.h"

#include "output/table.h"

#include "scanner/base/banned.h"

static bool
add_path(struct json_fields *f, struct slice path)
{
	size_t depth = 0;

	if (f->n == JSON_FIELDS_MAX)
		return false;
	for (;;) {
		size_t n = slice_find(path, '.');

		if (n == 0 || depth == JSON_FIELDS_DEPTH)
			return false;
		f->part[f->n][depth++] = slice_upto(path, n);
		if (n == path.n)
			break;
		path = slice_from(path, n + 1);
	}
	f->depth[f->n++] = depth;
	return true;
}

bool
json_fields_add(struct json_fields *f, struct slice list)
{
	for (;;) {
		size_t n = slice_find(list, ',');

		if (!add_path(f, slice_upto(list, n)))
			return false;
		if (n == list.n)
			return true;
		list = slice_from(list, n + 1);
	}
}

/* Does the path lead somewhere from this map? */
static bool
leads_on(const struct json_fields *f, size_t i, enum object object)
{
	for (size_t k = 0; k < f->depth[i]; k++) {
		enum field at = object == OBJECT_COUNT ? FIELD_COUNT :
		    object_field(object, f->part[i][k], object_first(object));

		if (at == FIELD_COUNT)
			return false;
		if (field_row(at)->type == FIELD_COUNTS)
			return true; /* words of any version */
		object = field_sub(at);
	}
	return true;
}

bool
json_fields_is_known(const struct json_fields *f, size_t i)
{
	for (enum field at = (enum field)0; at < FIELD_COUNT; at++)
		if (slice_eq(slice_of(field_row(at)->name),
		    SLICE_LIT("type")) && leads_on(f, i, field_object(at)))
			return true;
	return false;
}

struct json_inside
json_fields_all(const struct json_fields *f)
{
	struct json_inside inside = { 0, 0 };

	if (f != NULL && f->n > 0)
		inside.paths = UINT64_MAX >> (JSON_FIELDS_MAX - f->n);
	return inside;
}

bool
json_fields_enter(const struct json_fields *f, struct slice key,
    struct json_inside *inside)
{
	uint64_t further = 0;

	if (inside->paths == 0)
		return true;
	for (size_t i = 0; i < f->n; i++) {
		if ((inside->paths >> i & 1) == 0 ||
		    !slice_eq(f->part[i][inside->depth], key))
			continue;
		if (f->depth[i] == inside->depth + 1) {
			*inside = (struct json_inside){ 0, 0 };
			return true;
		}
		further |= UINT64_C(1) << i;
	}
	*inside = (struct json_inside){ further, inside->depth + 1 };
	return further != 0;
}
