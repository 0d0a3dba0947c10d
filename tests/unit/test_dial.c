/* SPDX-License-Identifier: Apache-2.0
 *
 * test_dial.c: connections that stand, are refused, stay silent, and those
 * that fail by our own trouble.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/https_made.h"
#include "workers/dial.h"
#include "workers/reach.h"

#include "scanner/base/banned.h"

struct call {
	struct loop *loop;
	int n, fd;
	enum outcome outcome;
};

static void
on_done(void *ctx, int fd, enum outcome outcome)
{
	struct call *c = ctx;

	c->n++;
	c->fd = fd;
	c->outcome = outcome;
	loop_stop(c->loop);
}

static struct dial_target
target_of(const char *address, const char *source)
{
	struct dial_target t = { .port = https_made_port(), .timeout_ms = 200 };

	assert_true(address_parse(slice_of(address), &t.address));
	if (source != NULL)
		assert_true(address_parse(slice_of(source), &t.source));
	return t;
}

static enum outcome
dial(const char *address, const char *source)
{
	struct dial_target target = target_of(address, source);
	struct call c = { .loop = loop_new(), .fd = -1 };

	dial_start(c.loop, &target, on_done, &c);
	assert_int_equal(c.n, 0); /* never from within */
	loop_run(c.loop);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.fd >= 0, c.outcome == OUTCOME_OK);
	if (c.fd >= 0)
		close(c.fd);
	loop_free(c.loop);
	return c.outcome;
}

static void
tells_the_ends_apart(void **state)
{
	struct https_made *open = https_made_start("127.78.2.1", NULL,
	    HTTPS_CLOSE, "", 0);
	struct https_made *silent = https_made_start("127.78.2.2", NULL,
	    HTTPS_BLACKHOLE, "", 0);

	(void)state;
	assert_int_equal(dial("127.78.2.1", NULL), OUTCOME_OK);
	assert_int_equal(dial("127.78.2.1", "127.78.2.9"), OUTCOME_OK);
	/* A source of the other family does not apply. */
	assert_int_equal(dial("127.78.2.1", "::1"), OUTCOME_OK);
	assert_int_equal(dial("127.78.2.2", NULL), OUTCOME_CONNECT_TIMEOUT);
	assert_int_equal(dial("127.78.2.3", NULL), OUTCOME_CONNECT_REFUSED);
	/* An address that this machine does not have. */
	assert_int_equal(dial("127.78.2.1", "192.0.2.1"), OUTCOME_LOCAL);
	https_made_stop(open);
	https_made_stop(silent);
}

static void
names_its_own_trouble(void **state)
{
	struct dial_target target = target_of("127.78.2.3", NULL);
	struct call c = { .loop = loop_new(), .fd = -1 };
	struct rlimit before, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	dial_start(c.loop, &target, on_done, &c);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	loop_run(c.loop);
	assert_int_equal(c.outcome, OUTCOME_LOCAL);
	loop_free(c.loop);
}

static void
can_be_cancelled(void **state)
{
	struct https_made *silent = https_made_start("127.78.2.4", NULL,
	    HTTPS_BLACKHOLE, "", 0);
	struct dial_target target = target_of("127.78.2.4", NULL);
	struct call c = { .loop = loop_new(), .fd = -1 };

	(void)state;
	for (int i = 0; i < 100; i++)
		dial_cancel(dial_start(c.loop, &target, on_done, &c));
	dial_cancel(NULL);
	loop_stop(c.loop);
	loop_run(c.loop);
	assert_int_equal(c.n, 0);
	loop_free(c.loop);
	https_made_stop(silent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_ends_apart),
		cmocka_unit_test(names_its_own_trouble),
		cmocka_unit_test(can_be_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
