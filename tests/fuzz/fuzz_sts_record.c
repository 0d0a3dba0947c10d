/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_sts_record.c: one record, and the same bytes cut into an RRset.
 * The first byte says where an RR ends; "valid" must agree between both.
 */
#include <assert.h>
#include <stdint.h>

#include "scanner/rules/sts.h"

#include "scanner/base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_record(struct slice txt)
{
	struct sts_record r = sts_record_parse(txt);
	struct txt_rr rr = { .joined = txt };
	struct rrset set = { .lookup.outcome = OUTCOME_OK, .n = 1,
		.txt = &rr };
	struct sts_rrset one = sts_rrset_judge(&set);

	assert(!r.valid || (r.resembles && r.id.n >= 1 && r.id.n <= 32));
	assert(r.valid == (one.status == RECORD_STATUS_OK));
	assert(r.resembles == (one.status != RECORD_STATUS_ABSENT));
	assert(!r.resembles || r.valid || finding_count(&r.findings) > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct txt_rr rr[2] = { { .joined = SLICE_EMPTY } };
	struct rrset set = { .lookup.outcome = OUTCOME_OK, .n = 2,
		.txt = rr };
	struct slice all;
	size_t cut;

	if (size == 0)
		return 0;
	all = slice_make(data + 1, size - 1);
	check_record(all);
	cut = data[0] < all.n ? data[0] : all.n;
	rr[0].joined = slice_upto(all, cut);
	rr[1].joined = slice_from(all, cut);
	(void)sts_rrset_judge(&set);
	return 0;
}
