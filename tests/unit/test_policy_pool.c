/* SPDX-License-Identifier: Apache-2.0
 *
 * test_policy_pool.c: policies fetched from servers that do right and wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/limits.h"
#include "tests/unit/policy_rig.h"

#include "scanner/base/banned.h"

/* ---- one good policy, in full ---- */

static void
fetches_a_policy(void **state)
{
	struct https_made *s = policy_rig_server("127.78.0.1",
	    HTTPS_ANSWER, SLICE_LIT(POLICY_ANSWER));
	struct policy_facts *f;
	const char *request;
	struct policy_rig b;

	(void)state;
	policy_rig_init(&b, 8);
	f = policy_rig_fetch(&b, AT("127.78.0.1"));
	assert_int_equal(f->outcome, OUTCOME_OK);
	assert_int_equal(f->n_attempt, 1);
	assert_int_equal(f->attempt[0].outcome, OUTCOME_OK);
	assert_int_equal(f->http_status, 200);
	assert_true(f->has_body);
	assert_false(f->body_cut);
	policy_rig_assert_text("body", f->body, POLICY_BODY);
	assert_true(f->has_content_type);
	policy_rig_assert_text("type", f->content_type, "text/plain");
	policy_rig_assert_text("server", f->server, "made");
	assert_int_equal(f->location.n, 0);
	assert_int_equal(f->tls.outcome, OUTCOME_OK);
	assert_int_equal(f->tls.version, TLS_VERSION_1_3);
	assert_int_equal(f->tls.trusted, TRI_YES);
	assert_int_equal(f->tls.name_ok, TRI_YES);
	assert_int_equal(f->tls.time_ok, TRI_YES);
	assert_int_equal(f->tls.n_chain, 2);
	policy_rig_assert_text("sni", f->tls.sni, POLICY_HOST);
	assert_string_equal(https_made_sni(s), POLICY_HOST);
	request = https_made_request(s);
	assert_ptr_equal(strstr(request,
	    "GET /.well-known/mta-sts.txt HTTP/1.1\r\n"), request);
	assert_non_null(strstr(request, "\r\nHost: " POLICY_HOST "\r\n"));
	assert_non_null(strstr(request, "\r\nUser-Agent: mxcensus-test/1\r\n"));
	assert_null(strstr(request, "Accept-Encoding"));
	assert_null(strstr(request, "Cookie"));
	assert_int_equal(STAT_GET(b.stats.policy_connects), 1);
	policy_rig_release(&b);
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
	{ "no length, closed", HTTPS_ANSWER, POLICY_ANSWER, OUTCOME_OK,
	  OUTCOME_OK,
	  200, POLICY_BODY },
	{ "with a length, kept open", HTTPS_ANSWER_HANG,
	  POLICY_OK "Content-Length: 3\r\n\r\nabc", OUTCOME_OK, OUTCOME_OK, 200,
	  "abc" },
	{ "chunked", HTTPS_ANSWER, POLICY_OK
	  "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
	  OUTCOME_OK, OUTCOME_OK, 200, "abc" },
	{ "an interim response first", HTTPS_ANSWER,
	  "HTTP/1.1 103 Early Hints\r\nServer: early\r\n\r\n" POLICY_ANSWER,
	  OUTCOME_OK, OUTCOME_OK, 200, POLICY_BODY },
	{ "empty", HTTPS_ANSWER, POLICY_OK "Content-Length: 0\r\n\r\n",
	  OUTCOME_OK, OUTCOME_OK, 200, "" },
	{ "404", HTTPS_ANSWER, "HTTP/1.1 404 Not Found\r\n" POLICY_END "no",
	  OUTCOME_OK, OUTCOME_OK, 404, NULL },
	{ "404, body hangs", HTTPS_ANSWER_HANG, "HTTP/1.1 404 Not Found\r\n"
	  "Content-Length: 9\r\n\r\nno", OUTCOME_OK, OUTCOME_OK, 404, NULL },
	{ "redirect", HTTPS_ANSWER, "HTTP/1.1 301 Moved\r\n"
	  "Location: https://127.78.0.2/\r\n" POLICY_END, OUTCOME_OK,
	  OUTCOME_OK, 301, NULL },
	{ "206", HTTPS_ANSWER, "HTTP/1.1 206 Part\r\n" POLICY_END POLICY_BODY,
	  OUTCOME_OK, OUTCOME_OK, 206, NULL },
	{ "500 without a word", HTTPS_ANSWER, "HTTP/1.1 500 \r\n" POLICY_END,
	  OUTCOME_OK, OUTCOME_OK, 500, NULL },
	{ "cut short of its length", HTTPS_ANSWER,
	  POLICY_OK "Content-Length: 99\r\n\r\nabc", OUTCOME_HTTP_FAILED,
	  OUTCOME_OK, 200, NULL },
	{ "body never comes", HTTPS_ANSWER_HANG,
	  POLICY_OK "Content-Length: 9\r\n\r\n", OUTCOME_TIMEOUT, OUTCOME_OK,
	  200, NULL },
	{ "trickle", HTTPS_TRICKLE, POLICY_ANSWER, OUTCOME_TIMEOUT,
	  OUTCOME_OK, 0,
	  NULL },
	{ "no answer", HTTPS_ANSWER_HANG, "", OUTCOME_TIMEOUT, OUTCOME_OK, 0,
	  NULL },
	{ "closed without answer", HTTPS_TLS_CLOSE, "", OUTCOME_HTTP_FAILED,
	  OUTCOME_OK, 0, NULL },
	{ "reset without answer", HTTPS_TLS_RESET, "", OUTCOME_HTTP_FAILED,
	  OUTCOME_OK, 0, NULL },
	{ "HTTP/0.9", HTTPS_ANSWER, POLICY_BODY, OUTCOME_HTTP_FAILED,
	  OUTCOME_OK, 0,
	  NULL },
	{ "endless headers", HTTPS_ENDLESS, POLICY_OK "X-Filler: "
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
		struct https_made *s = policy_rig_server("127.78.0.2",
		    row->act, slice_make(row->answer, length_of(row)));
		struct policy_facts *f;
		struct policy_rig b;

		policy_rig_init(&b, 8);
		f = policy_rig_fetch(&b, AT("127.78.0.2"));
		if (f->outcome != row->outcome || f->tls.outcome != row->tls ||
		    f->http_status != row->status || f->n_attempt != 1 ||
		    f->has_body != (row->body != NULL))
			fail_msg("%s: %s, tls %s, status %u, %zu attempts, "
			    "body %d", row->name, outcome_word(f->outcome),
			    outcome_word(f->tls.outcome), f->http_status,
			    f->n_attempt, f->has_body);
		if (row->body != NULL)
			policy_rig_assert_text(row->name, f->body, row->body);
		/* Of the last response, whatever an interim one said. */
		if (strstr(row->answer, "Server: made") != NULL && f->has_body)
			policy_rig_assert_text(row->name, f->server, "made");
		if ((row->tls == OUTCOME_TLS_FAILED) != (f->tls.error.n > 0) ||
		    (row->tls == OUTCOME_TLS_ALERT) != (f->tls.alert.n > 0))
			fail_msg("%s: alert \"%.*s\", error \"%.*s\"",
			    row->name, SLICE_ARG(f->tls.alert),
			    SLICE_ARG(f->tls.error));
		assert_int_equal(https_made_connections(s), 1);
		policy_rig_release(&b);
		https_made_stop(s);
	}
}

