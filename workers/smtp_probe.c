/* SPDX-License-Identifier: Apache-2.0
 *
 * smtp_probe.c: sockets, TLS and deadlines around the dialogue.
 *
 * One switch over events (on_event), one loop that does what the dialogue
 * wants (drive), one exit (probe_finish) that calls back once and leaves the
 * memory to the loop: the probe is freed when both its handles are closed.
 * Until the connection stands a probe is a socket and this small object; the
 * dialogue with its line buffer comes after.
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
	EVENT_DIALED,   /* connected or not: p->dialed says */
	EVENT_READY,    /* the descriptor */
	EVENT_DEADLINE,
};

struct smtp_probe {
	const struct smtp_probe_env *env;
	struct smtp_target target;
	smtp_probe_done_fn *done;
	void *ctx;
	struct dial *dial;       /* NULL: no longer connecting */
	enum outcome dialed;
	struct wire wire;
	uv_poll_t poll;
	uv_timer_t timer;
	int n_handles;           /* the timer, later the poll: to be closed */
	int polled;              /* UV_READABLE or UV_WRITABLE; 0: neither */
	enum outcome write_cut;  /* a write failed; what was read may tell */
	struct smtp_dialogue *dialogue; /* NULL: not connected */
	size_t sent;             /* bytes of the command under way */
	uint64_t begin_ms, connected_ms, quit_ms, due_ms;
};

static void on_timer(uv_timer_t *timer);
static void on_poll(uv_poll_t *poll, int status, int events);

/* ---- The end ---- */

static void
on_closed(uv_handle_t *handle)
{
	struct smtp_probe *p = handle->data;

	if (--p->n_handles == 0)
		free(p);
}

static bool
is_troubled(const struct smtp_probe *p)
{
	enum outcome o = p->target.facts->outcome;

	return o == OUTCOME_SMTP_4YZ || o == OUTCOME_STARTTLS_4YZ ||
	    o == OUTCOME_RESET ||
	    (p->dialogue != NULL && p->dialogue->said_421);
}

static void
hang_up(struct smtp_probe *p)
{
	dial_cancel(p->dial);
	p->dial = NULL;
	uv_close((uv_handle_t *)&p->timer, on_closed);
	if (p->n_handles > 1)
		uv_close((uv_handle_t *)&p->poll, on_closed);
	wire_close(&p->wire);
	free(p->dialogue);
	p->dialogue = NULL;
	STAT_SUB(p->env->stats->smtp_in_flight, 1);
}

