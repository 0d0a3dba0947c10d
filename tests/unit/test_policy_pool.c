/* SPDX-License-Identifier: Apache-2.0
 *
 * test_policy_pool.c: policies fetched from servers that do right and wrong
 * on 127.78.0.0/16, and what becomes of several addresses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/limits.h"
#include "tests/unit/https_made.h"
#include "tests/unit/pki.h"
#include "workers/policy_pool.h"

#include "scanner/base/banned.h"

#define HOST "mta-sts.a.example"
#define BODY "version: STSv1\nmode: enforce\nmx: mx.a.example\nmax_age: 9\n"
#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
#define OK_END "Connection: close\r\n\r\n"
#define GOOD OK_HEAD "Server: made\r\n" OK_END BODY
#define FETCHES_MAX 32

static struct pki pki;
static SSL_CTX *good_ctx;

static int
set_up(void **state)
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
	leaf = pki_leaf(&pki, HOST);
	good_ctx = pki_server(leaf, pki.key, pki.middle, NULL);
	X509_free(leaf);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	SSL_CTX_free(good_ctx);
	pki_release(&pki);
	curl_global_cleanup();
	return 0;
}

/* ---- a worker's surroundings ---- */

struct bench {
	struct loop *loop;
	struct gate *gate;
	struct reach *reach;
	struct tls *tls;
	struct stats stats;
	struct policy_pool *pool;
	struct arena *arena;
	struct policy_facts facts[FETCHES_MAX];
	size_t n_started, n_done;
};

static void
bench_init(struct bench *b, uint32_t window)
{
	struct netrange loopback[2];
	struct reach_config reach = {
		.allow = loopback, .n_allow = 2, .ipv4 = true, .ipv6 = true,
	};
	struct gate_config gate = { .per_network = 64, .rest_ms = 1,
		.rest_max_ms = 2 };
	struct tls_config tls = { .ca_file = pki.ca_file };
	struct policy_config config = {
		.port = HTTPS_MADE_PORT, .window = window,
		.connect_timeout_ms = 250, .timeout_ms = 700,
		.retry_wait_ms = 100, .user_agent = "mxcensus-test/1",
		.source_ip = "127.78.9.9",
	};
	char error[256];

	memset(b, 0, sizeof(*b));
	netrange_parse(SLICE_LIT("127.0.0.0/8"), &loopback[0]);
	netrange_parse(SLICE_LIT("::1/128"), &loopback[1]);
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

static void
bench_release(struct bench *b)
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
	struct bench *b = ctx;

	if (++b->n_done == b->n_started)
		loop_stop(b->loop);
}

/* addresses: up to four, IPv4 first. */
static struct policy_facts *
begin(struct bench *b, const char *const addresses[4])
{
	struct policy_facts *f = &b->facts[b->n_started++];
	size_t before = b->n_done;

	f->host = SLICE_LIT(HOST);
	f->a.address = arena_array(b->arena, 4, sizeof(struct address));
	f->aaaa.address = arena_array(b->arena, 4, sizeof(struct address));
	for (size_t i = 0; i < 4 && addresses[i] != NULL; i++) {
		struct rrset *set = strchr(addresses[i], ':') != NULL ?
		    &f->aaaa : &f->a;

		assert_true(address_parse(slice_of(addresses[i]),
		    &set->address[set->n++]));
	}
	policy_pool_fetch(b->pool, b->arena, f, on_done, b);
	assert_int_equal(b->n_done, before); /* never from within */
	return f;
}

static struct policy_facts *
fetch(struct bench *b, const char *const addresses[4])
{
	struct policy_facts *f = begin(b, addresses);

	loop_run(b->loop);
	assert_int_equal(b->n_done, b->n_started);
	return f;
}

static void
assert_text(const char *what, struct slice s, const char *expected)
{
	if (!slice_eq(s, slice_of(expected)))
		fail_msg("%s: \"%.*s\", expected \"%s\"", what, SLICE_ARG(s),
		    expected);
}

/* ---- one good policy, in full ---- */

