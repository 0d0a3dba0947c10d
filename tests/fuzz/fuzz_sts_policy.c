/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_sts_policy.c: a policy file; what the strict reading takes the lenient
 * one takes as well, and every pattern kept can match something.
 */
#include <assert.h>
#include <stdint.h>

#include "scanner/rules/sts.h"

#include "scanner/base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct slice body = slice_make(data, size);
	struct sts_policy p;

	sts_policy_parse(a, body, &p);
	assert(!p.valid || p.valid_lenient);
	assert(p.valid || finding_count(&p.findings) > 0);
	assert(!p.valid || (p.has_max_age && p.max_age <= 31557600 &&
	    p.mode != POLICY_MODE_NULL));
	for (size_t i = 0; i < p.n_mx; i++) {
		struct slice mx = p.mx[i];

		assert(mx.p >= body.p && mx.p + mx.n <= body.p + body.n);
		if (slice_starts(mx, SLICE_LIT("*.")))
			assert(!sts_mx_match(mx, slice_from(mx, 2)));
		else
			assert(sts_mx_match(mx, mx));
	}
	(void)sts_mx_match_any(&p, body);
	(void)sts_is_text_plain(body);
	arena_free(a);
	return 0;
}
