/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_rpt.c: one text as the value of every member of a TLS report.  What is
 * good needs no reason, all else has one; a time stamp lies within the years
 * 0 to 9999 and its offset.
 */
#include <assert.h>
#include <stdint.h>

#include "scanner/rules/rpt.h"

#include "scanner/base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_members(enum rpt_object object, const struct rpt_value *v)
{
	size_t n;
	const struct rpt_member *member = rpt_members(object, &n);

	assert(n > 0);
	for (size_t i = 0; i < n; i++) {
		const char *why;
		enum rpt_grade grade = rpt_check(&member[i], v, &why);

		assert((grade == RPT_GOOD) == (why == NULL));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_make(data, size);
	int64_t seconds;

	for (int shape = RPT_ABSENT; shape <= RPT_OTHER; shape++) {
		struct rpt_value v = { .shape = shape, .text = text,
			.n = size, .all_strings = size % 2 == 0 };

		for (int object = 0; object < RPT_OBJECTS; object++)
			check_members(object, &v);
	}
	if (rpt_date_time(text, &seconds))
		assert(size >= sizeof("2026-01-01T00:00:00Z") - 1 &&
		    seconds >= -62167305600 && seconds <= 253402387200);
	return 0;
}