static void
fetches_a_policy(void **state)
{
	struct https_made *s = https_made_start("127.78.0.1", good_ctx,
	    HTTPS_ANSWER, GOOD, sizeof(GOOD) - 1);
	struct policy_facts *f;
	const char *request;
	struct bench b;

	(void)state;
	bench_init(&b, 8);
	f = fetch(&b, (const char *const[4]){ "127.78.0.1" });
	assert_int_equal(f->outcome, OUTCOME_OK);
	assert_int_equal(f->n_attempt, 1);
	assert_int_equal(f->attempt[0].outcome, OUTCOME_OK);
	assert_int_equal(f->http_status, 200);
	assert_true(f->has_body);
	assert_false(f->body_cut);
	assert_text("body", f->body, BODY);
	assert_true(f->has_content_type);
	assert_text("type", f->content_type, "text/plain");
	assert_text("server", f->server, "made");
	assert_int_equal(f->location.n, 0);
	assert_int_equal(f->tls.outcome, OUTCOME_OK);
	assert_int_equal(f->tls.version, TLS_VERSION_1_3);
	assert_int_equal(f->tls.trusted, TRI_YES);
	assert_int_equal(f->tls.name_ok, TRI_YES);
	assert_int_equal(f->tls.time_ok, TRI_YES);
	assert_int_equal(f->tls.n_chain, 2);
	assert_text("sni", f->tls.sni, HOST);
	assert_string_equal(https_made_sni(s), HOST);
	request = https_made_request(s);
	assert_ptr_equal(strstr(request,
	    "GET /.well-known/mta-sts.txt HTTP/1.1\r\n"), request);
	assert_non_null(strstr(request, "\r\nHost: " HOST "\r\n"));
	assert_non_null(strstr(request, "\r\nUser-Agent: mxcensus-test/1\r\n"));
	assert_null(strstr(request, "Accept-Encoding"));
	assert_null(strstr(request, "Cookie"));
	assert_int_equal(STAT_GET(b.stats.policy_connects), 1);
	bench_release(&b);
	https_made_stop(s);
}

/* ---- servers of every kind ---- */

struct server_row {
	const char *name;
	enum https_act act;
	const char *answer;
	enum outcome outcome, tls;
	uint32_t status;
	const char *body; /* NULL: none came */
};