static void
keeps_the_words(void **state)
{
	static const char redirect[] = "HTTP/1.1 302 Found\r\n"
	    "location:   https://b.example/x \r\n"
	    "CONTENT-TYPE: Text/HTML; charset=x\r\n"
	    "Content-Type: second\r\n" POLICY_END;
	struct https_made *r = policy_rig_server("127.78.0.3",
	    HTTPS_ANSWER, slice_of(redirect));
	struct https_made *g = policy_rig_server("127.78.0.4",
	    HTTPS_RAW, SLICE_LIT("garbage garbage"));
	struct https_made *x = policy_rig_server("127.78.0.5",
	    HTTPS_RAW, SLICE_LIT(ALERT));
	struct https_made *e = policy_rig_server("127.78.0.6",
	    HTTPS_RESET, SLICE_EMPTY);
	struct policy_facts *f;
	struct policy_rig b;

	(void)state;
	policy_rig_init(&b, 8);
	f = policy_rig_fetch(&b, AT("127.78.0.3"));
	policy_rig_assert_text("location", f->location, "https://b.example/x");
	policy_rig_assert_text("type", f->content_type, "Text/HTML; charset=x");
	f = policy_rig_fetch(&b, AT("127.78.0.4"));
	policy_rig_assert_text("garbage", f->tls.error, "wrong version number");
	f = policy_rig_fetch(&b, AT("127.78.0.5"));
	policy_rig_assert_text("alert", f->tls.alert, "handshake failure");
	f = policy_rig_fetch(&b, AT("127.78.0.6"));
	policy_rig_assert_text("reset", f->tls.error,
	    "connection ended during the handshake");
	policy_rig_release(&b);
	https_made_stop(r);
	https_made_stop(g);
	https_made_stop(x);
	https_made_stop(e);
}

/* ---- sizes ---- */

