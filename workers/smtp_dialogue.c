/* SPDX-License-Identifier: Apache-2.0
 *
 * smtp_dialogue.c: what a STARTTLS probe says and what it makes of replies.
 *
 * Pure: bytes in, commands and facts out; workers/smtp_probe does the rest.
 * on_<state>() take a complete reply and return the next state.  Lines are
 * kept as sent in the job's arena, bounded.  Text that comes before we speak
 * counts as the answer to what we say next, so that nothing depends on how
 * the bytes were split.  RFC 5321 3, 4.2, 4.3; RFC 3207 4, 5.
 */
#include "workers/smtp_dialogue.h"

#include <assert.h>
#include <string.h>

#include "scanner/rules/smtp.h"

#include "scanner/base/banned.h"

static const char *const state_words[] = {
#define S(symbol, word, sentence) word,
#include "workers/smtp_states.def"
#undef S
};

const char *
smtp_state_word(enum smtp_state s)
{
	return state_words[s];
}

void
smtp_dialogue_init(struct smtp_dialogue *d, struct arena *a,
    struct slice ehlo_name, struct smtp_facts *facts)
{
	/* The line buffer need not be cleared. */
	memset(d, 0, offsetof(struct smtp_dialogue, line));
	d->arena = a;
	d->facts = facts;
	d->ehlo_name = ehlo_name;
	d->kept = VEC_OF(struct slice);
}

static bool
speaks(enum smtp_state s)
{
	switch (s) {
	case SMTP_EHLO:
	case SMTP_HELO:
	case SMTP_STARTTLS:
	case SMTP_EHLO_TLS:
	case SMTP_QUIT:
		return true;
	case SMTP_GREETING:
	case SMTP_TLS:
	case SMTP_OVER:
	case SMTP_STATE_COUNT:
		break;
	}
	return false;
}

/* The one place where the state changes. */
static void
enter(struct smtp_dialogue *d, enum smtp_state s)
{
	d->state = s;
	d->unsent = speaks(s);
	d->seen_starttls = false;
	d->n_lines = 0;
	d->kept = VEC_OF(struct slice);
}

/* The first outcome stands. */
static enum smtp_state
settle(struct smtp_dialogue *d, enum outcome o, enum smtp_state next)
{
	if (d->facts->outcome == OUTCOME_NONE)
		d->facts->outcome = o;
	return next;
}

/* ---- Complete replies ---- */

static enum smtp_state
on_refusal(struct smtp_dialogue *d, uint32_t code)
{
	enum outcome o = OUTCOME_SMTP_GARBAGE;

	if (code / 100 == 4)
		o = OUTCOME_SMTP_4YZ;
	else if (code / 100 == 5)
		o = OUTCOME_SMTP_5YZ;
	return settle(d, o, SMTP_QUIT);
}

static enum smtp_state
on_greeting(struct smtp_dialogue *d, uint32_t code)
{
	d->facts->banner_code = code;
	return code == 220 ? SMTP_EHLO : on_refusal(d, code);
}

static enum smtp_state
on_ehlo(struct smtp_dialogue *d, uint32_t code)
{
	d->facts->ehlo_code = code;
	if (code / 100 == 5) { /* RFC 5321 3.2: try HELO */
		d->facts->helo = true;
		return SMTP_HELO;
	}
	if (code != 250)
		return on_refusal(d, code);
	d->facts->offers_starttls = d->seen_starttls;
	if (d->seen_starttls)
		return SMTP_STARTTLS;
	return settle(d, OUTCOME_STARTTLS_ABSENT, SMTP_QUIT);
}

/*
 * RFC 5321 4.2.1: 50z means that the command is not known, 55z and the like
 * that we are not welcome; then HELO tells nothing of STARTTLS.
 */
static bool
ehlo_unwelcome(const struct smtp_dialogue *d)
{
	return d->facts->ehlo_code / 10 != 50;
}

static enum smtp_state
on_helo(struct smtp_dialogue *d, uint32_t code)
{
	if (code == 250)
		return settle(d, ehlo_unwelcome(d) ? OUTCOME_SMTP_5YZ :
		    OUTCOME_STARTTLS_ABSENT, SMTP_QUIT);
	return on_refusal(d, code);
}

