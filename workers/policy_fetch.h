/* SPDX-License-Identifier: Apache-2.0
 *
 * policy_fetch.h: one HTTPS GET of a policy over a connected socket
 * (RFC 8461 3.3), by libcurl.
 *
 * Knows libcurl's options and what its results mean; the pool knows
 * addresses, limits and order.
 */
#pragma once

#include <curl/curl.h>

#include "scanner/base/arena.h"
#include "scanner/rules/facts.h"
#include "workers/tls.h"

struct policy_fetch;

struct policy_fetch_params {
	struct tls *tls;
	struct arena *arena;
	struct policy_facts *facts; /* host is set; in place until the end */
	struct address address;     /* what the socket is connected to */
	uint16_t port;
	int fd;                     /* taken over, whatever happens */
	uint32_t timeout_ms;        /* of the handshake and the transfer */
	const char *user_agent;
	void *ctx;                  /* CURLOPT_PRIVATE */
};

/* A name that means nothing else in a URL. */
bool policy_fetch_takes(struct slice host);
/* NULL: libcurl has no handle; the socket is closed. */
struct policy_fetch *policy_fetch_new(const struct policy_fetch_params *p);
/* The handle to run. */
CURL *policy_fetch_easy(struct policy_fetch *f);
/*
 * After the handle has ended with `code`: fills the TLS and HTTP part of the
 * facts and says how it ended.
 */
enum outcome policy_fetch_end(struct policy_fetch *f, CURLcode code);
/* The handle must not be running any more. */
void policy_fetch_free(struct policy_fetch *f);
