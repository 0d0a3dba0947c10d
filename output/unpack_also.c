/* SPDX-License-Identifier: Apache-2.0
 *
 * unpack_also.c: the facts in `also`, the inverse of record_also.c.
 */
#include "output/unpack_facts.h"
#include "scanner/rules/also.h"

#include "scanner/base/banned.h"

/* Records as the type of the question has them, whatever else a file holds. */
static void
unpack_answer(struct unpacker *u, const struct view *also, enum also q,
    struct rrset *out)
{
	struct view w;

	if (!view_inner(&w, also, also_field(q)))
		return;
	unpack_lookup(u, &w, FIELD_also_answer_lookup, out);
	if (out->lookup.outcome == OUTCOME_NONE)
		u->failed = true;
	if (also_type(q) == DNS_A)
		return;
	out->address = NULL;
	if (also_type(q) == DNS_TXT)
		unpack_txt(u, &w, FIELD_also_answer_txt,
		    FIELD_also_answer_txt_parts, out);
	else
		out->text = view_strs(u, &w, FIELD_also_answer_rr, &out->n);
}

struct rrset *
unpack_also(struct unpacker *u, const struct view *domain)
{
	struct rrset *also;
	struct view w;

	if (!view_inner(&w, domain, FIELD_domain_also))
		return NULL;
	also = arena_array(u->arena, ALSO_COUNT, sizeof(*also));
	for (size_t q = 0; q < ALSO_COUNT; q++)
		unpack_answer(u, &w, (enum also)q, &also[q]);
	return also;
}