#define ALERT "\x15\x03\x03\x00\x02\x02\x28"
static const struct server_row server_rows[] = {
	{ "no length, closed", HTTPS_ANSWER, GOOD, OUTCOME_OK, OUTCOME_OK,
	  200, BODY },
	{ "with a length, kept open", HTTPS_ANSWER_HANG,
	  OK_HEAD "Content-Length: 3\r\n\r\nabc", OUTCOME_OK, OUTCOME_OK, 200,
	  "abc" },
	{ "chunked", HTTPS_ANSWER, OK_HEAD
	  "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
	  OUTCOME_OK, OUTCOME_OK, 200, "abc" },
	{ "an interim response first", HTTPS_ANSWER,
	  "HTTP/1.1 103 Early Hints\r\nServer: early\r\n\r\n" GOOD,
	  OUTCOME_OK, OUTCOME_OK, 200, BODY },
	{ "empty", HTTPS_ANSWER, OK_HEAD "Content-Length: 0\r\n\r\n",
	  OUTCOME_OK, OUTCOME_OK, 200, "" },
	{ "404", HTTPS_ANSWER, "HTTP/1.1 404 Not Found\r\n" OK_END "no",
	  OUTCOME_OK, OUTCOME_OK, 404, NULL },
	{ "404, body hangs", HTTPS_ANSWER_HANG, "HTTP/1.1 404 Not Found\r\n"
	  "Content-Length: 9\r\n\r\nno", OUTCOME_OK, OUTCOME_OK, 404, NULL },
	{ "redirect", HTTPS_ANSWER, "HTTP/1.1 301 Moved\r\n"
	  "Location: https://127.78.0.2:18443/\r\n" OK_END, OUTCOME_OK,
	  OUTCOME_OK, 301, NULL },
	{ "206", HTTPS_ANSWER, "HTTP/1.1 206 Part\r\n" OK_END BODY,
	  OUTCOME_OK, OUTCOME_OK, 206, NULL },
	{ "500 without a word", HTTPS_ANSWER, "HTTP/1.1 500 \r\n" OK_END,
	  OUTCOME_OK, OUTCOME_OK, 500, NULL },
	{ "cut short of its length", HTTPS_ANSWER,
	  OK_HEAD "Content-Length: 99\r\n\r\nabc", OUTCOME_HTTP_FAILED,
	  OUTCOME_OK, 200, NULL },
	{ "body never comes", HTTPS_ANSWER_HANG,
	  OK_HEAD "Content-Length: 9\r\n\r\n", OUTCOME_TIMEOUT, OUTCOME_OK,
	  200, NULL },
	{ "trickle", HTTPS_TRICKLE, GOOD, OUTCOME_TIMEOUT, OUTCOME_OK, 0,
	  NULL },
	{ "no answer", HTTPS_ANSWER_HANG, "", OUTCOME_TIMEOUT, OUTCOME_OK, 0,
	  NULL },
	{ "closed without answer", HTTPS_TLS_CLOSE, "", OUTCOME_HTTP_FAILED,
	  OUTCOME_OK, 0, NULL },
	{ "reset without answer", HTTPS_TLS_RESET, "", OUTCOME_HTTP_FAILED,
	  OUTCOME_OK, 0, NULL },
	{ "HTTP/0.9", HTTPS_ANSWER, BODY, OUTCOME_HTTP_FAILED, OUTCOME_OK, 0,
	  NULL },
	{ "endless headers", HTTPS_ENDLESS, OK_HEAD "X-Filler: "
	  "0123456789012345678901234567890123456789012345678901\r\n",
	  OUTCOME_HTTP_FAILED, OUTCOME_OK, 200, NULL },
	{ "hang", HTTPS_HANG, "", OUTCOME_TLS_TIMEOUT, OUTCOME_TLS_TIMEOUT, 0,
	  NULL },
	{ "close", HTTPS_CLOSE, "", OUTCOME_TLS_FAILED, OUTCOME_TLS_FAILED, 0,
	  NULL },
	{ "reset", HTTPS_RESET, "", OUTCOME_TLS_FAILED, OUTCOME_TLS_FAILED, 0,
	  NULL },
	{ "garbage", HTTPS_RAW, "SSH-2.0-nothing\r\n", OUTCOME_TLS_FAILED,
	  OUTCOME_TLS_FAILED, 0, NULL },
	{ "alert", HTTPS_RAW, ALERT, OUTCOME_TLS_ALERT, OUTCOME_TLS_ALERT, 0,
	  NULL },
};

static size_t
length_of(const struct server_row *row)
{
	/* the alert holds a NUL */
	return row->outcome == OUTCOME_TLS_ALERT ? sizeof(ALERT) - 1 :
	    strlen(row->answer);
}

static void
tells_servers_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(server_rows) / sizeof(server_rows[0]);
	    i++) {
		const struct server_row *row = &server_rows[i];
		struct https_made *s = https_made_start("127.78.0.2",
		    good_ctx, row->act, row->answer, length_of(row));
		struct policy_facts *f;
		struct bench b;

		bench_init(&b, 8);
		f = fetch(&b, (const char *const[4]){ "127.78.0.2" });
		if (f->outcome != row->outcome || f->tls.outcome != row->tls ||
		    f->http_status != row->status || f->n_attempt != 1 ||
		    f->has_body != (row->body != NULL))
			fail_msg("%s: %s, tls %s, status %u, %zu attempts, "
			    "body %d", row->name, outcome_word(f->outcome),
			    outcome_word(f->tls.outcome), f->http_status,
			    f->n_attempt, f->has_body);
		if (row->body != NULL)
			assert_text(row->name, f->body, row->body);
		if ((row->tls == OUTCOME_TLS_FAILED) != (f->tls.error.n > 0) ||
		    (row->tls == OUTCOME_TLS_ALERT) != (f->tls.alert.n > 0))
			fail_msg("%s: alert \"%.*s\", error \"%.*s\"",
			    row->name, SLICE_ARG(f->tls.alert),
			    SLICE_ARG(f->tls.error));
		assert_int_equal(https_made_connections(s), 1);
		bench_release(&b);
		https_made_stop(s);
	}
}

