/* SPDX-License-Identifier: Apache-2.0
 *
 * smtp_probe.c: sockets, TLS and deadlines around the dialogue.
 *
 * One switch over events (on_event), one loop that does what the dialogue
 * wants (drive), one exit (probe_finish) that calls back once and frees the
 * probe.  Until the connection stands a probe is a dial and a small object;
 * the session with its line buffer comes after, and is freed by the loop.
 */
#include "workers/smtp_probe.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scanner/base/limits.h"
#include "workers/dane.h"
#include "workers/dial.h"
#include "workers/smtp_dialogue.h"

#include "scanner/base/banned.h"

#define READ_BYTES 4096

enum probe_event {
	EVENT_DIALED,   /* connected: there is a session; or not */
	EVENT_READY,    /* the descriptor */
	EVENT_DEADLINE,
};

/* All that a pending connect needs beside its dial. */
struct smtp_probe {
	const struct smtp_probe_env *env;
	const struct smtp_target *target;
	smtp_probe_done_fn *done;
	void *ctx;
	struct dial *dial;       /* NULL: no longer connecting */
	struct session *session; /* NULL: not connected */
	uint64_t begin_ms;
};

struct session {
	struct due due;          /* first: what fires is the session */
	struct smtp_probe *probe;
	struct wire wire;
	uv_poll_t poll;
	int polled;              /* UV_READABLE or UV_WRITABLE; 0: neither */
	enum outcome write_cut;  /* a write failed; what was read may tell */
	size_t sent;             /* bytes of the command under way */
	uint64_t connected_ms, quit_ms;
	struct smtp_dialogue dialogue;
};

static void on_due(void *loop, struct due *due);
static void on_poll(uv_poll_t *poll, int status, int events);

/* ---- The end ---- */

static void
on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static bool
is_troubled(const struct smtp_probe *p)
{
	enum outcome o = p->target->facts->outcome;

	return o == OUTCOME_SMTP_4YZ || o == OUTCOME_STARTTLS_4YZ ||
	    o == OUTCOME_RESET ||
	    (p->session != NULL && p->session->dialogue.said_421);
}

static void
session_end(struct session *s, struct loop *loop)
{
	if (s == NULL)
		return;
	loop_due_clear(loop, &s->due);
	uv_close((uv_handle_t *)&s->poll, on_closed);
	wire_close(&s->wire);
}

/* The probe is gone, its session as soon as the loop lets go of it. */
static void
hang_up(struct smtp_probe *p)
{
	dial_cancel(p->dial);
	session_end(p->session, p->env->loop);
	STAT_SUB(p->env->stats->smtp_in_flight, 1);
	free(p);
}

static void
probe_finish(struct smtp_probe *p)
{
	struct smtp_facts *f = p->target->facts;
	smtp_probe_done_fn *done = p->done;
	void *ctx = p->ctx;
	bool troubled = is_troubled(p);

	f->elapsed_ms = (uint32_t)(loop_clock_ms() - p->begin_ms);
	if (f->outcome == OUTCOME_OK)
		SSL_shutdown(p->session->wire.ssl); /* close_notify, no wait */
	hang_up(p);
	done(ctx, troubled);
}

void
smtp_probe_cancel(struct smtp_probe *p)
{
	hang_up(p);
}

/* ---- Waiting ---- */

static void
set_deadline(struct session *s)
{
	const struct smtp_probe_env *env = s->probe->env;
	const struct smtp_config *c = &env->config;
	uint64_t due = s->connected_ms + c->session_timeout_ms;

	if (s->dialogue.state == SMTP_GREETING &&
	    c->greeting_timeout_ms < c->session_timeout_ms)
		due = s->connected_ms + c->greeting_timeout_ms;
	if (s->quit_ms > 0 && s->quit_ms + LIMIT_SMTP_QUIT_MS < due)
		due = s->quit_ms + LIMIT_SMTP_QUIT_MS;
	if (due != s->due.at_ms)
		loop_due_set(env->loop, &s->due, due);
}

static void
wait_for(struct session *s, int events)
{
	if (s->polled != events)
		uv_poll_start(&s->poll, events, on_poll);
	s->polled = events;
	set_deadline(s);
}

