/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_name.c: a name of a list; what comes out is lower-case, of legal
 * length, and normal already.
 */
#include <assert.h>
#include <stdint.h>

#include "scanner/base/limits.h"
#include "scanner/rules/name.h"

#include "scanner/base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct slice in = slice_make(data, size), out, again, base;

	(void)name_is_domain(in);
	(void)name_is_address(in);
	if (name_normalize(a, in, &out) == NAME_OK) {
		assert(out.n > 0 && out.n <= LIMIT_NAME_BYTES);
		assert(name_normalize(a, out, &again) == NAME_OK);
		assert(slice_eq(out, again));
		base = name_registrable(out);
		assert(base.n > 0 && slice_ends(out, base));
	} else {
		assert(out.n == 0);
	}
	arena_free(a);
	return 0;
}