static void
keeps_the_words(void **state)
{
	static const char redirect[] = "HTTP/1.1 302 Found\r\n"
	    "location:   https://b.example/x \r\n"
	    "CONTENT-TYPE: Text/HTML; charset=x\r\n"
	    "Content-Type: second\r\n" OK_END;
	struct https_made *r = https_made_start("127.78.0.3", good_ctx,
	    HTTPS_ANSWER, redirect, sizeof(redirect) - 1);
	struct https_made *g = https_made_start("127.78.0.4", good_ctx,
	    HTTPS_RAW, "garbage garbage", 15);
	struct https_made *x = https_made_start("127.78.0.5", good_ctx,
	    HTTPS_RAW, ALERT, sizeof(ALERT) - 1);
	struct https_made *e = https_made_start("127.78.0.6", good_ctx,
	    HTTPS_RESET, "", 0);
	struct policy_facts *f;
	struct bench b;

	(void)state;
	bench_init(&b, 8);
	f = fetch(&b, (const char *const[4]){ "127.78.0.3" });
	assert_text("location", f->location, "https://b.example/x");
	assert_text("type", f->content_type, "Text/HTML; charset=x");
	f = fetch(&b, (const char *const[4]){ "127.78.0.4" });
	assert_text("garbage", f->tls.error, "wrong version number");
	f = fetch(&b, (const char *const[4]){ "127.78.0.5" });
	assert_text("alert", f->tls.alert, "handshake failure");
	f = fetch(&b, (const char *const[4]){ "127.78.0.6" });
	assert_true(slice_contains_nocase(f->tls.error, SLICE_LIT("reset")));
	bench_release(&b);
	https_made_stop(r);
	https_made_stop(g);
	https_made_stop(x);
	https_made_stop(e);
}

/* ---- sizes ---- */

static void
fetch_sized(size_t body, enum outcome outcome, size_t kept)
{
	size_t head = sizeof(OK_HEAD OK_END) - 1;
	char *answer = xmalloc(head + body);
	struct https_made *s;
	struct policy_facts *f;
	struct bench b;

	memcpy(answer, OK_HEAD OK_END, head);
	memset(answer + head, 'x', body);
	s = https_made_start("127.78.0.7", good_ctx, HTTPS_ANSWER, answer,
	    head + body);
	bench_init(&b, 8);
	f = fetch(&b, (const char *const[4]){ "127.78.0.7" });
	if (f->outcome != outcome || f->body.n != kept || !f->has_body ||
	    f->body_cut != (outcome == OUTCOME_TOO_LARGE))
		fail_msg("%zu bytes: %s, %zu kept, cut %d", body,
		    outcome_word(f->outcome), f->body.n, f->body_cut);
	bench_release(&b);
	https_made_stop(s);
	free(answer);
}

static void
caps_the_body(void **state)
{
	(void)state;
	fetch_sized(LIMIT_POLICY_BODY_BYTES - 1, OUTCOME_OK,
	    LIMIT_POLICY_BODY_BYTES - 1);
	fetch_sized(LIMIT_POLICY_BODY_BYTES, OUTCOME_OK,
	    LIMIT_POLICY_BODY_BYTES);
	fetch_sized(LIMIT_POLICY_BODY_BYTES + 1, OUTCOME_TOO_LARGE,
	    LIMIT_POLICY_BODY_BYTES);
	fetch_sized(300000, OUTCOME_TOO_LARGE, LIMIT_POLICY_BODY_BYTES);
}

static void
ends_an_endless_body(void **state)
{
	struct https_made *s = https_made_start("127.78.0.8", good_ctx,
	    HTTPS_ENDLESS, GOOD, sizeof(GOOD) - 1);
	struct policy_facts *f;
	struct bench b;

	(void)state;
	bench_init(&b, 8);
	f = fetch(&b, (const char *const[4]){ "127.78.0.8" });
	assert_int_equal(f->outcome, OUTCOME_TOO_LARGE);
	assert_int_equal(f->body.n, LIMIT_POLICY_BODY_BYTES);
	assert_true(slice_starts(f->body, SLICE_LIT(BODY)));
	bench_release(&b);
	https_made_stop(s);
}

/* ---- certificates ---- */

struct cert_row {
	const char *name;
	const char *dns;
	int64_t from_s, until_s;
	bool self, leaf_only;
	int max_version;
	enum tri trusted, name_ok, time_ok;
};