/* ---- What the dialogue wants ---- */

static enum io
step_read(struct session *s)
{
	char buf[READ_BYTES];
	size_t n = 0;
	enum io io = wire_read(&s->wire, buf, sizeof(buf), &n);
	enum outcome cut = OUTCOME_NONE;

	switch (io) {
	case IO_OK:
		smtp_dialogue_read(&s->dialogue, buf, n);
		break;
	case IO_AGAIN:
		break;
	case IO_EOF:
		cut = OUTCOME_CLOSED;
		break;
	case IO_FAIL:
		cut = wire_failure(&s->wire);
		break;
	}
	if (cut != OUTCOME_NONE)
		smtp_dialogue_cut(&s->dialogue,
		    s->write_cut != OUTCOME_NONE ? s->write_cut : cut);
	return io;
}

/*
 * A peer that has hung up may have said why before: a command that cannot be
 * sent counts as sent, and what is left to read decides.  Not so a QUIT.
 */
static void
write_failed(struct session *s)
{
	enum outcome how = wire_failure(&s->wire);

	if (s->dialogue.state == SMTP_QUIT || how == OUTCOME_LOCAL) {
		smtp_dialogue_cut(&s->dialogue, how);
		return;
	}
	s->write_cut = how;
	smtp_dialogue_sent(&s->dialogue);
}

/*
 * The reply to a command is a round trip away, and the descriptor tells when
 * it is there: no read is tried before.
 */
static enum io
command_sent(struct session *s)
{
	s->sent = 0;
	if (s->dialogue.state == SMTP_QUIT)
		s->quit_ms = loop_clock_ms();
	smtp_dialogue_sent(&s->dialogue);
	return wire_holds_input(&s->wire) ? IO_OK : IO_AGAIN;
}

static enum io
step_write(struct session *s)
{
	char buf[LIMIT_SMTP_COMMAND_BYTES];
	struct slice line = smtp_dialogue_line(&s->dialogue, buf, sizeof(buf));
	size_t n = 0;
	enum io io = wire_write(&s->wire, line.p + s->sent, line.n - s->sent,
	    &n);

	switch (io) {
	case IO_OK:
		s->sent += n;
		if (s->sent == line.n)
			return command_sent(s);
		break;
	case IO_AGAIN:
		break;
	case IO_EOF:
	case IO_FAIL:
		s->sent = 0;
		write_failed(s);
		break;
	}
	return io;
}

static void
tls_stands(struct session *s)
{
	const struct smtp_target *t = s->probe->target;
	struct tls_facts *tls = &t->facts->tls;
	int64_t now = (int64_t)time(NULL);

	tls_judge(s->probe->env->tls, t->arena, s->wire.ssl, t->host, now, tls);
	if (t->tlsa != NULL && t->tlsa->n > 0)
		dane_match(t->arena, t->tlsa, tls->chain, tls->n_chain,
		    t->reference, t->n_reference, now, &t->facts->dane);
}

static void
tls_fell(struct session *s, enum io io)
{
	struct tls_facts *tls = &s->probe->target->facts->tls;

	tls_failure(s->probe->target->arena, s->wire.ssl, tls);
	if (tls->outcome == OUTCOME_TLS_ALERT)
		return;
	if (io == IO_EOF)
		tls->error = SLICE_LIT("connection closed");
	else if (s->wire.error != 0)
		tls->error = SLICE_LIT("connection reset");
}

/* Our own trouble says nothing about the peer's TLS. */
static enum io
tls_local(struct session *s)
{
	smtp_dialogue_cut(&s->dialogue, OUTCOME_LOCAL);
	return IO_FAIL;
}