static void
fetch_sized(size_t body, enum outcome outcome, size_t kept)
{
	size_t head = sizeof(POLICY_OK POLICY_END) - 1;
	char *answer = xmalloc(head + body);
	struct https_made *s;
	struct policy_facts *f;
	struct policy_rig b;

	memcpy(answer, POLICY_OK POLICY_END, head);
	memset(answer + head, 'x', body);
	s = policy_rig_server("127.78.0.7", HTTPS_ANSWER,
	    slice_make(answer, head + body));
	policy_rig_init(&b, 8);
	f = policy_rig_fetch(&b, AT("127.78.0.7"));
	if (f->outcome != outcome || f->body.n != kept || !f->has_body ||
	    f->body_cut != (outcome == OUTCOME_TOO_LARGE))
		fail_msg("%zu bytes: %s, %zu kept, cut %d", body,
		    outcome_word(f->outcome), f->body.n, f->body_cut);
	policy_rig_release(&b);
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
	struct https_made *s = policy_rig_server("127.78.0.8",
	    HTTPS_ENDLESS, SLICE_LIT(POLICY_ANSWER));
	struct policy_facts *f;
	struct policy_rig b;

	(void)state;
	policy_rig_init(&b, 8);
	f = policy_rig_fetch(&b, AT("127.78.0.8"));
	assert_int_equal(f->outcome, OUTCOME_TOO_LARGE);
	assert_int_equal(f->body.n, LIMIT_POLICY_BODY_BYTES);
	assert_true(slice_starts(f->body, SLICE_LIT(POLICY_BODY)));
	policy_rig_release(&b);
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
	{ "good", POLICY_HOST, 0, 0, false, false, 0, Y, Y, Y },
	{ "TLS 1.2", POLICY_HOST, 0, 0, false, false, TLS1_2_VERSION, Y, Y, Y },
	{ "TLS 1.0", POLICY_HOST, 0, 0, false, false, TLS1_VERSION, Y, Y, Y },
	{ "wildcard", "*.a.example", 0, 0, false, false, 0, Y, Y, Y },
	{ "wrong name", "a.example", 0, 0, false, false, 0, Y, N, Y },
	{ "expired", POLICY_HOST, -9 * PKI_DAY, -PKI_DAY, false, false, 0,
	  Y, Y, N },
	{ "not yet", POLICY_HOST, PKI_DAY, 9 * PKI_DAY, false, false, 0,
	  Y, Y, N },
	{ "self-signed", POLICY_HOST, 0, 0, true, true, 0, N, Y, Y },
	{ "missing intermediate", POLICY_HOST, 0, 0, false, true, 0, N, Y, Y },
};
#undef Y
#undef N

static SSL_CTX *
ctx_of(const struct cert_row *row)
{
	const struct pki *pki = policy_rig_pki();
	struct pki_spec spec = {
		.cn = "x", .dns = { row->dns }, .from_s = row->from_s,
		.until_s = row->until_s, .key = pki->key,
	};
	X509 *leaf;
	SSL_CTX *ctx;

	if (!row->self) {
		spec.issuer = pki->middle;
		spec.issuer_key = pki->other_key;
	}
	leaf = pki_cert(&spec);
	ctx = pki_server(leaf, pki->key, row->leaf_only ? NULL : pki->middle,
	    NULL);
	SSL_CTX_set_max_proto_version(ctx, row->max_version);
	X509_free(leaf);
	return ctx;
}

/* Whatever the certificate, the body and the chain are kept. */
static void
keeps_the_body_behind_bad_certificates(void **state)
{
	struct policy_rig b;

	(void)state;
	policy_rig_init(&b, 8);
	for (size_t i = 0; i < sizeof(cert_rows) / sizeof(cert_rows[0]);
	    i++) {
		const struct cert_row *row = &cert_rows[i];
		SSL_CTX *ctx = ctx_of(row);
		struct https_made *s = https_made_start("127.78.0.10", ctx,
		    HTTPS_ANSWER, POLICY_ANSWER, sizeof(POLICY_ANSWER) - 1);
		struct policy_facts *f = policy_rig_fetch(&b,
		    AT("127.78.0.10"));

		if (f->outcome != OUTCOME_OK || f->http_status != 200 ||
		    f->tls.trusted != row->trusted ||
		    f->tls.name_ok != row->name_ok ||
		    f->tls.time_ok != row->time_ok ||
		    f->tls.self_signed != row->self ||
		    f->tls.n_chain != (row->leaf_only ? 1 : 2))
			fail_msg("%s: %s, trusted %d name %d time %d",
			    row->name, outcome_word(f->outcome),
			    f->tls.trusted, f->tls.name_ok, f->tls.time_ok);
		policy_rig_assert_text(row->name, f->body, POLICY_BODY);
		if (row->max_version == TLS1_VERSION)
			assert_int_equal(f->tls.version, TLS_VERSION_1_0);
		https_made_stop(s);
		SSL_CTX_free(ctx);
	}
	policy_rig_release(&b);
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
	};

	return cmocka_run_group_tests(tests, policy_rig_set_up,
	    policy_rig_tear_down);
}
