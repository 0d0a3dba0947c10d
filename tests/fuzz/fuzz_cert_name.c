/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_cert_name.c: presented and reference name, parted by a line end.
 * A match keeps the number of labels and all of them but the first.
 */
#include <assert.h>
#include <stdint.h>

#include "scanner/rules/cert_name.h"
#include "scanner/rules/sts.h"

#include "scanner/base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
count_dots(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '.';
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = slice_make(data, size);
	size_t cut = slice_find(all, '\n');
	struct slice presented = slice_upto(all, cut);
	struct slice reference = slice_from(all, cut + 1);

	(void)sts_mx_match(presented, reference);
	if (!cert_name_match(presented, reference))
		return 0;
	if (slice_ends(reference, SLICE_LIT(".")))
		reference.n--;
	assert(count_dots(presented) == count_dots(reference));
	assert(slice_eq_nocase(
	    slice_from(presented, slice_find(presented, '.')),
	    slice_from(reference, slice_find(reference, '.'))));
	return 0;
}
