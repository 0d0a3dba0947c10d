/* SPDX-License-Identifier: Apache-2.0
 *
 * test_smtp_versions.c: each TLS version alone, as --tls-versions asks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/unit/smtp_rig.h"

#include "scanner/base/banned.h"

SCRIPT(polite, GREET, OFFER, READY, IN_TLS, BYE);
SCRIPT(in_tls_alone, GREET, OFFER, READY, DO(TLS), DO(END));
SCRIPT(plain, GREET, SEND("250 mx.a.example\r\n"), BYE);
SCRIPT(busy, SEND("421 busy\r\n"), BYE);

struct story {
	const char *address;
	const struct step *script[FAKE_SCRIPTS];
	bool asks;
	int min, max;
	/* expected */
	enum outcome outcome;
	int n_connections;
	size_t n_try;
	enum outcome tried[4];
};

#define OK OUTCOME_OK
#define NO OUTCOME_TLS_ALERT
static const struct story stories[] = {
	{ "127.79.9.1", { polite }, true, TLS1_VERSION, TLS1_3_VERSION,
	  OK, 5, 4, { OK, OK, OK, OK } },
	{ "127.79.9.2", { polite, in_tls_alone, polite }, true, TLS1_1_VERSION,
	  TLS1_2_VERSION, OK, 5, 4, { NO, OK, OK, NO } },
	{ "127.79.9.3", { polite }, false, TLS1_1_VERSION, TLS1_2_VERSION,
	  OK, 1, 0, { OK } },
	/* Without TLS there is nothing to ask. */
	{ "127.79.9.4", { plain }, true, TLS1_VERSION, TLS1_3_VERSION,
	  OUTCOME_STARTTLS_ABSENT, 1, 0, { OK } },
	/* Who sends us away is asked no further. */
	{ "127.79.9.5", { polite, polite, busy }, true, TLS1_VERSION,
	  TLS1_3_VERSION, OK, 3, 2, { OK, OUTCOME_SMTP_4YZ } },
};
#undef OK
#undef NO

static void
check(const struct story *s, const struct smtp_rig_probe *p,
    const struct fake_smtp *server)
{
	static const enum tls_version version[] = { TLS_VERSION_1_0,
		TLS_VERSION_1_1, TLS_VERSION_1_2, TLS_VERSION_1_3 };
	const struct smtp_facts *f = &p->facts;

	if (f->outcome != s->outcome || f->n_tls_try != s->n_try ||
	    server->n_connections != s->n_connections ||
	    f->n_attempt != 1 || p->n_done != 1)
		fail_msg("%s: %s, %zu tries, %d connections", s->address,
		    outcome_word(f->outcome), f->n_tls_try,
		    server->n_connections);
	for (size_t i = 0; i < s->n_try; i++) {
		const struct tls_try *t = &f->tls_try[i];

		if (t->version != version[i] || t->outcome != s->tried[i] ||
		    (t->cipher.n > 0) != (t->outcome == OUTCOME_OK) ||
		    (t->alert.n > 0) != (t->outcome == OUTCOME_TLS_ALERT))
			fail_msg("%s: %s %s, \"%.*s\"", s->address,
			    tls_version_word(t->version),
			    outcome_word(t->outcome), SLICE_ARG(t->alert));
	}
}

static void
tells_versions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		const struct story *s = &stories[i];
		atomic_int at_once = 0, most = 0;
		struct fake_smtp server = { .address = s->address,
			.at_once = &at_once, .most = &most };
		struct smtp_config c = smtp_rig_brisk;
		struct smtp_rig_probe p;
		struct smtp_rig w;

		memcpy(server.script, s->script, sizeof(s->script));
		c.tls_versions = s->asks;
		smtp_rig_init(&w, &c);
		SSL_CTX_set_min_proto_version(w.server, s->min);
		SSL_CTX_set_max_proto_version(w.server, s->max);
		server.ctx = w.server;
		fake_smtp_start(&server);
		smtp_rig_probe(&p, &w, s->address);
		smtp_rig_run(&w, 1, 10000);
		fake_smtp_stop(&server);
		check(s, &p, &server);
		assert_int_equal(atomic_load(&most), 1);
		arena_free(p.arena);
		smtp_rig_release(&w);
	}
}

/* The pool goes while a version is being asked. */
static void
ends_between(void **state)
{
	struct fake_smtp s = { .address = "127.79.9.6",
		.script = { polite, polite, polite } };
	struct smtp_config c = smtp_rig_brisk;
	struct smtp_rig_probe p;
	struct smtp_rig w;

	(void)state;
	c.tls_versions = true;
	smtp_rig_init(&w, &c);
	s.ctx = w.server;
	fake_smtp_start(&s);
	smtp_rig_probe(&p, &w, s.address);
	smtp_rig_run(&w, 1, 30);
	assert_int_equal(p.n_done, 0);
	smtp_rig_release(&w);
	fake_smtp_stop(&s);
	arena_free(p.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_versions),
		cmocka_unit_test(ends_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
