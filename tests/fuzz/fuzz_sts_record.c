/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_sts_record.c: one record, and the same bytes cut into an RRset.
 * The first byte says where an RR ends; "valid" must agree between both.  The
 * other reading is there where a record is ambiguous alone, and an id that is a
 * time lies in the years that it may.
 */
#include <assert.h>
#include <stdint.h>

#include "scanner/rules/sts.h"

#include "scanner/base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 2016-01-01 and 2100-01-01. */
#define TIME_FIRST INT64_C(1451606400)
#define TIME_END INT64_C(4102444800)

static void
check_time(struct slice id)
{
	int64_t seconds;

	if (sts_id_time(id, &seconds))
		assert(seconds >= TIME_FIRST && seconds < TIME_END &&
		    id.n >= 8 && id.n <= 16);
	else
		assert(seconds == 0);
}

static void
check_lenient(bool ambiguous, bool valid, struct slice id)
{
	assert(!valid || ambiguous);
	assert(valid == (id.n > 0) && id.n <= 32);
}

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
	check_lenient(r.ambiguous, r.valid_lenient, r.id_lenient);
	/* A valid record is so by the letter as well. */
	assert(!r.valid || !r.ambiguous || r.valid_lenient);
	assert(r.valid_lenient == one.valid_lenient);
	assert(!finding_has(&r.findings,
	    FINDING_STS_RECORD_ID_AS_EXTENSION) || !r.valid);
	check_time(r.id);
	check_time(r.id_lenient);
	check_time(txt);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct txt_rr rr[2] = { { .joined = SLICE_EMPTY } };
	struct rrset set = { .lookup.outcome = OUTCOME_OK, .n = 2,
		.txt = rr };
	struct sts_rrset both;
	struct slice all;
	size_t cut;

	if (size == 0)
		return 0;
	all = slice_make(data + 1, size - 1);
	check_record(all);
	cut = data[0] < all.n ? data[0] : all.n;
	rr[0].joined = slice_upto(all, cut);
	rr[1].joined = slice_from(all, cut);
	both = sts_rrset_judge(&set);
	check_lenient(both.ambiguous, both.valid_lenient, both.id_lenient);
	return 0;
}
