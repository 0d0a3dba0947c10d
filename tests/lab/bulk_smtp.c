/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_smtp.c: as little of RFC 5321 and RFC 3207 as a probe needs: EHLO,
 * STARTTLS, QUIT.
 */
#include "tests/lab/bulk_smtp.h"

#include "scanner/base/banned.h"

#define LINE_MAX_BYTES 512 /* RFC 5321 section 4.5.3.1.4 */

static bool
begin(struct bulk_session *s)
{
	s->way = bulk_smtp_way(bulk_session_address(s));
	if (s->way != BULK_BUSY)
		return bulk_session_say(s,
		    SLICE_LIT("220 mx.bulk.test ESMTP\r\n"));
	(void)bulk_session_say(s, SLICE_LIT("421 4.3.2 too busy\r\n"));
	return false;
}

static bool
on_ehlo(struct bulk_session *s)
{
	if (s->tls == BULK_STANDS || s->way == BULK_NO_STARTTLS)
		return bulk_session_say(s,
		    SLICE_LIT("250-mx.bulk.test\r\n250 8BITMIME\r\n"));
	return bulk_session_say(s,
	    SLICE_LIT("250-mx.bulk.test\r\n250-8BITMIME\r\n250 STARTTLS\r\n"));
}

static bool
on_starttls(struct bulk_session *s)
{
	if (s->tls == BULK_STANDS || s->way == BULK_NO_STARTTLS)
		return bulk_session_say(s, SLICE_LIT("502 5.5.1 no\r\n"));
	if (s->way == BULK_NOT_NOW)
		return bulk_session_say(s, SLICE_LIT("454 4.7.0 not now\r\n"));
	if (!bulk_session_say(s, SLICE_LIT("220 2.0.0 go ahead\r\n")))
		return false;
	/* nothing that was said before counts (RFC 3207 section 4.2) */
	bulk_session_take(s, s->n);
	if (s->way == BULK_CLOSES) {
		s->tls = BULK_DEAF;
		return true;
	}
	return bulk_session_start_tls(s, s->way == BULK_TLS12 ?
	    TLS1_2_VERSION : TLS1_3_VERSION);
}

static bool
on_line(struct bulk_session *s, struct slice line)
{
	if (slice_starts_nocase(line, SLICE_LIT("EHLO")))
		return on_ehlo(s);
	if (slice_starts_nocase(line, SLICE_LIT("STARTTLS")))
		return on_starttls(s);
	if (slice_starts_nocase(line, SLICE_LIT("QUIT"))) {
		(void)bulk_session_say(s, SLICE_LIT("221 2.0.0 bye\r\n"));
		return false;
	}
	return bulk_session_say(s, SLICE_LIT("502 5.5.1 no\r\n"));
}

static bool
bytes(struct bulk_session *s)
{
	while (s->n > 0) {
		struct slice in = slice_make(s->in, s->n);
		size_t n = slice_find(in, '\n');

		if (n == in.n)
			return n < LINE_MAX_BYTES;
		if (!on_line(s, slice_upto(in, n)))
			return false;
		if (s->tls != BULK_PLAIN && s->tls != BULK_STANDS)
			return true;
		bulk_session_take(s, n + 1);
	}
	return true;
}

const struct bulk_protocol bulk_smtp = { begin, bytes, bulk_host_leaf };
