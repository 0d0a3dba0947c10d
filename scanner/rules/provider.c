/* SPDX-License-Identifier: Apache-2.0
 *
 * provider.c: names to providers, by the table of data/providers.tsv.
 */
#include "scanner/rules/provider.h"

#include "scanner/base/banned.h"

/* Sorted by service, then by slice_cmp() of the suffix. */
static const struct row {
	enum provider_service service;
	struct slice suffix, provider;
} rows[] = {
#include "providers.inc"
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static int
row_cmp(enum provider_service service, struct slice suffix,
    const struct row *row)
{
	if (service != row->service)
		return service < row->service ? -1 : 1;
	return slice_cmp(suffix, row->suffix);
}

static const struct row *
row_find(enum provider_service service, struct slice suffix)
{
	size_t from = 0, to = N_ROWS;

	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int cmp = row_cmp(service, suffix, &rows[mid]);

		if (cmp == 0)
			return &rows[mid];
		if (cmp < 0)
			to = mid;
		else
			from = mid + 1;
	}
	return NULL;
}

struct slice
provider_of(enum provider_service service, struct slice name)
{
	/* Whole labels are taken off the left, so the longest comes first. */
	while (name.n > 0) {
		const struct row *row = row_find(service, name);

		if (row)
			return row->provider;
		name = slice_from(name, slice_find(name, '.') + 1);
	}
	return SLICE_EMPTY;
}

struct slice
provider_of_chain(enum provider_service service, const struct slice *name,
    size_t n)
{
	struct slice found = SLICE_EMPTY;

	for (size_t i = 0; i < n && found.n == 0; i++)
		found = provider_of(service, name[i]);
	return found;
}
