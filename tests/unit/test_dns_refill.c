/* SPDX-License-Identifier: Apache-2.0
 *
 * test_dns_refill.c: a DNS pool that asks for questions when few wait.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/dns_rig.h"

#include "scanner/base/banned.h"

/* Questions that are asked when the pool wants more. */
struct supply {
	struct rig *rig;
	struct rrset *sets;
	int n, asked;
	size_t most_pending;
	bool was_dry; /* the pool was told that there is nothing more */
};

static bool
give(void *ctx)
{
	enum { PER_CALL = 192 };
	struct supply *s = ctx;
	size_t pending;

	if (s->asked == s->n) {
		s->was_dry = true;
		return false;
	}
	for (int i = 0; i < PER_CALL && s->asked < s->n; i++) {
		char name[64];

		snprintf(name, sizeof(name), "q%d.example", s->asked);
		rig_ask(s->rig, name, DNS_TXT, &s->sets[s->asked++]);
	}
	pending = dns_pool_pending(s->rig->pool);
	if (pending > s->most_pending)
		s->most_pending = pending;
	return true;
}

static void
test_refill(void **state)
{
	enum { N = 9600, WINDOW = 200, LINE_MOST = 800 };
	struct rrset *sets = calloc(N, sizeof(*sets));
	struct rig b;
	struct supply s = { .rig = &b, .sets = sets, .n = N };

	(void)state;
	rig_init(&b);
	rig_add(&b, "127.77.10.4", FAKE_BY_LABEL);
	b.config.window = WINDOW;
	b.config.timeout_ms = 800;
	b.config.refill = give;
	b.config.refill_ctx = &s;
	rig_pool(&b);
	rig_run(&b);
	assert_int_equal(s.asked, N);
	assert_true(s.was_dry);
	for (int i = 0; i < N; i++)
		assert_int_equal(sets[i].lookup.outcome, OUTCOME_NXDOMAIN);
	/* A line long enough for the window, and no longer. */
	assert_true(b.most_in_flight > WINDOW / 2);
	assert_true(s.most_pending <= WINDOW + LINE_MOST);
	free(sets);
	rig_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
