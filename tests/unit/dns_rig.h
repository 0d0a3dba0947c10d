/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_rig.h: a loop, a DNS pool and fake resolvers, for one test.
 */
#pragma once

#include "tests/unit/fake_resolver.h"
#include "workers/dns_pool.h"

#define RIG_T_MS 40 /* time-out of a question's first attempt */

/* One pool, its fakes and its questions. */
struct rig {
	struct loop *loop;
	struct stats stats;
	struct dns_pool *pool;
	struct dns_config config;
	struct fake *fake[3]; /* NULL: none serves it */
	struct arena *arena;
	size_t n_done, n_wanted;
	uint64_t most_in_flight;
	bool timed_out;
	bool free_in_done;        /* the first answer frees the pool */
};

void rig_init(struct rig *b);
/* One more resolver, served by a fake; before rig_pool(). */
void rig_add(struct rig *b, const char *host, enum fake_mode mode);
void rig_pool(struct rig *b);
void rig_ask(struct rig *b, const char *name, enum dns_type type,
    struct rrset *out);
/* Until all that were asked are answered; fails where that takes too long. */
void rig_run(struct rig *b);
void rig_release(struct rig *b);
