/* SPDX-License-Identifier: Apache-2.0
 *
 * https_made.h: HTTPS servers for tests, one thread and one address each, that
 * do right or wrong as told.
 */
#pragma once

#include <openssl/ssl.h>
#include <stdint.h>

/* Of this process, so that two test programs may run at once. */
uint16_t https_made_port(void);

enum https_act {
	HTTPS_ANSWER,       /* handshake, request, `answer`, close_notify */
	HTTPS_TRICKLE,      /* the answer, byte by byte, slowly */
	HTTPS_ANSWER_HANG,  /* the answer, then nothing */
	HTTPS_ENDLESS,      /* the answer, its end repeated until hung up on */
	HTTPS_HANG,         /* accepts and says nothing */
	HTTPS_CLOSE,        /* closes at once */
	HTTPS_RESET,        /* resets at once */
	HTTPS_RAW,          /* reads, says `answer` in clear, closes */
	HTTPS_TLS_CLOSE,    /* handshake, then closes */
	HTTPS_TLS_RESET,    /* handshake, request, then resets */
	HTTPS_BLACKHOLE,    /* a listener whose queue is full */
};

struct https_made;

/* address: "127.78.x.y" or "::1"; NULL: it cannot be bound. */
struct https_made *https_made_start(const char *address, SSL_CTX *ctx,
    enum https_act act, const char *answer, size_t n_answer);
void https_made_stop(struct https_made *s);

/* Once stopped, or between fetches: */
int https_made_connections(struct https_made *s);
const char *https_made_sni(struct https_made *s);     /* of the last */
const char *https_made_request(struct https_made *s); /* of the last */
