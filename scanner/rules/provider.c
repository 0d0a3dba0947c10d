/* SPDX-License-Identifier: Apache-2.0
 *
 * provider.c: names to providers, by the table of data/providers.tsv.
 */
#include "scanner/rules/provider.h"

#include "scanner/base/banned.h"

struct slice
provider_of(enum provider_service service, struct slice name)
{
	(void)service;
	(void)name;
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