static enum smtp_state
on_starttls(struct smtp_dialogue *d, uint32_t code)
{
	d->facts->starttls_code = code;
	if (code == 220)
		return SMTP_TLS;
	if (code == 421) /* the session's end, not STARTTLS's */
		return on_refusal(d, code);
	return settle(d, code / 100 == 4 ? OUTCOME_STARTTLS_4YZ :
	    OUTCOME_STARTTLS_5YZ, SMTP_QUIT);
}

static enum smtp_state
on_reply(struct smtp_dialogue *d, uint32_t code)
{
	d->said_421 |= code == 421;
	switch (d->state) {
	case SMTP_GREETING:
		return on_greeting(d, code);
	case SMTP_EHLO:
		return on_ehlo(d, code);
	case SMTP_HELO:
		return on_helo(d, code);
	case SMTP_STARTTLS:
		return on_starttls(d, code);
	case SMTP_EHLO_TLS: /* TLS stands, whatever is said in it */
		return SMTP_QUIT;
	case SMTP_TLS:
	case SMTP_QUIT:
	case SMTP_OVER:
	case SMTP_STATE_COUNT:
		break;
	}
	return SMTP_OVER;
}

/* ---- Lines ---- */

static void
keep_line(struct smtp_dialogue *d, struct slice line, struct slice **at,
    size_t *n)
{
	if (d->kept.n >= LIMIT_SMTP_KEPT_LINES)
		return;
	*(struct slice *)vec_push(d->arena, &d->kept) =
	    arena_slice(d->arena, line);
	*at = d->kept.p;
	*n = d->kept.n;
}

/* A line that is a reply line, of the reply that the state waits for. */
static void
note_line(struct smtp_dialogue *d, struct slice line, struct slice text)
{
	struct smtp_facts *f = d->facts;

	switch (d->state) {
	case SMTP_GREETING:
		keep_line(d, line, &f->banner, &f->n_banner);
		break;
	case SMTP_EHLO:
		/* RFC 5321 4.1.1.1: the first line is the server's name. */
		if (d->n_lines > 1 && smtp_is_keyword(text,
		    SLICE_LIT("STARTTLS")))
			d->seen_starttls = true;
		keep_line(d, line, &f->ehlo, &f->n_ehlo);
		break;
	case SMTP_STARTTLS:
		if (d->n_lines == 1)
			f->starttls_reply = arena_slice(d->arena, line);
		break;
	case SMTP_EHLO_TLS:
		keep_line(d, line, &f->ehlo_tls, &f->n_ehlo_tls);
		break;
	case SMTP_HELO:
	case SMTP_TLS:
	case SMTP_QUIT:
	case SMTP_OVER:
	case SMTP_STATE_COUNT:
		break;
	}
}

/* No SMTP, or more of it than we listen to. */
static void
on_garbage(struct smtp_dialogue *d)
{
	d->line_n = 0;
	if (d->state == SMTP_QUIT)
		enter(d, SMTP_OVER);
	else
		enter(d, settle(d, OUTCOME_SMTP_GARBAGE, SMTP_QUIT));
}

