/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_provider.c: the service in the first byte, then a chain of names, one
 * a line.  A plain search of the whole table must say the same.
 */
#include <assert.h>
#include <stdint.h>

#include "scanner/rules/provider.h"

#include "scanner/base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	enum provider_service service;
	struct slice suffix, provider;
} table[] = {
#include "providers.inc"
};

enum { N_NAMES_MAX = 8 };

static struct slice
plain_search(enum provider_service service, struct slice name)
{
	struct slice found = SLICE_EMPTY;
	size_t longest = 0;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct slice suffix = table[i].suffix;

		if (table[i].service != service || suffix.n <= longest ||
		    !slice_ends(name, suffix))
			continue;
		if (name.n > suffix.n &&
		    name.p[name.n - suffix.n - 1] != '.')
			continue;
		longest = suffix.n;
		found = table[i].provider;
	}
	return found;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = slice_make(data, size), first = SLICE_EMPTY;
	struct slice name[N_NAMES_MAX];
	enum provider_service service;
	size_t n = 0;

	if (size == 0)
		return 0;
	service = (enum provider_service)(data[0] % (PROVIDER_MX + 1));
	all = slice_from(all, 1);
	while (all.n > 0 && n < N_NAMES_MAX) {
		struct slice found;

		name[n] = slice_upto(all, slice_find(all, '\n'));
		all = slice_from(all, name[n].n + 1);
		found = provider_of(service, name[n]);
		assert(slice_eq(found, plain_search(service, name[n])));
		if (first.n == 0)
			first = found;
		n++;
	}
	assert(slice_eq(provider_of_chain(service, name, n), first));
	return 0;
}
