/* SPDX-License-Identifier: Apache-2.0
 *
 * recount.c: verdicts, findings and outcomes of stored records, by the
 * definition of record.def: every field named outcome that is not volatile,
 * nor inside something volatile.
 */
#include "output/recount.h"

#include <string.h>

#include "output/object.h"
#include "output/unpack_view.h"

#include "scanner/base/banned.h"

static void count_outcomes(struct unpacker *u, struct tally *into,
    const msgpack_object *v, enum object object);

static void
count_field(struct unpacker *u, struct tally *into, const msgpack_object *v,
    enum field f)
{
	const struct field_row *row = field_row(f);

	if (!row->stable)
		return;
	if (row->type == FIELD_MAP || row->type == FIELD_MAPS)
		count_outcomes(u, into, v, field_sub(f));
	else if (row->type == FIELD_WORD && strcmp(row->name, "outcome") == 0)
		into->outcome[outcome_of_word(u, object_bytes(v))]++;
}

static void
count_outcomes(struct unpacker *u, struct tally *into,
    const msgpack_object *v, enum object object)
{
	enum field hint = object_first(object);

	if (v->type == MSGPACK_OBJECT_ARRAY)
		for (uint32_t i = 0; i < v->via.array.size; i++)
			count_outcomes(u, into, &v->via.array.ptr[i], object);
	if (v->type != MSGPACK_OBJECT_MAP)
		return;
	for (uint32_t i = 0; i < v->via.map.size; i++) {
		const msgpack_object_kv *kv = &v->via.map.ptr[i];
		enum field f = object_field(object, object_bytes(&kv->key),
		    hint);

		if (f == FIELD_COUNT || kv->val.type == MSGPACK_OBJECT_NIL)
			continue;
		hint = f + 1;
		count_field(u, into, &kv->val, f);
	}
}

static void
count_verdict(struct unpacker *u, uint64_t count[VERDICT_COUNT],
    struct slice word)
{
	for (size_t i = 0; i < VERDICT_COUNT; i++)
		if (slice_eq(word, slice_of(verdict_word((enum verdict)i)))) {
			count[i]++;
			return;
		}
	u->failed = true;
}

static void
count_findings(struct unpacker *u, struct tally *into,
    const msgpack_object *list)
{
	if (list == NULL || list->type != MSGPACK_OBJECT_ARRAY)
		return;
	for (uint32_t i = 0; i < list->via.array.size; i++) {
		const struct finding_row *row = finding_find(
		    object_bytes(&list->via.array.ptr[i]));

		if (row == NULL)
			u->failed = true;
		else
			into->finding[row - finding_row((enum finding)0)]++;
	}
}

bool
recount_record(struct tally *into, const msgpack_object *record)
{
	struct unpacker u = { .arena = NULL };

	if (object_is(record, SLICE_LIT("domain"))) {
		into->domains++;
		count_verdict(&u, into->verdict,
		    object_text(record, "verdict"));
		count_verdict(&u, into->verdict_dane,
		    object_text(record, "verdict_dane"));
		count_findings(&u, into, object_get(record, "findings"));
		count_outcomes(&u, into, record, OBJECT_domain);
	} else if (object_is(record, SLICE_LIT("mx"))) {
		into->mx_hosts++;
		count_outcomes(&u, into, record, OBJECT_mx);
	} else if (object_is(record, SLICE_LIT("cert"))) {
		into->certificates++;
	}
	return !u.failed;
}
