/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_rig.c: runs questions through a DNS pool and checks what must hold
 * after every run: each is answered once, nothing is left in flight.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/dns_rig.h"

#include "scanner/base/banned.h"

#define DEADLINE_MS 30000 /* of one run */

static void
on_deadline(void *ctx)
{
	struct rig *b = ctx;

	b->timed_out = true;
	loop_stop(b->loop);
}

static void
on_done(void *ctx)
{
	struct rig *b = ctx;
	uint64_t in_flight = STAT_GET(b->stats.dns_in_flight);

	if (in_flight > b->most_in_flight)
		b->most_in_flight = in_flight;
	if (b->free_in_done) {
		b->free_in_done = false;
		dns_pool_free(b->pool);
		b->pool = NULL;
	}
	if (++b->n_done == b->n_wanted)
		loop_stop(b->loop);
}

void
rig_add(struct rig *b, const char *host, enum fake_mode mode)
{
	struct fake *f = fake_new(host, mode);

	b->fake[b->config.n_resolver] = f;
	b->config.resolver[b->config.n_resolver++] = f->addr;
}

void
rig_init(struct rig *b)
{
	*b = (struct rig){ .config = { .window = 100,
		.timeout_ms = RIG_T_MS } };
	b->loop = loop_new();
	b->arena = arena_new();
}

void
rig_pool(struct rig *b)
{
	b->pool = dns_pool_new(b->loop, &b->config, &b->stats);
	assert_non_null(b->pool);
}

void
rig_ask(struct rig *b, const char *name, enum dns_type type,
    struct rrset *out)
{
	*out = (struct rrset){ .n = 0 };
	b->n_wanted++;
	dns_pool_ask(b->pool, b->arena, slice_of(name), type, out, on_done, b);
}

void
rig_run(struct rig *b)
{
	loop_post_at(b->loop, loop_clock_ms() + DEADLINE_MS, on_deadline, b);
	loop_run(b->loop);
	loop_unpost(b->loop, on_deadline, b);
	assert_false(b->timed_out);
	assert_int_equal(b->n_done, b->n_wanted);
	if (b->pool != NULL)
		assert_int_equal(dns_pool_pending(b->pool), 0);
	assert_int_equal(STAT_GET(b->stats.dns_in_flight), 0);
}

void
rig_release(struct rig *b)
{
	dns_pool_free(b->pool);
	loop_free(b->loop);
	for (size_t i = 0; i < b->config.n_resolver; i++)
		if (b->fake[i] != NULL)
			fake_free(b->fake[i]);
	arena_free(b->arena);
}