static enum io
step_tls(struct session *s)
{
	const struct smtp_target *t = s->probe->target;
	enum io io;

	if (s->wire.ssl == NULL) {
		char *sni;

		if (wire_has_input(&s->wire))
			return step_read(s); /* an injection */
		sni = (char *)arena_slice(t->arena, t->host).p;
		if (!wire_start_tls(&s->wire, tls_smtp_ctx(s->probe->env->tls),
		    s->probe->env->bio, sni) ||
		    (t->only != TLS_VERSION_NONE &&
		    !tls_only(s->wire.ssl, t->only)))
			return tls_local(s);
		t->facts->tls.sni = t->host;
	}
	io = wire_handshake(&s->wire);
	switch (io) {
	case IO_AGAIN:
		return io;
	case IO_OK:
		tls_stands(s);
		break;
	case IO_FAIL:
		if (s->wire.error != 0 &&
		    wire_failure(&s->wire) == OUTCOME_LOCAL)
			return tls_local(s);
		tls_fell(s, io);
		break;
	case IO_EOF:
		tls_fell(s, io);
		break;
	}
	smtp_dialogue_tls(&s->dialogue);
	return io;
}

/* Goes on until the dialogue is over or has to wait. */
static void
drive(struct session *s)
{
	enum io io = IO_OK;

	while (io != IO_AGAIN) {
		switch (smtp_dialogue_want(&s->dialogue)) {
		case SMTP_WANT_READ:
			io = step_read(s);
			break;
		case SMTP_WANT_WRITE:
			io = step_write(s);
			break;
		case SMTP_WANT_TLS:
			io = step_tls(s);
			break;
		case SMTP_WANT_CLOSE:
			probe_finish(s->probe);
			return;
		}
	}
	wait_for(s, s->wire.wants_room ? UV_WRITABLE : UV_READABLE);
}

/* ---- Events ---- */

static void
on_event(struct smtp_probe *p, enum probe_event event)
{
	switch (event) {
	case EVENT_DIALED:
		if (p->session == NULL)
			probe_finish(p);
		else
			drive(p->session);
		break;
	case EVENT_READY:
		drive(p->session);
		break;
	case EVENT_DEADLINE:
		smtp_dialogue_cut(&p->session->dialogue, OUTCOME_TIMEOUT);
		probe_finish(p);
		break;
	}
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct session *s = poll->data;

	(void)status; /* an error shows in what the socket says */
	(void)events;
	on_event(s->probe, EVENT_READY);
}

static void
on_due(void *loop, struct due *due)
{
	struct session *s = (struct session *)due;

	(void)loop;
	on_event(s->probe, EVENT_DEADLINE);
}

/* What a session needs beyond a connect; NULL: the loop cannot watch it. */
static struct session *
session_new(struct smtp_probe *p, int fd)
{
	struct session *s = xmalloc(sizeof(*s));

	/* The line buffer at the end of it need not be cleared. */
	memset(s, 0, offsetof(struct session, dialogue));
	wire_init(&s->wire, fd);
	if (uv_poll_init(loop_uv(p->env->loop), &s->poll, fd) != 0) {
		wire_close(&s->wire);
		free(s);
		return NULL;
	}
	s->probe = p;
	s->poll.data = s;
	s->due.fire = on_due;
	s->connected_ms = loop_clock_ms();
	smtp_dialogue_init(&s->dialogue, p->target->arena, p->env->ehlo_name,
	    p->target->facts);
	return s;
}

static void
on_dialed(void *ctx, int fd, enum outcome outcome)
{
	struct smtp_probe *p = ctx;

	p->dial = NULL;
	if (outcome == OUTCOME_OK) {
		p->session = session_new(p, fd);
		if (p->session == NULL)
			outcome = OUTCOME_LOCAL;
	}
	if (p->session == NULL)
		p->target->facts->outcome = outcome;
	on_event(p, EVENT_DIALED);
}

struct smtp_probe *
smtp_probe_start(const struct smtp_probe_env *env,
    const struct smtp_target *target, smtp_probe_done_fn *done, void *ctx)
{
	struct smtp_probe *p = xcalloc(1, sizeof(*p));
	struct dial_target to = {
		.address = target->facts->address,
		.port = env->config.port,
		.source = env->config.source,
		.timeout_ms = env->config.connect_timeout_ms,
	};

	p->env = env;
	p->target = target;
	p->done = done;
	p->ctx = ctx;
	p->begin_ms = loop_clock_ms();
	STAT_ADD(env->stats->smtp_in_flight, 1);
	STAT_ADD(env->stats->smtp_connects, 1);
	p->dial = dial_start(env->loop, &to, on_dialed, p);
	return p;
}
