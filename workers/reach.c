/* SPDX-License-Identifier: Apache-2.0
 *
 * reach.c: may this address or name be contacted?
 *
 * One object for the run.  All of it is immutable but the exclusion list,
 * which a reload swaps for another one under a lock.
 */
#include "workers/reach.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/arena.h"
#include "workers/exclude.h"

#include "scanner/base/banned.h"

struct ranges {
	struct netrange *r;
	size_t n;
};

struct reach {
	struct ranges allow, only;
	bool ipv4, ipv6;
	struct {
		pthread_rwlock_t lock;
		struct exclude *exclude; /* NULL: nothing is excluded */
	} _shared;
};

static struct ranges
ranges_copy(const struct netrange *r, size_t n)
{
	struct ranges copy = { NULL, n };

	if (n > 0) {
		copy.r = xcalloc(n, sizeof(*copy.r));
		memcpy(copy.r, r, n * sizeof(*copy.r));
	}
	return copy;
}

static bool
ranges_have(const struct ranges *list, const struct address *a)
{
	for (size_t i = 0; i < list->n; i++)
		if (netrange_has(&list->r[i], a))
			return true;
	return false;
}

struct reach *
reach_new(const struct reach_config *config)
{
	struct reach *r = xcalloc(1, sizeof(*r));

	r->allow = ranges_copy(config->allow, config->n_allow);
	r->only = ranges_copy(config->only, config->n_only);
	r->ipv4 = config->ipv4;
	r->ipv6 = config->ipv6;
	pthread_rwlock_init(&r->_shared.lock, NULL);
	return r;
}

void
reach_free(struct reach *r)
{
	if (r == NULL)
		return;
	pthread_rwlock_destroy(&r->_shared.lock);
	exclude_free(r->_shared.exclude);
	free(r->allow.r);
	free(r->only.r);
	free(r);
}

bool
reach_exclude_files(struct reach *r, const char *const *path, size_t n,
    char *error, size_t cap)
{
	struct exclude *fresh = exclude_load(path, n, error, cap);
	struct exclude *old;

	if (fresh == NULL)
		return false;
	pthread_rwlock_wrlock(&r->_shared.lock);
	old = r->_shared.exclude;
	r->_shared.exclude = fresh;
	pthread_rwlock_unlock(&r->_shared.lock);
	exclude_free(old);
	return true;
}

static bool
address_excluded(struct reach *r, const struct address *a)
{
	bool excluded;

	pthread_rwlock_rdlock(&r->_shared.lock);
	excluded = r->_shared.exclude != NULL &&
	    exclude_has_address(r->_shared.exclude, a);
	pthread_rwlock_unlock(&r->_shared.lock);
	return excluded;
}

bool
reach_name_excluded(struct reach *r, struct slice name)
{
	bool excluded;

	pthread_rwlock_rdlock(&r->_shared.lock);
	excluded = r->_shared.exclude != NULL &&
	    exclude_has_name(r->_shared.exclude, name);
	pthread_rwlock_unlock(&r->_shared.lock);
	return excluded;
}

enum outcome
reach_address(struct reach *r, const struct address *a)
{
	if (address_excluded(r, a))
		return OUTCOME_EXCLUDED;
	if (address_is_special(a) && !ranges_have(&r->allow, a))
		return OUTCOME_SPECIAL_ADDRESS;
	if (r->only.n > 0 && !ranges_have(&r->only, a))
		return OUTCOME_EXCLUDED;
	if (a->family == 4 ? !r->ipv4 : !r->ipv6)
		return OUTCOME_LOCAL;
	return OUTCOME_OK;
}

bool
reach_is_private(const struct reach *r)
{
	for (size_t i = 0; i < r->only.n; i++)
		if (!netrange_is_special(&r->only.r[i]))
			return false;
	return r->only.n > 0;
}
