/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_https.c: one GET a connection (RFC 9112), of one path (RFC 8461
 * section 3.3).
 */
#include "tests/lab/bulk_https.h"

#include <string.h>

#include "scanner/base/banned.h"

#define HEAD_BYTES 160
#define REQUEST "GET /.well-known/mta-sts.txt HTTP/1.1\r\n"

static bool
begin(struct bulk_session *s)
{
	return bulk_session_start_tls(s, TLS1_3_VERSION);
}

static void
answer(struct bulk_session *s)
{
	char text[HEAD_BYTES + BULK_POLICY_CAP], policy[BULK_POLICY_CAP];
	struct strbuf b = strbuf_of(text, sizeof(text));
	size_t n = 0;

	if (slice_starts(slice_make(s->in, s->n), SLICE_LIT(REQUEST)))
		n = bulk_policy(slice_make(s->name, s->n_name), policy);
	strbuf_fmt(&b, "HTTP/1.1 %s\r\nContent-Type: text/plain\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n\r\n",
	    n > 0 ? "200 OK" : "404 Not Found", n);
	strbuf_add(&b, slice_make(policy, n));
	(void)bulk_session_say(s, strbuf_slice(&b));
	s->worker->https.n_request++;
}

static bool
bytes(struct bulk_session *s)
{
	if (memmem(s->in, s->n, "\r\n\r\n", 4) == NULL)
		return true;
	answer(s);
	return false;
}

const struct bulk_protocol bulk_https = { begin, bytes, bulk_policy_leaf };
