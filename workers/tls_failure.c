/* SPDX-License-Identifier: Apache-2.0
 *
 * tls_failure.c: how a handshake that failed ended: alerts in both directions,
 * the library's words, and how much was said.
 */
#include <openssl/err.h>
#include <string.h>

#include "workers/tls_parts.h"

#include "scanner/base/banned.h"

static uint32_t
count32(uint64_t n)
{
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/* What the BIO has carried so far. */
void
tls_keep_size(SSL *ssl, struct tls_facts *out)
{
	BIO *in = SSL_get_rbio(ssl), *to = SSL_get_wbio(ssl);

	out->bytes_read = in == NULL ? 0 : count32(BIO_number_read(in));
	out->bytes_written = to == NULL ? 0 : count32(BIO_number_written(to));
}

static struct slice
alert_name(struct arena *a, int alert)
{
	const char *name = SSL_alert_desc_string_long(alert);

	if (name == NULL || strcmp(name, "unknown") == 0)
		return arena_fmt(a, "alert %d", alert);
	return arena_slice(a, slice_of(name));
}

/*
 * The library's reason, or our own words for an end of the connection: whether
 * that shows as end of file, reset or broken pipe is a matter of timing.
 */
static struct slice
failure_words(struct arena *a, struct slice reason)
{
	if (reason.n == 0 || slice_eq(reason,
	    SLICE_LIT("unexpected eof while reading")))
		reason = SLICE_LIT("connection ended during the handshake");
	return arena_slice(a, reason);
}

void
tls_failure(struct arena *a, SSL *ssl, struct tls_facts *out)
{
	unsigned long code = ERR_peek_error();
	int reason = ERR_GET_REASON(code);
	uintptr_t sent = (uintptr_t)SSL_get_app_data(ssl);

	tls_keep_size(ssl, out);
	if (sent > 0)
		out->alert_sent = alert_name(a, (int)sent - 1);
	out->outcome = OUTCOME_TLS_FAILED;
	if (ERR_GET_LIB(code) == ERR_LIB_SSL &&
	    reason > SSL_AD_REASON_OFFSET &&
	    reason <= SSL_AD_REASON_OFFSET + 255) {
		out->outcome = OUTCOME_TLS_ALERT;
		out->alert = alert_name(a, reason - SSL_AD_REASON_OFFSET);
	} else {
		out->error = failure_words(a, ERR_SYSTEM_ERROR(code) ?
		    SLICE_EMPTY : slice_of(ERR_reason_error_string(code)));
	}
	ERR_clear_error();
}

/* The fatal alert that this message is, or -1. */
static int
fatal_alert(int type, const void *bytes, size_t n)
{
	const uint8_t *alert = bytes;

	return type == SSL3_RT_ALERT && n == 2 && alert[0] == SSL3_AL_FATAL ?
	    alert[1] : -1;
}

/* One more than the alert sent is all that our sessions' SSL must hold. */
void
tls_on_smtp_message(int sent, int version, int type, const void *bytes,
    size_t n, SSL *ssl, void *arg)
{
	int alert = fatal_alert(type, bytes, n);

	(void)version;
	(void)arg;
	if (sent && alert >= 0)
		SSL_set_app_data(ssl, (void *)(uintptr_t)(alert + 1));
}

static void
on_message(int sent, int version, int type, const void *bytes, size_t n,
    SSL *ssl, void *arg)
{
	struct tls_watch *w = arg;
	int alert = fatal_alert(type, bytes, n);
	struct tls_facts size = { .bytes_read = 0 };

	(void)version;
	if (alert >= 0 && sent)
		w->alert_sent = alert;
	else if (alert >= 0)
		w->alert = alert;
	tls_keep_size(ssl, &size);
	w->bytes_read = size.bytes_read;
	w->bytes_written = size.bytes_written;
}

void
tls_watch(SSL_CTX *ctx, struct tls_watch *w)
{
	*w = TLS_WATCH_NONE;
	SSL_CTX_set_msg_callback(ctx, on_message);
	SSL_CTX_set_msg_callback_arg(ctx, w);
}

void
tls_watch_failure(struct arena *a, const struct tls_watch *w,
    struct slice words, struct tls_facts *out)
{
	out->outcome = OUTCOME_TLS_FAILED;
	out->bytes_read = w->bytes_read;
	out->bytes_written = w->bytes_written;
	if (w->alert_sent >= 0)
		out->alert_sent = alert_name(a, w->alert_sent);
	if (w->alert >= 0) {
		out->outcome = OUTCOME_TLS_ALERT;
		out->alert = alert_name(a, w->alert);
	} else {
		out->error = failure_words(a, words);
	}
	ERR_clear_error();
}