#define Y TRI_YES
#define N TRI_NO
static const struct cert_row cert_rows[] = {
	{ "good", HOST, 0, 0, false, false, 0, Y, Y, Y },
	{ "TLS 1.2", HOST, 0, 0, false, false, TLS1_2_VERSION, Y, Y, Y },
	{ "TLS 1.0", HOST, 0, 0, false, false, TLS1_VERSION, Y, Y, Y },
	{ "wildcard", "*.a.example", 0, 0, false, false, 0, Y, Y, Y },
	{ "wrong name", "a.example", 0, 0, false, false, 0, Y, N, Y },
	{ "expired", HOST, -9 * PKI_DAY, -PKI_DAY, false, false, 0, Y, Y, N },
	{ "not yet", HOST, PKI_DAY, 9 * PKI_DAY, false, false, 0, Y, Y, N },
	{ "self-signed", HOST, 0, 0, true, true, 0, N, Y, Y },
	{ "missing intermediate", HOST, 0, 0, false, true, 0, N, Y, Y },
};
#undef Y
#undef N

static SSL_CTX *
ctx_of(const struct cert_row *row)
{
	struct pki_spec spec = {
		.cn = "x", .dns = { row->dns }, .from_s = row->from_s,
		.until_s = row->until_s, .key = pki.key,
	};
	X509 *leaf;
	SSL_CTX *ctx;

	if (!row->self) {
		spec.issuer = pki.middle;
		spec.issuer_key = pki.other_key;
	}
	leaf = pki_cert(&spec);
	ctx = pki_server(leaf, pki.key, row->leaf_only ? NULL : pki.middle,
	    NULL);
	SSL_CTX_set_max_proto_version(ctx, row->max_version);
	X509_free(leaf);
	return ctx;
}

/* Whatever the certificate, the body and the chain are kept. */
static void
keeps_the_body_behind_bad_certificates(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, 8);
	for (size_t i = 0; i < sizeof(cert_rows) / sizeof(cert_rows[0]);
	    i++) {
		const struct cert_row *row = &cert_rows[i];
		SSL_CTX *ctx = ctx_of(row);
		struct https_made *s = https_made_start("127.78.0.10", ctx,
		    HTTPS_ANSWER, GOOD, sizeof(GOOD) - 1);
		struct policy_facts *f = fetch(&b,
		    (const char *const[4]){ "127.78.0.10" });

		if (f->outcome != OUTCOME_OK || f->http_status != 200 ||
		    f->tls.trusted != row->trusted ||
		    f->tls.name_ok != row->name_ok ||
		    f->tls.time_ok != row->time_ok ||
		    f->tls.self_signed != row->self ||
		    f->tls.n_chain != (row->leaf_only ? 1 : 2))
			fail_msg("%s: %s, trusted %d name %d time %d",
			    row->name, outcome_word(f->outcome),
			    f->tls.trusted, f->tls.name_ok, f->tls.time_ok);
		assert_text(row->name, f->body, BODY);
		if (row->max_version == TLS1_VERSION)
			assert_int_equal(f->tls.version, TLS_VERSION_1_0);
		https_made_stop(s);
		SSL_CTX_free(ctx);
	}
	bench_release(&b);
}

/* ---- addresses ---- */

/* .20 good, .21 refuses, .22 silent, .23 garbage, 10.0.0.1 special */
struct address_row {
	const char *name;
	const char *address[4];
	enum outcome outcome;
	enum outcome attempt[8]; /* NONE: no more */
};

