/* SPDX-License-Identifier: Apache-2.0
 *
 * test_addressbook.c: who is told to probe an address, who shares, who waits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scanner/addressbook.h"
#include "scanner/base/arena.h"

#include "scanner/base/banned.h"

#define NAMES 4
#define ASKING 8

struct asking {
	struct address_ticket ticket;
	int told;
};

struct rig {
	struct loop *loop;
	struct addressbook *book;
	struct asking one[ASKING];
};

static const struct address here = { 4, { 192, 0, 2, 1 } };

static void
on_told(void *ctx)
{
	struct asking *a = ctx;

	a->told++;
}

static void
rig_start(struct rig *r)
{
	*r = (struct rig){ .loop = loop_new(),
		.book = addressbook_new(NAMES) };
	for (size_t i = 0; i < ASKING; i++) {
		r->one[i].ticket.loop = r->loop;
		r->one[i].ticket.told = on_told;
		r->one[i].ticket.ctx = &r->one[i];
	}
}

static void
rig_end(struct rig *r)
{
	loop_free(r->loop);
	addressbook_free(r->book);
}

/* What was posted so far has run. */
static void
settle(struct rig *r)
{
	loop_stop(r->loop);
	loop_run(r->loop);
}

static enum address_turn
ask(struct rig *r, size_t i)
{
	return addressbook_ask(r->book, &here, &r->one[i].ticket);
}

static void
end(struct rig *r, enum outcome outcome, size_t n_attempt, bool has_turn)
{
	struct slice line = SLICE_LIT("220 mx.example ESMTP");
	struct cert_der leaf = { .sha256 = { 7 }, .der = SLICE_LIT("der") };
	struct smtp_attempt attempt = { .outcome = outcome };
	struct smtp_facts f = { .address = here, .outcome = outcome,
		.attempt = &attempt, .n_attempt = n_attempt, .banner = &line,
		.n_banner = 1, .quit = true, .elapsed_ms = 9,
		.tls = { .outcome = outcome, .chain = &leaf, .n_chain = 1,
		    .trusted = TRI_YES, .name_ok = TRI_NO,
		    .name_by = NAME_BY_COMMON_NAME,
		    .sni = SLICE_LIT("mx.example") },
		.dane = { .n_usable = 1, .checked = true } };

	addressbook_end(r->book, &f, has_turn);
}

static void
take_all(struct rig *r)
{
	for (size_t i = 0; i < NAMES; i++)
		assert_int_equal(ask(r, i), ADDRESS_PROBE);
}

/* N probe, the next waits, the first answer serves it and all later ones. */
static void
test_sharing(void **state)
{
	const struct smtp_facts *s;
	struct rig r;

	(void)state;
	rig_start(&r);
	take_all(&r);
	assert_int_equal(ask(&r, 4), ADDRESS_WAIT);
	end(&r, OUTCOME_OK, 1, true);
	settle(&r);
	assert_int_equal(r.one[4].told, 1);
	s = r.one[4].ticket.shared;
	assert_non_null(s);
	assert_true(s->shared);
	assert_int_equal(s->outcome, OUTCOME_OK);
	assert_int_equal(s->n_attempt, 0);
	assert_false(s->quit);
	assert_int_equal(s->tls.trusted, TRI_YES);
	assert_int_equal(s->tls.name_ok, TRI_UNKNOWN);
	assert_int_equal(s->tls.name_by, NAME_BY_NONE);
	assert_int_equal(s->tls.sni.n, 0);
	assert_int_equal(s->dane.n_usable, 0);
	assert_int_equal(s->tls.chain[0].sha256[0], 7);
	assert_int_equal(s->tls.chain[0].der.n, 0);
	assert_true(slice_eq(s->banner[0],
	    SLICE_LIT("220 mx.example ESMTP")));
	assert_int_equal(ask(&r, 5), ADDRESS_SHARE);
	assert_ptr_equal(r.one[5].ticket.shared, s);
	rig_end(&r);
}

/* Without an answer those who wait stay until the last of the N has ended. */
static void
test_no_answer(void **state)
{
	struct rig r;

	(void)state;
	rig_start(&r);
	take_all(&r);
	assert_int_equal(ask(&r, 4), ADDRESS_WAIT);
	for (size_t i = 0; i < NAMES - 1; i++)
		end(&r, OUTCOME_CONNECT_TIMEOUT, 2, true);
	settle(&r);
	assert_int_equal(r.one[4].told, 0);
	end(&r, OUTCOME_SMTP_4YZ, 2, true);
	settle(&r);
	assert_int_equal(r.one[4].told, 1);
	assert_int_equal(r.one[4].ticket.shared->outcome,
	    OUTCOME_CONNECT_TIMEOUT);
	/* An answer that somebody else brings is better. */
	end(&r, OUTCOME_STARTTLS_ABSENT, 1, false);
	assert_int_equal(ask(&r, 5), ADDRESS_SHARE);
	assert_int_equal(r.one[5].ticket.shared->outcome,
	    OUTCOME_STARTTLS_ABSENT);
	assert_int_equal(r.one[4].ticket.shared->outcome,
	    OUTCOME_CONNECT_TIMEOUT);
	rig_end(&r);
}

/* A name that was not contacted gives its turn to who waits. */
static void
test_turn_given_back(void **state)
{
	struct rig r;

	(void)state;
	rig_start(&r);
	take_all(&r);
	assert_int_equal(ask(&r, 4), ADDRESS_WAIT);
	assert_int_equal(ask(&r, 5), ADDRESS_WAIT);
	end(&r, OUTCOME_EXCLUDED, 0, true);
	settle(&r);
	assert_int_equal(r.one[4].told, 1);
	assert_null(r.one[4].ticket.shared);
	assert_int_equal(r.one[5].told, 0);
	for (size_t i = 0; i < NAMES; i++)
		end(&r, OUTCOME_EXCLUDED, 0, true);
	settle(&r);
	assert_int_equal(r.one[5].told, 1);
	assert_null(r.one[5].ticket.shared);
	rig_end(&r);
}

/* Early probes leave nothing behind; the last of the N always does. */
static void
test_few_names_keep_nothing(void **state)
{
	struct rig r;

	(void)state;
	rig_start(&r);
	for (size_t i = 0; i < NAMES; i++) {
		assert_int_equal(ask(&r, i), ADDRESS_PROBE);
		end(&r, OUTCOME_OK, 1, true);
	}
	assert_int_equal(ask(&r, 4), ADDRESS_SHARE);
	rig_end(&r);
}

static void
test_earlier_session(void **state)
{
	struct smtp_facts f = { .address = here, .outcome = OUTCOME_OK,
		.n_attempt = 1 };
	struct smtp_facts shared = { .address = here, .outcome = OUTCOME_OK,
		.n_attempt = 1, .shared = true };
	struct rig r;

	(void)state;
	rig_start(&r);
	addressbook_put(r.book, &shared);
	for (size_t i = 0; i < NAMES - 1; i++)
		addressbook_put(r.book, &f);
	assert_int_equal(ask(&r, 0), ADDRESS_PROBE);
	assert_int_equal(ask(&r, 1), ADDRESS_SHARE);
	rig_end(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sharing),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_turn_given_back),
		cmocka_unit_test(test_few_names_keep_nothing),
		cmocka_unit_test(test_earlier_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
