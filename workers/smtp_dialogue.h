/* SPDX-License-Identifier: Apache-2.0
 *
 * smtp_dialogue.h: the conversation of a STARTTLS probe, without a socket.
 *
 * Pure (no system call, no clock): the probe feeds bytes as they come, asks
 * what to say, and is told when TLS begins and when all is over.  Fills the
 * SMTP part of struct smtp_facts.  RFC 5321, RFC 3207.
 */
#pragma once

#include "scanner/base/arena.h"
#include "scanner/base/limits.h"
#include "scanner/rules/facts.h"

enum smtp_state {
#define S(symbol, word, sentence) SMTP_##symbol,
#include "workers/smtp_states.def"
#undef S
	SMTP_STATE_COUNT
};

const char *smtp_state_word(enum smtp_state s);

struct smtp_dialogue {
	enum smtp_state state;
	bool unsent;                    /* the state's command is to be said */
	bool said_421;                  /* the server is closing on us */
	bool seen_starttls;             /* among the lines of this reply */
	struct arena *arena;
	struct smtp_facts *facts;
	struct slice ehlo_name;
	size_t bytes_read;              /* in clear, and again inside TLS */
	size_t n_lines;                 /* of the reply being read */
	struct vec kept;                /* struct slice: its first lines */
	size_t line_n;
	char line[LIMIT_SMTP_LINE_BYTES];
};

/* What the probe must do next. */
enum smtp_want {
	SMTP_WANT_READ,  /* wait for bytes */
	SMTP_WANT_WRITE, /* send smtp_dialogue_line(), then call _sent() */
	SMTP_WANT_TLS,   /* start the handshake, then call _tls() */
	SMTP_WANT_CLOSE, /* over; facts->outcome is set */
};

void smtp_dialogue_init(struct smtp_dialogue *d, struct arena *a,
    struct slice ehlo_name, struct smtp_facts *facts);
enum smtp_want smtp_dialogue_want(const struct smtp_dialogue *d);
/*
 * Bytes from the server, any split; consumes all of them.  Bytes that came
 * where TLS is wanted are plain text behind the 220: an injection.
 */
void smtp_dialogue_read(struct smtp_dialogue *d, const char *p, size_t n);
/* The command to send, with CRLF, made in buf (LIMIT_SMTP_COMMAND_BYTES are
 * enough); empty where nothing is to be said. */
struct slice smtp_dialogue_line(const struct smtp_dialogue *d, char *buf,
    size_t cap);
void smtp_dialogue_sent(struct smtp_dialogue *d);
/* The handshake ended; facts->tls.outcome says how. */
void smtp_dialogue_tls(struct smtp_dialogue *d);
/* The connection ended or a deadline passed: RESET, CLOSED, TIMEOUT, LOCAL. */
void smtp_dialogue_cut(struct smtp_dialogue *d, enum outcome how);