#define REFUSED OUTCOME_CONNECT_REFUSED
#define SILENT OUTCOME_CONNECT_TIMEOUT
#define SPECIAL OUTCOME_SPECIAL_ADDRESS
static const struct address_row address_rows[] = {
	{ "none", { NULL }, OUTCOME_NONE, { OUTCOME_NONE } },
	{ "refused", { "127.78.0.21" }, REFUSED, { REFUSED } },
	{ "refused, then good", { "127.78.0.21", "127.78.0.20" }, OUTCOME_OK,
	  { REFUSED, OUTCOME_OK } },
	{ "silent, then good", { "127.78.0.22", "127.78.0.20" }, OUTCOME_OK,
	  { SILENT, OUTCOME_OK } },
	{ "silent: once more", { "127.78.0.22" }, SILENT, { SILENT, SILENT } },
	{ "two silent: both once more", { "127.78.0.22", "127.78.0.24" },
	  SILENT, { SILENT, SILENT, SILENT, SILENT } },
	{ "silent and refused", { "127.78.0.22", "127.78.0.21" }, SILENT,
	  { SILENT, REFUSED } },
	{ "refused and silent", { "127.78.0.21", "127.78.0.22" }, SILENT,
	  { REFUSED, SILENT } },
	{ "special", { "10.0.0.1" }, SPECIAL, { SPECIAL } },
	{ "special, then good", { "10.0.0.1", "127.78.0.20" }, OUTCOME_OK,
	  { SPECIAL, OUTCOME_OK } },
	{ "refused, then special", { "127.78.0.21", "10.0.0.1" }, REFUSED,
	  { REFUSED, SPECIAL } },
	{ "silent and special", { "10.0.0.1", "127.78.0.22" }, SILENT,
	  { SPECIAL, SILENT, SILENT } },
	{ "garbage ends it", { "127.78.0.23", "127.78.0.20" },
	  OUTCOME_TLS_FAILED, { OUTCOME_TLS_FAILED } },
};
#undef REFUSED
#undef SILENT
#undef SPECIAL

static void
walks_the_addresses(void **state)
{
	struct https_made *good = https_made_start("127.78.0.20", good_ctx,
	    HTTPS_ANSWER, GOOD, sizeof(GOOD) - 1);
	struct https_made *silent = https_made_start("127.78.0.22", NULL,
	    HTTPS_BLACKHOLE, "", 0);
	struct https_made *silent2 = https_made_start("127.78.0.24", NULL,
	    HTTPS_BLACKHOLE, "", 0);
	struct https_made *bad = https_made_start("127.78.0.23", NULL,
	    HTTPS_RAW, "garbage", 7);
	struct bench b;

	(void)state;
	bench_init(&b, 8);
	for (size_t i = 0; i < sizeof(address_rows) / sizeof(address_rows[0]);
	    i++) {
		const struct address_row *row = &address_rows[i];
		struct policy_facts *f = fetch(&b, row->address);
		size_t n = 0;

		while (n < 8 && row->attempt[n] != OUTCOME_NONE)
			n++;
		if (f->outcome != row->outcome || f->n_attempt != n)
			fail_msg("%s: %s, %zu attempts", row->name,
			    outcome_word(f->outcome), f->n_attempt);
		for (size_t k = 0; k < n; k++)
			if (f->attempt[k].outcome != row->attempt[k])
				fail_msg("%s: attempt %zu: %s", row->name, k,
				    outcome_word(f->attempt[k].outcome));
	}
	bench_release(&b);
	https_made_stop(good);
	https_made_stop(silent);
	https_made_stop(silent2);
	https_made_stop(bad);
}

static void
speaks_ipv6_after_ipv4(void **state)
{
	struct https_made *six = https_made_start("::1", good_ctx,
	    HTTPS_ANSWER, GOOD, sizeof(GOOD) - 1);
	struct policy_facts *f;
	struct bench b;

	(void)state;
	if (six == NULL)
		skip(); /* no ::1 here */
	bench_init(&b, 8);
	f = fetch(&b, (const char *const[4]){ "::1", "127.78.0.21" });
	assert_int_equal(f->outcome, OUTCOME_OK);
	assert_int_equal(f->n_attempt, 2);
	assert_int_equal(f->attempt[0].outcome, OUTCOME_CONNECT_REFUSED);
	assert_int_equal(f->attempt[1].address.family, 6);
	assert_text("body", f->body, BODY);
	bench_release(&b);
	https_made_stop(six);
}

static void
leaves_excluded_hosts_alone(void **state)
{
	struct https_made *good = https_made_start("127.78.0.25", good_ctx,
	    HTTPS_ANSWER, GOOD, sizeof(GOOD) - 1);
	char path[] = "/tmp/mxcensus-test-exclude-XXXXXX", error[256];
	FILE *file = fdopen(mkstemp(path), "w");
	struct policy_facts *f;
	struct bench b;

	(void)state;
	fputs("a.example\n", file);
	fclose(file);
	bench_init(&b, 8);
	assert_true(reach_exclude_file(b.reach, path, error, sizeof(error)));
	f = fetch(&b, (const char *const[4]){ "127.78.0.25" });
	assert_int_equal(f->outcome, OUTCOME_EXCLUDED);
	assert_int_equal(f->n_attempt, 1);
	assert_int_equal(https_made_connections(good), 0);
	remove(path);
	bench_release(&b);
	https_made_stop(good);
}

