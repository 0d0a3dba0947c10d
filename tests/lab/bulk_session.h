/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_session.h: many connections on one thread, with TLS where the protocol
 * begins it.
 *
 * A worker listens on every address; the protocols (bulk_smtp.h, bulk_https.h)
 * see bytes in and say bytes out, and never wait.  What does not fit into a
 * socket's buffer at once ends the session: answers are short.
 */
#pragma once

#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/lab/bulk_cert.h"
#include "tests/lab/bulk_world.h"

#define BULK_SESSION_BYTES 2048 /* of one request or line */

struct bulk_worker;
struct bulk_session;

/* What a port speaks; begin and bytes return false where a session is over. */
struct bulk_protocol {
	bool (*begin)(struct bulk_session *s);
	/* s->in has n bytes of input: takes what it understands of them */
	bool (*bytes)(struct bulk_session *s);
	enum bulk_leaf (*leaf)(struct slice server_name);
};

enum bulk_tls {
	BULK_PLAIN,
	BULK_SHAKES,
	BULK_STANDS,
	BULK_DEAF, /* whatever is heard next, the connection is closed */
};

struct bulk_session {
	struct bulk_session *older, *newer; /* by the last sign of life */
	struct bulk_worker *worker;
	const struct bulk_protocol *protocol;
	int64_t heard_s;
	int fd;
	enum bulk_tls tls;
	enum bulk_smtp_way way;   /* of SMTP */
	SSL *ssl;
	struct bulk_lease lease;
	size_t n_name, n;
	char name[BULK_NAME_CAP]; /* server name of the handshake; or empty */
	char in[BULK_SESSION_BYTES];
};

/* The address that was called, in host byte order; 0 where it is unknown. */
uint32_t bulk_session_address(const struct bulk_session *s);
/* False where not all of it could be sent. */
bool bulk_session_say(struct bulk_session *s, struct slice text);
/* The next bytes are a ClientHello; most: the latest version of TLS. */
bool bulk_session_start_tls(struct bulk_session *s, int most);
/* Drops the first n bytes of the input. */
void bulk_session_take(struct bulk_session *s, size_t n);

struct bulk_port {
	int fd;
	const struct bulk_protocol *protocol;
	uint64_t n_session, n_request; /* for who has joined the thread */
};

struct bulk_worker {
	struct bulk_port smtp, https;
	struct bulk_pki *pki;
	struct bulk_mint *mint;
	atomic_bool *stop_shared;
	int epoll;
	size_t n_open;
	struct bulk_session *oldest, *newest;
};

/* Opens the ports, of which other workers may have their share. */
bool bulk_worker_open(struct bulk_worker *w, uint16_t smtp_port,
	uint16_t https_port);
/* Thread: serves until stop_shared and frees; w is a struct bulk_worker. */
void *bulk_worker_run(void *w);