static void
probe_finish(struct smtp_probe *p)
{
	struct smtp_facts *f = p->target.facts;
	smtp_probe_done_fn *done = p->done;
	void *ctx = p->ctx;
	bool troubled = is_troubled(p);

	f->elapsed_ms = (uint32_t)(loop_clock_ms() - p->begin_ms);
	if (p->wire.ssl != NULL && f->outcome == OUTCOME_OK)
		SSL_shutdown(p->wire.ssl); /* close_notify, no wait */
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
set_deadline(struct smtp_probe *p)
{
	const struct smtp_config *c = &p->env->config;
	uint64_t due = p->connected_ms + c->session_timeout_ms, now;

	if (p->dialogue->state == SMTP_GREETING &&
	    c->greeting_timeout_ms < c->session_timeout_ms)
		due = p->connected_ms + c->greeting_timeout_ms;
	if (p->quit_ms > 0 && p->quit_ms + LIMIT_SMTP_QUIT_MS < due)
		due = p->quit_ms + LIMIT_SMTP_QUIT_MS;
	if (due == p->due_ms)
		return;
	p->due_ms = due;
	uv_update_time(loop_uv(p->env->loop));
	now = loop_now_ms(p->env->loop);
	uv_timer_start(&p->timer, on_timer, due > now ? due - now : 0, 0);
}

static void
wait_for(struct smtp_probe *p, int events)
{
	if (p->polled != events)
		uv_poll_start(&p->poll, events, on_poll);
	p->polled = events;
	set_deadline(p);
}

/* ---- What the dialogue wants ---- */

static enum io
step_read(struct smtp_probe *p)
{
	char buf[READ_BYTES];
	size_t n = 0;
	enum io io = wire_read(&p->wire, buf, sizeof(buf), &n);
	enum outcome cut = OUTCOME_NONE;

	switch (io) {
	case IO_OK:
		smtp_dialogue_read(p->dialogue, buf, n);
		break;
	case IO_AGAIN:
		break;
	case IO_EOF:
		cut = OUTCOME_CLOSED;
		break;
	case IO_FAIL:
		cut = wire_failure(&p->wire);
		break;
	}
	if (cut != OUTCOME_NONE)
		smtp_dialogue_cut(p->dialogue,
		    p->write_cut != OUTCOME_NONE ? p->write_cut : cut);
	return io;
}

/*
 * A peer that has hung up may have said why before: a command that cannot be
 * sent counts as sent, and what is left to read decides.  Not so a QUIT.
 */
static void
write_failed(struct smtp_probe *p)
{
	enum outcome how = wire_failure(&p->wire);

	if (p->dialogue->state == SMTP_QUIT || how == OUTCOME_LOCAL) {
		smtp_dialogue_cut(p->dialogue, how);
		return;
	}
	p->write_cut = how;
	smtp_dialogue_sent(p->dialogue);
}

static enum io
step_write(struct smtp_probe *p)
{
	char buf[LIMIT_SMTP_COMMAND_BYTES];
	struct slice line = smtp_dialogue_line(p->dialogue, buf, sizeof(buf));
	size_t n = 0;
	enum io io = wire_write(&p->wire, line.p + p->sent, line.n - p->sent,
	    &n);

	switch (io) {
	case IO_OK:
		p->sent += n;
		if (p->sent < line.n)
			break;
		p->sent = 0;
		if (p->dialogue->state == SMTP_QUIT)
			p->quit_ms = loop_clock_ms();
		smtp_dialogue_sent(p->dialogue);
		break;
	case IO_AGAIN:
		break;
	case IO_EOF:
	case IO_FAIL:
		p->sent = 0;
		write_failed(p);
		break;
	}
	return io;
}

static void
tls_stands(struct smtp_probe *p)
{
	struct smtp_target *t = &p->target;
	struct tls_facts *tls = &t->facts->tls;
	int64_t now = (int64_t)time(NULL);

	tls_judge(p->env->tls, t->arena, p->wire.ssl, t->host, now, tls);
	if (t->tlsa != NULL && t->tlsa->n > 0)
		dane_match(t->arena, t->tlsa, tls->chain, tls->n_chain,
		    t->reference, t->n_reference, now, &t->facts->dane);
}

static void
tls_fell(struct smtp_probe *p, enum io io)
{
	struct tls_facts *tls = &p->target.facts->tls;

	tls_failure(p->target.arena, p->wire.ssl, tls);
	if (tls->outcome == OUTCOME_TLS_ALERT)
		return;
	if (io == IO_EOF)
		tls->error = SLICE_LIT("connection closed");
	else if (p->wire.error != 0)
		tls->error = SLICE_LIT("connection reset");
}

/* Our own trouble says nothing about the peer's TLS. */
static enum io
tls_local(struct smtp_probe *p)
{
	smtp_dialogue_cut(p->dialogue, OUTCOME_LOCAL);
	return IO_FAIL;
}

static enum io
step_tls(struct smtp_probe *p)
{
	struct smtp_target *t = &p->target;
	enum io io;

	if (p->wire.ssl == NULL) {
		char *sni;

		if (wire_has_input(&p->wire))
			return step_read(p); /* an injection */
		sni = (char *)arena_slice(t->arena, t->host).p;
		if (!wire_start_tls(&p->wire, tls_smtp_ctx(p->env->tls),
		    p->env->bio, sni) ||
		    (t->only != TLS_VERSION_NONE &&
		    !tls_only(p->wire.ssl, t->only)))
			return tls_local(p);
		t->facts->tls.sni = t->host;
	}
	io = wire_handshake(&p->wire);
	switch (io) {
	case IO_AGAIN:
		return io;
	case IO_OK:
		tls_stands(p);
		break;
	case IO_FAIL:
		if (p->wire.error != 0 &&
		    wire_failure(&p->wire) == OUTCOME_LOCAL)
			return tls_local(p);
		tls_fell(p, io);
		break;
	case IO_EOF:
		tls_fell(p, io);
		break;
	}
	smtp_dialogue_tls(p->dialogue);
	return io;
}

/* Goes on until the dialogue is over or has to wait. */
static void
drive(struct smtp_probe *p)
{
	enum io io = IO_OK;

	while (io != IO_AGAIN) {
		switch (smtp_dialogue_want(p->dialogue)) {
		case SMTP_WANT_READ:
			io = step_read(p);
			break;
		case SMTP_WANT_WRITE:
			io = step_write(p);
			break;
		case SMTP_WANT_TLS:
			io = step_tls(p);
			break;
		case SMTP_WANT_CLOSE:
			probe_finish(p);
			return;
		}
	}
	wait_for(p, p->wire.wants_room ? UV_WRITABLE : UV_READABLE);
}

/* ---- Events ---- */

static void
on_event(struct smtp_probe *p, enum probe_event event)
{
	switch (event) {
	case EVENT_DIALED:
		if (p->dialed == OUTCOME_OK) {
			drive(p);
			break;
		}
		p->target.facts->outcome = p->dialed;
		probe_finish(p);
		break;
	case EVENT_READY:
		drive(p);
		break;
	case EVENT_DEADLINE:
		smtp_dialogue_cut(p->dialogue, OUTCOME_TIMEOUT);
		probe_finish(p);
		break;
	}
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status; /* an error shows in what the socket says */
	(void)events;
	on_event(poll->data, EVENT_READY);
}

static void
on_timer(uv_timer_t *timer)
{
	on_event(timer->data, EVENT_DEADLINE);
}

/* What a session needs beyond a connect; false: the loop cannot watch it. */
static bool
begin_session(struct smtp_probe *p, int fd)
{
	wire_init(&p->wire, fd);
	if (uv_poll_init(loop_uv(p->env->loop), &p->poll, fd) != 0)
		return false;
	p->poll.data = p;
	p->n_handles++;
	p->connected_ms = loop_clock_ms();
	p->dialogue = xmalloc(sizeof(*p->dialogue));
	smtp_dialogue_init(p->dialogue, p->target.arena, p->env->ehlo_name,
	    p->target.facts);
	return true;
}

static void
on_dialed(void *ctx, int fd, enum outcome outcome)
{
	struct smtp_probe *p = ctx;

	p->dial = NULL;
	if (outcome == OUTCOME_OK && !begin_session(p, fd))
		outcome = OUTCOME_LOCAL;
	p->dialed = outcome;
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
	p->target = *target;
	p->done = done;
	p->ctx = ctx;
	p->wire.fd = -1;
	p->begin_ms = loop_clock_ms();
	uv_timer_init(loop_uv(env->loop), &p->timer);
	p->timer.data = p;
	p->n_handles = 1;
	STAT_ADD(env->stats->smtp_in_flight, 1);
	STAT_ADD(env->stats->smtp_connects, 1);
	p->dial = dial_start(env->loop, &to, on_dialed, p);
	return p;
}