static void
refuses_names_that_are_urls(void **state)
{
	struct policy_facts *f;
	struct bench b;

	(void)state;
	bench_init(&b, 8);
	f = &b.facts[b.n_started++];
	f->host = SLICE_LIT("a.example/x@127.78.0.1");
	policy_pool_fetch(b.pool, b.arena, f, on_done, &b);
	loop_run(b.loop);
	assert_int_equal(f->outcome, OUTCOME_LOCAL);
	bench_release(&b);
}

/* ---- many at once, and the end before the end ---- */

static void
runs_many_at_once(void **state)
{
	struct https_made *s[10];
	char address[10][16];
	struct bench b;

	(void)state;
	bench_init(&b, 3);
	for (int i = 0; i < 10; i++) {
		snprintf(address[i], sizeof(address[i]), "127.78.1.%d",
		    i + 1);
		s[i] = https_made_start(address[i], good_ctx, HTTPS_ANSWER,
		    GOOD, sizeof(GOOD) - 1);
	}
	for (int i = 0; i < 30; i++)
		begin(&b, (const char *const[4]){ address[i % 10] });
	loop_run(b.loop);
	for (int i = 0; i < 30; i++)
		assert_int_equal(b.facts[i].outcome, OUTCOME_OK);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(https_made_connections(s[i]), 3);
		https_made_stop(s[i]);
	}
	assert_int_equal(STAT_GET(b.stats.policy_connects), 30);
	bench_release(&b);
}

static void
on_enough(void *ctx)
{
	struct bench *b = ctx;

	loop_stop(b->loop);
}

/* Every stage may be the last: nothing leaks, nothing calls back. */
static void
can_be_freed_at_any_time(void **state)
{
	struct https_made *hang = https_made_start("127.78.0.30", good_ctx,
	    HTTPS_HANG, "", 0);
	struct https_made *slow = https_made_start("127.78.0.31", good_ctx,
	    HTTPS_TRICKLE, GOOD, sizeof(GOOD) - 1);
	struct https_made *silent = https_made_start("127.78.0.32", NULL,
	    HTTPS_BLACKHOLE, "", 0);

	(void)state;
	for (uint64_t ms = 0; ms <= 400; ms += ms < 20 ? 1 : 40) {
		struct bench b;

		bench_init(&b, 4);
		b.n_started = 1; /* on_done() must not come to it */
		for (int i = 0; i < 3; i++) {
			begin(&b, (const char *const[4]){ "127.78.0.30" });
			begin(&b, (const char *const[4]){ "127.78.0.31" });
			begin(&b, (const char *const[4]){ "127.78.0.32" });
			begin(&b, (const char *const[4]){ "127.78.0.21" });
		}
		loop_post_at(b.loop, loop_clock_ms() + ms, on_enough, &b);
		loop_run(b.loop);
		assert_true(b.n_done < 12);
		if (ms < 20)
			begin(&b, (const char *const[4]){ "127.78.0.30" });
		bench_release(&b);
	}
	https_made_stop(hang);
	https_made_stop(slow);
	https_made_stop(silent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fetches_a_policy),
		cmocka_unit_test(tells_servers_apart),
		cmocka_unit_test(keeps_the_words),
		cmocka_unit_test(caps_the_body),
		cmocka_unit_test(ends_an_endless_body),
		cmocka_unit_test(keeps_the_body_behind_bad_certificates),
		cmocka_unit_test(walks_the_addresses),
		cmocka_unit_test(speaks_ipv6_after_ipv4),
		cmocka_unit_test(leaves_excluded_hosts_alone),
		cmocka_unit_test(refuses_names_that_are_urls),
		cmocka_unit_test(runs_many_at_once),
		cmocka_unit_test(can_be_freed_at_any_time),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