static void
on_line(struct smtp_dialogue *d, struct slice line)
{
	struct smtp_line l;

	/* Text mode makes CR CR LF of CR LF; senders take either. */
	while (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	l = smtp_line_parse(line);
	d->n_lines++;
	if (l.kind == SMTP_LINE_BAD || d->n_lines > LIMIT_SMTP_REPLY_LINES) {
		on_garbage(d);
		return;
	}
	note_line(d, line, l.text);
	/* Codes that differ within a reply: the last line's counts, as in
	 * "220-wait" and "521 go away" of a server that made up its mind. */
	if (l.kind == SMTP_LINE_LAST)
		enter(d, on_reply(d, l.code));
}

/* Takes what belongs to one line; returns how many bytes that were. */
static size_t
take_line(struct smtp_dialogue *d, const char *p, size_t n)
{
	const char *lf = memchr(p, '\n', n);
	size_t part = lf != NULL ? (size_t)(lf - p) : n;
	size_t used = part + (lf != NULL);

	d->bytes_read += used;
	if (part > sizeof(d->line) - d->line_n ||
	    d->bytes_read > LIMIT_SMTP_READ_BYTES) {
		on_garbage(d);
		return used;
	}
	memcpy(d->line + d->line_n, p, part);
	d->line_n += part;
	if (lf != NULL) {
		struct slice line = { d->line, d->line_n };

		d->line_n = 0;
		on_line(d, line);
	}
	return used;
}

void
smtp_dialogue_read(struct smtp_dialogue *d, const char *p, size_t n)
{
	while (n > 0 && d->state != SMTP_OVER) {
		size_t used;

		if (d->state == SMTP_TLS) {
			/* RFC 3207 4: nothing may stand behind the 220. */
			d->facts->injection = true;
			enter(d, settle(d, OUTCOME_TLS_FAILED, SMTP_OVER));
			return;
		}
		/* What precedes our QUIT is not its reply. */
		if (d->state == SMTP_QUIT && d->unsent)
			return;
		used = take_line(d, p, n);
		p += used;
		n -= used;
	}
}

/* ---- The probe's questions ---- */

enum smtp_want
smtp_dialogue_want(const struct smtp_dialogue *d)
{
	if (d->state == SMTP_OVER)
		return SMTP_WANT_CLOSE;
	if (d->state == SMTP_TLS)
		return SMTP_WANT_TLS;
	return d->unsent ? SMTP_WANT_WRITE : SMTP_WANT_READ;
}

struct slice
smtp_dialogue_line(const struct smtp_dialogue *d, char *buf, size_t cap)
{
	struct strbuf b = strbuf_of(buf, cap);

	switch (d->state) {
	case SMTP_EHLO:
	case SMTP_EHLO_TLS:
		strbuf_fmt(&b, "EHLO %.*s\r\n", SLICE_ARG(d->ehlo_name));
		break;
	case SMTP_HELO:
		strbuf_fmt(&b, "HELO %.*s\r\n", SLICE_ARG(d->ehlo_name));
		break;
	case SMTP_STARTTLS:
		strbuf_add(&b, SLICE_LIT("STARTTLS\r\n"));
		break;
	case SMTP_QUIT:
		strbuf_add(&b, SLICE_LIT("QUIT\r\n"));
		break;
	case SMTP_GREETING:
	case SMTP_TLS:
	case SMTP_OVER:
	case SMTP_STATE_COUNT:
		break;
	}
	assert(!b.cut);
	return strbuf_slice(&b);
}

void
smtp_dialogue_sent(struct smtp_dialogue *d)
{
	d->unsent = false;
	if (d->state == SMTP_QUIT)
		d->facts->quit = true;
}

void
smtp_dialogue_tls(struct smtp_dialogue *d)
{
	enum outcome o = d->facts->tls.outcome;

	assert(d->state == SMTP_TLS && o != OUTCOME_NONE);
	d->bytes_read = 0;
	d->line_n = 0;
	enter(d, settle(d, o, o == OUTCOME_OK ? SMTP_EHLO_TLS : SMTP_OVER));
}

/* What the end of the connection means for the handshake. */
static enum outcome
cut_tls(struct smtp_dialogue *d, enum outcome how)
{
	if (how == OUTCOME_LOCAL)
		return how;
	d->facts->tls.outcome = how == OUTCOME_TIMEOUT ?
	    OUTCOME_TLS_TIMEOUT : OUTCOME_TLS_FAILED;
	return d->facts->tls.outcome;
}

void
smtp_dialogue_cut(struct smtp_dialogue *d, enum outcome how)
{
	switch (d->state) {
	case SMTP_GREETING:
		if (how == OUTCOME_TIMEOUT)
			how = OUTCOME_GREETING_TIMEOUT;
		break;
	case SMTP_HELO:
		/* We were refused for good, and so is HELO by hanging up. */
		if (ehlo_unwelcome(d) &&
		    (how == OUTCOME_CLOSED || how == OUTCOME_RESET))
			how = OUTCOME_SMTP_5YZ;
		break;
	case SMTP_TLS:
		how = cut_tls(d, how);
		break;
	case SMTP_EHLO:
	case SMTP_STARTTLS:
	case SMTP_EHLO_TLS:
	case SMTP_QUIT:
	case SMTP_OVER:
	case SMTP_STATE_COUNT:
		break;
	}
	enter(d, settle(d, how, SMTP_OVER));
}
