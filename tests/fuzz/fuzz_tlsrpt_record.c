/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_tlsrpt_record.c: one TLS-RPT record; every destination is a URI, and a
 * valid record has one that a report can be sent to.
 */
#include <assert.h>
#include <stdint.h>

#include "scanner/rules/tlsrpt.h"
#include "scanner/rules/uri.h"

#include "scanner/base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct tlsrpt_record r;

	tlsrpt_record_parse(a, slice_make(data, size), &r);
	for (size_t i = 0; i < r.n_rua; i++) {
		assert(uri_is_valid(r.rua[i]));
		(void)uri_report_use(r.rua[i]);
	}
	assert(!r.valid || (r.resembles && r.n_rua > 0));
	assert(!r.resembles || r.valid || finding_count(&r.findings) > 0);
	(void)uri_is_valid(slice_make(data, size));
	arena_free(a);
	return 0;
}
