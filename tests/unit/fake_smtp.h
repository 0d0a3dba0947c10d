/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_smtp.h: scripted SMTP servers for tests, one thread and one loopback
 * address each.
 *
 * A server plays one script a connection, the last one again when there are
 * no more.  It counts connections, sessions at once (over all servers), and
 * keeps the commands that it heard.  All waits are bounded.
 */
#pragma once

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum step_kind {
	STEP_END,     /* close */
	STEP_SEND,    /* text */
	STEP_SPLIT,   /* text, a byte a time */
	STEP_HEAR,    /* a command that begins with text */
	STEP_WAIT,    /* n ms */
	STEP_TLS,     /* the handshake */
	STEP_RESET,
	STEP_HANG,    /* until the peer leaves */
	STEP_FLOOD,   /* text, until the peer leaves or n bytes */
	STEP_DEAF,    /* closes for reading unread bytes: ends in a reset */
};

struct step {
	enum step_kind kind;
	const char *text;
	uint32_t n;
};

#define FAKE_SCRIPTS 3
#define FAKE_HEARD_BYTES 256

struct fake_smtp {
	const char *address;
	const struct step *script[FAKE_SCRIPTS]; /* NULL: no more */
	SSL_CTX *ctx;          /* for STEP_TLS; borrowed */
	atomic_int *at_once;   /* NULL, or sessions over several servers */
	atomic_int *most;      /* the highest that at_once was */
	int backlog;           /* 0: 16 */
	bool never_accepts;
	/* results, to be read after fake_smtp_stop() */
	int n_connections;
	int n_unexpected;      /* commands that were not the ones due */
	char heard[FAKE_HEARD_BYTES]; /* verbs, all connections */
	char peer[64];         /* address of the last client */
	/* its own */
	int fd, wake[2];
	pthread_t thread;
};

/* The port that all servers of this process use. */
uint16_t fake_smtp_port(void);
void fake_smtp_start(struct fake_smtp *s);
void fake_smtp_stop(struct fake_smtp *s);
