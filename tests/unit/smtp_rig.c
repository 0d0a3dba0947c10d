/* SPDX-License-Identifier: Apache-2.0
 *
 * smtp_rig.c: makes and unmakes the world of one SMTP pool.
 */
#include "tests/unit/smtp_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scanner/base/banned.h"

const struct smtp_config smtp_rig_brisk = {
	.window = 100,
	.connect_timeout_ms = 500,
	.greeting_timeout_ms = 800,
	.session_timeout_ms = 1500,
	.retry_wait_ms = 60,
	.retries = 1,
	.ehlo_name = "probe.example",
};

void
smtp_rig_init(struct smtp_rig *w, const struct smtp_config *config)
{
	struct netrange home;
	struct reach_config rc = { &home, 1, NULL, 0, true, true };
	struct gate_config gc = { 1000, 1000, REST_MS, 80 };
	struct smtp_config c = *config;
	struct tls_config tc = { 0 };
	char error[256];
	X509 *leaf;

	memset(w, 0, sizeof(*w));
	netrange_parse(SLICE_LIT("127.79.0.0/16"), &home);
	pki_init(&w->pki);
	leaf = pki_leaf(&w->pki, HOST);
	w->server = pki_server(leaf, w->pki.key, w->pki.middle, NULL);
	X509_free(leaf);
	tc.ca_file = w->pki.ca_file;
	w->tls = tls_new(&tc, error, sizeof(error));
	if (w->tls == NULL)
		fail_msg("%s", error);
	if (c.port == 0)
		c.port = fake_smtp_port();
	w->loop = loop_new();
	w->reach = reach_new(&rc);
	w->gate = gate_new(&gc);
	w->pool = smtp_pool_new(w->loop, &c, w->tls, w->reach, w->gate,
	    &w->stats);
}

void
smtp_rig_release(struct smtp_rig *w)
{
	smtp_pool_free(w->pool);
	assert_int_equal(STAT_GET(w->stats.smtp_in_flight), 0);
	assert_int_equal(STAT_GET(w->stats.smtp_waiting), 0);
	gate_free(w->gate);
	loop_free(w->loop);
	reach_free(w->reach);
	tls_free(w->tls);
	SSL_CTX_free(w->server);
	pki_release(&w->pki);
}

static void
on_done(void *ctx)
{
	struct smtp_rig_probe *p = ctx;

	p->n_done++;
	if (++p->world->n_done == p->world->n_due)
		loop_stop(p->world->loop);
}

void
smtp_rig_probe(struct smtp_rig_probe *p, struct smtp_rig *w,
    const char *address)
{
	memset(p, 0, sizeof(*p));
	p->world = w;
	p->arena = arena_new();
	address_parse(slice_of(address), &p->facts.address);
	smtp_pool_probe(w->pool, p->arena, SLICE_LIT(HOST), NULL, NULL, 0,
	    &p->facts, on_done, p);
	assert_int_equal(p->n_done, 0);
}

static void
stop_world(void *ctx)
{
	loop_stop(ctx);
}

void
smtp_rig_run(struct smtp_rig *w, size_t n_due, uint32_t at_most_ms)
{
	w->n_due = n_due;
	loop_post_at(w->loop, loop_clock_ms() + at_most_ms, stop_world,
	    w->loop);
	loop_run(w->loop);
	loop_unpost(w->loop, stop_world, w->loop);
}
