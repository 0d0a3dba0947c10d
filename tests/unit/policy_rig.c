/* SPDX-License-Identifier: Apache-2.0
 *
 * policy_rig.c: what a policy pool needs around it, on 127.78.0.0/16.
 */
#include "tests/unit/policy_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/banned.h"

static struct pki pki;
static SSL_CTX *good_ctx;

int
policy_rig_set_up(void **state)
{
	X509 *leaf;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	/* None of these may have a say. */
	setenv("https_proxy", "http://127.78.0.250:9", 1);
	setenv("ALL_PROXY", "http://127.78.0.250:9", 1);
	setenv("HTTPS_PROXY", "http://127.78.0.250:9", 1);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	pki_init(&pki);
	leaf = pki_leaf(&pki, POLICY_HOST);
	good_ctx = pki_server(leaf, pki.key, pki.middle, NULL);
	X509_free(leaf);
	return 0;
}

int
policy_rig_tear_down(void **state)
{
	(void)state;
	SSL_CTX_free(good_ctx);
	pki_release(&pki);
	curl_global_cleanup();
	return 0;
}

const struct pki *
policy_rig_pki(void)
{
	return &pki;
}

struct https_made *
policy_rig_server(const char *address, enum https_act act,
    struct slice answer)
{
	return https_made_start(address, good_ctx, act, answer.p, answer.n);
}

void
policy_rig_init(struct policy_rig *b, uint32_t window)
{
	struct netrange loopback[2];
	struct reach_config reach = {
		.allow = loopback, .n_allow = 2, .ipv4 = true, .ipv6 = true,
	};
	struct gate_config gate = { .per_network = 64, .rest_ms = 1,
		.rest_max_ms = 2 };
	struct tls_config tls = { .ca_file = pki.ca_file };
	struct policy_config config = {
		.port = https_made_port(), .window = window,
		.connect_timeout_ms = 300, .timeout_ms = 1200,
		.retry_wait_ms = 100, .user_agent = "mxcensus-test/1",
		.source_ip = "127.78.9.9",
	};
	char error[256];

	memset(b, 0, sizeof(*b));
	netrange_parse(SLICE_LIT("127.0.0.0/8"), &loopback[0]);
	netrange_parse(SLICE_LIT("::1/128"), &loopback[1]);
	b->addresses = 1;
	b->loop = loop_new();
	b->gate = gate_new(&gate);
	b->reach = reach_new(&reach);
	b->tls = tls_new(&tls, error, sizeof(error));
	assert_non_null(b->tls);
	b->arena = arena_new();
	b->pool = policy_pool_new(b->loop, &config, b->tls, b->reach, b->gate,
	    &b->stats);
	assert_non_null(b->pool);
}

void
policy_rig_release(struct policy_rig *b)
{
	policy_pool_free(b->pool);
	loop_free(b->loop);
	gate_free(b->gate);
	reach_free(b->reach);
	tls_free(b->tls);
	arena_free(b->arena);
	assert_int_equal(STAT_GET(b->stats.policy_in_flight), 0);
}

static void
on_done(void *ctx)
{
	struct policy_rig *b = ctx;

	if (++b->n_done == b->n_started)
		loop_stop(b->loop);
}

struct policy_facts *
policy_rig_begin(struct policy_rig *b, const char *const addresses[4])
{
	struct policy_facts *f = &b->facts[b->n_started++];
	size_t before = b->n_done;

	f->host = SLICE_LIT(POLICY_HOST);
	f->a.address = arena_array(b->arena, 4, sizeof(struct address));
	f->aaaa.address = arena_array(b->arena, 4, sizeof(struct address));
	for (size_t i = 0; i < 4 && addresses[i] != NULL; i++) {
		struct rrset *set = strchr(addresses[i], ':') != NULL ?
		    &f->aaaa : &f->a;

		assert_true(address_parse(slice_of(addresses[i]),
		    &set->address[set->n++]));
	}
	policy_pool_fetch(b->pool, b->arena, f, b->addresses, on_done, b);
	assert_int_equal(b->n_done, before); /* never from within */
	return f;
}

struct policy_facts *
policy_rig_fetch(struct policy_rig *b, const char *const addresses[4])
{
	struct policy_facts *f = policy_rig_begin(b, addresses);

	loop_run(b->loop);
	assert_int_equal(b->n_done, b->n_started);
	return f;
}

void
policy_rig_assert_text(const char *what, struct slice s, const char *expected)
{
	if (!slice_eq(s, slice_of(expected)))
		fail_msg("%s: \"%.*s\", expected \"%s\"", what, SLICE_ARG(s),
		    expected);
}
