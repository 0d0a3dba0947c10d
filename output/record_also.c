/* SPDX-License-Identifier: Apache-2.0
 *
 * record_also.c: the answers to `--also` in the record of a domain.
 */
#include "output/pack_facts.h"

#include "scanner/base/banned.h"

static void
pack_answer(struct packer *p, enum field f, const struct rrset *set,
    const struct also_judgement *j, bool single_resolver)
{
	pack_map_open(p, f, OBJECT_also_answer);
	pack_word(p, FIELD_also_answer_status, also_status_word(j->status));
	if (j->policy != ALSO_POLICY_NULL)
		pack_word(p, FIELD_also_answer_policy,
		    also_policy_word(j->policy));
	if (set->text != NULL)
		pack_strs_if(p, FIELD_also_answer_rr, set->text, set->n);
	pack_txt(p, FIELD_also_answer_txt, FIELD_also_answer_txt_parts, set);
	pack_lookup(p, FIELD_also_answer_lookup, set, single_resolver);
	pack_map_close(p);
}

void
pack_also(struct packer *p, const struct rrset *also,
    const struct also_judgement *j, bool single_resolver)
{
	if (also == NULL)
		return;
	pack_map_open(p, FIELD_domain_also, OBJECT_also);
	for (size_t q = 0; q < ALSO_COUNT; q++)
		if (also[q].lookup.outcome != OUTCOME_NONE)
			pack_answer(p, also_field((enum also)q), &also[q],
			    &j[q], single_resolver);
	pack_map_close(p);
}
