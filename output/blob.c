/* SPDX-License-Identifier: Apache-2.0
 *
 * blob.c: adding encoded records up.
 * The sink adds each record it takes; `end` is written from the sum.
 */
#include "output/blob.h"

#include <stdlib.h>

#include "scanner/base/banned.h"

void
record_free(struct record *r)
{
	free(r);
}

void
tally_record(struct tally *into, const struct record *r)
{
	const struct finding_set *set = &r->tally.findings;

	switch (r->type) {
	case RECORD_DOMAIN:
		into->domains++;
		into->verdict[r->tally.verdict]++;
		into->verdict_dane[r->tally.verdict_dane]++;
		break;
	case RECORD_MX:
		into->mx_hosts++;
		break;
	case RECORD_CERT:
		into->certificates++;
		break;
	case RECORD_SCAN:
	case RECORD_SESSION:
	case RECORD_END:
		break;
	}
	for (enum finding f = finding_next(set, (enum finding)0);
	    f < FINDING_COUNT; f = finding_next(set, f + 1))
		into->finding[f]++;
	for (size_t i = 0; i < OUTCOME_COUNT; i++)
		into->outcome[i] += r->tally.outcome[i];
}

void
tally_add(struct tally *into, const struct tally *from)
{
	into->domains += from->domains;
	into->mx_hosts += from->mx_hosts;
	into->certificates += from->certificates;
	for (size_t i = 0; i < VERDICT_COUNT; i++) {
		into->verdict[i] += from->verdict[i];
		into->verdict_dane[i] += from->verdict_dane[i];
	}
	for (size_t i = 0; i < FINDING_COUNT; i++)
		into->finding[i] += from->finding[i];
	for (size_t i = 0; i < OUTCOME_COUNT; i++)
		into->outcome[i] += from->outcome[i];
}
