/* SPDX-License-Identifier: Apache-2.0
 *
 * test_smtp_dialogue.c: scripts of servers, polite and odd: what the probe
 * says, what it makes of them, whatever way the bytes are split.
 *
 * A script is what the server sends; '|' ends a turn: what follows it comes
 * only after our next command.  Turns of `tls` come inside TLS.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/smtp_dialogue.h"

#include "scanner/base/banned.h"

#define GREET "220 mx.a.example ESMTP\r\n|"
#define OFFER "250-mx.a.example\r\n250-PIPELINING\r\n250 STARTTLS\r\n|"
#define READY "220 ready\r\n|"
#define IN_TLS "250-mx.a.example\r\n250 REQUIRETLS\r\n|221 bye\r\n|"

enum flag { INJECTION = 1, HELO = 2, OFFERS = 4, QUITS = 8, SAID_421 = 16 };

struct row {
	const char *name;
	const char *clear;
	const char *tls;          /* NULL: the handshake is not reached */
	enum outcome tls_outcome; /* NONE: OK */
	enum outcome cut;         /* when the script ends; NONE: must not */
	enum outcome outcome;
	const char *said;
	unsigned flags;
};

static const struct row rows[] = {
	{ "polite", GREET OFFER READY, IN_TLS, 0, 0, OUTCOME_OK,
	    "EHLO STARTTLS TLS EHLO QUIT ", OFFERS | QUITS },
	{ "multi-line greeting", "220-mx\r\n220-wait\r\n220 ok\r\n|" OFFER
	    READY, IN_TLS, 0, 0, OUTCOME_OK, "EHLO STARTTLS TLS EHLO QUIT ",
	    OFFERS | QUITS },
	{ "bare LF", "220 mx\n|250-mx\n250 STARTTLS\n|220 go\n|",
	    "250 mx\n|221 bye\n|", 0, 0, OUTCOME_OK,
	    "EHLO STARTTLS TLS EHLO QUIT ", OFFERS | QUITS },
	{ "CR CR LF", "220 mx\r\r\n|250-mx\r\r\n250 STARTTLS\r\r\n|"
	    "220 go\r\r\n|", "250 mx\r\r\n|221 bye\r\r\n|", 0, 0,
	    OUTCOME_OK, "EHLO STARTTLS TLS EHLO QUIT ", OFFERS | QUITS },
	{ "codes alone", "220\r\n|250-\r\n250 starttls\r\n|220\r\n|",
	    "250\r\n|221\r\n|", 0, 0, OUTCOME_OK,
	    "EHLO STARTTLS TLS EHLO QUIT ", OFFERS | QUITS },
	{ "lower case, parameters", GREET
	    "250-mx\r\n250-sTaRtTlS foo bar\r\n250 HELP\r\n|" READY, IN_TLS,
	    0, 0, OUTCOME_OK, "EHLO STARTTLS TLS EHLO QUIT ",
	    OFFERS | QUITS },
	{ "multi-line 220 to STARTTLS", GREET OFFER
	    "220-wait\r\n220 go\r\n|", IN_TLS, 0, 0, OUTCOME_OK,
	    "EHLO STARTTLS TLS EHLO QUIT ", OFFERS | QUITS },
	{ "not offered", GREET "250-mx\r\n250 SIZE 1\r\n|221 bye\r\n|", NULL,
	    0, 0, OUTCOME_STARTTLS_ABSENT, "EHLO QUIT ", QUITS },
	{ "one-line EHLO", GREET "250 mx\r\n|221 bye\r\n|", NULL, 0, 0,
	    OUTCOME_STARTTLS_ABSENT, "EHLO QUIT ", QUITS },
	{ "keyword as the server's name", GREET
	    "250 STARTTLS\r\n|221 bye\r\n|", NULL, 0, 0,
	    OUTCOME_STARTTLS_ABSENT, "EHLO QUIT ", QUITS },
	{ "longer keyword", GREET "250-mx\r\n250 STARTTLSX\r\n|221 b\r\n|",
	    NULL, 0, 0, OUTCOME_STARTTLS_ABSENT, "EHLO QUIT ", QUITS },
	{ "X-STARTTLS", GREET "250-mx\r\n250 XSTARTTLS\r\n|221 b\r\n|",
	    NULL, 0, 0, OUTCOME_STARTTLS_ABSENT, "EHLO QUIT ", QUITS },
	/* refused greetings */
	{ "greeting 421", "421 busy\r\n|221 bye\r\n|", NULL, 0, 0,
	    OUTCOME_SMTP_4YZ, "QUIT ", QUITS | SAID_421 },
	{ "greeting 450", "450 later\r\n|221 bye\r\n|", NULL, 0, 0,
	    OUTCOME_SMTP_4YZ, "QUIT ", QUITS },
	{ "greeting 554", "554-no\r\n554 mail here\r\n|221 bye\r\n|", NULL,
	    0, 0, OUTCOME_SMTP_5YZ, "QUIT ", QUITS },
	{ "greeting 554, hangs up", "554 no\r\n|", NULL, 0, OUTCOME_CLOSED,
	    OUTCOME_SMTP_5YZ, "QUIT ", QUITS },
	{ "changes its mind", "220-wait\r\n521 go away\r\n|", NULL, 0,
	    OUTCOME_CLOSED, OUTCOME_SMTP_5YZ, "QUIT ", QUITS },
	{ "greeting 250", "250 hello\r\n|221 bye\r\n|", NULL, 0, 0,
	    OUTCOME_SMTP_GARBAGE, "QUIT ", QUITS },
	{ "greeting 354", "354 hello\r\n|221 bye\r\n|", NULL, 0, 0,
	    OUTCOME_SMTP_GARBAGE, "QUIT ", QUITS },
	{ "HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n|", NULL, 0,
	    OUTCOME_CLOSED, OUTCOME_SMTP_GARBAGE, "QUIT ", QUITS },
	{ "empty line", "\r\n|", NULL, 0, OUTCOME_CLOSED,
	    OUTCOME_SMTP_GARBAGE, "QUIT ", QUITS },
	/* EHLO */
	{ "EHLO 502, HELO 250", GREET "502 what\r\n|250 mx\r\n|221 bye\r\n|",
	    NULL, 0, 0, OUTCOME_STARTTLS_ABSENT, "EHLO HELO QUIT ",
	    HELO | QUITS },
	{ "EHLO 550, HELO 550", GREET "550 no\r\n|550 no\r\n|221 bye\r\n|",
	    NULL, 0, 0, OUTCOME_SMTP_5YZ, "EHLO HELO QUIT ", HELO | QUITS },
	{ "EHLO 550, HELO 450", GREET "550 no\r\n|450 no\r\n|221 bye\r\n|",
	    NULL, 0, 0, OUTCOME_SMTP_4YZ, "EHLO HELO QUIT ", HELO | QUITS },
	{ "EHLO 550, hangs up", GREET "550 no\r\n|", NULL, 0,
	    OUTCOME_CLOSED, OUTCOME_SMTP_5YZ, "EHLO HELO ", HELO },
	{ "EHLO 502, hangs up", GREET "502 what\r\n|", NULL, 0,
	    OUTCOME_CLOSED, OUTCOME_CLOSED, "EHLO HELO ", HELO },
	{ "EHLO 554, HELO 250", GREET "554 no\r\n|250 mx\r\n|221 b\r\n|",
	    NULL, 0, 0, OUTCOME_SMTP_5YZ, "EHLO HELO QUIT ", HELO | QUITS },
	{ "EHLO 502, HELO 354", GREET "502 no\r\n|354 go\r\n|221 bye\r\n|",
	    NULL, 0, 0, OUTCOME_SMTP_GARBAGE, "EHLO HELO QUIT ",
	    HELO | QUITS },
	{ "EHLO 502 with the keyword", GREET
	    "502-x\r\n502 STARTTLS\r\n|250 mx\r\n|221 b\r\n|", NULL, 0, 0,
	    OUTCOME_STARTTLS_ABSENT, "EHLO HELO QUIT ", HELO | QUITS },
	{ "EHLO 451", GREET "451 later\r\n|221 bye\r\n|", NULL, 0, 0,
	    OUTCOME_SMTP_4YZ, "EHLO QUIT ", QUITS },
	{ "EHLO 421 and closed", GREET "421 busy\r\n|", NULL, 0,
	    OUTCOME_CLOSED, OUTCOME_SMTP_4YZ, "EHLO QUIT ",
	    QUITS | SAID_421 },
	{ "EHLO 220", GREET "220 mx\r\n|221 bye\r\n|", NULL, 0, 0,
	    OUTCOME_SMTP_GARBAGE, "EHLO QUIT ", QUITS },
	{ "EHLO garbage", GREET "250-mx\r\nSTARTTLS\r\n|221 bye\r\n|", NULL,
	    0, 0, OUTCOME_SMTP_GARBAGE, "EHLO QUIT ", QUITS },
	{ "greeted twice", "220 mx\r\n421 busy\r\n|", NULL, 0,
	    OUTCOME_RESET, OUTCOME_SMTP_4YZ, "QUIT ", QUITS | SAID_421 },
	/* STARTTLS */
	{ "STARTTLS 454", GREET OFFER "454 not now\r\n|221 bye\r\n|", NULL,
	    0, 0, OUTCOME_STARTTLS_4YZ, "EHLO STARTTLS QUIT ",
	    OFFERS | QUITS },
	{ "STARTTLS 421", GREET OFFER "421 bye\r\n|", NULL, 0,
	    OUTCOME_CLOSED, OUTCOME_SMTP_4YZ, "EHLO STARTTLS QUIT ",
	    OFFERS | QUITS | SAID_421 },
	{ "STARTTLS 501", GREET OFFER "501 what\r\n|221 bye\r\n|", NULL, 0,
	    0, OUTCOME_STARTTLS_5YZ, "EHLO STARTTLS QUIT ", OFFERS | QUITS },
	{ "STARTTLS 250", GREET OFFER "250 ok\r\n|221 bye\r\n|", NULL, 0, 0,
	    OUTCOME_STARTTLS_5YZ, "EHLO STARTTLS QUIT ", OFFERS | QUITS },
	{ "STARTTLS garbage", GREET OFFER "\026\003\001\r\n|", NULL, 0,
	    OUTCOME_CLOSED, OUTCOME_SMTP_GARBAGE, "EHLO STARTTLS QUIT ",
	    OFFERS | QUITS },
	{ "injection", GREET OFFER "220 ready\r\n250 injected\r\n|", NULL,
	    0, 0, OUTCOME_TLS_FAILED, "EHLO STARTTLS ",
	    OFFERS | INJECTION },
	{ "injection of one byte", GREET OFFER "220 ready\r\n2|", NULL, 0,
	    0, OUTCOME_TLS_FAILED, "EHLO STARTTLS ", OFFERS | INJECTION },
	/* TLS */
	{ "alert", GREET OFFER READY, "", OUTCOME_TLS_ALERT, 0,
	    OUTCOME_TLS_ALERT, "EHLO STARTTLS TLS ", OFFERS },
	{ "handshake failure", GREET OFFER READY, "", OUTCOME_TLS_FAILED, 0,
	    OUTCOME_TLS_FAILED, "EHLO STARTTLS TLS ", OFFERS },
	{ "421 inside TLS", GREET OFFER READY, "421 busy\r\n|", 0,
	    OUTCOME_CLOSED, OUTCOME_OK, "EHLO STARTTLS TLS EHLO QUIT ",
	    OFFERS | QUITS | SAID_421 },
	{ "closed inside TLS", GREET OFFER READY, "", 0, OUTCOME_CLOSED,
	    OUTCOME_OK, "EHLO STARTTLS TLS EHLO ", OFFERS },
	{ "garbage inside TLS", GREET OFFER READY, "what?\r\n|221 bye\r\n|",
	    0, 0, OUTCOME_OK, "EHLO STARTTLS TLS EHLO QUIT ",
	    OFFERS | QUITS },
	{ "silence after QUIT", GREET OFFER READY, "250 mx\r\n|", 0,
	    OUTCOME_TIMEOUT, OUTCOME_OK, "EHLO STARTTLS TLS EHLO QUIT ",
	    OFFERS | QUITS },
	/* ends */
	{ "closed before a word", "", NULL, 0, OUTCOME_CLOSED,
	    OUTCOME_CLOSED, "", 0 },
	{ "reset before a word", "", NULL, 0, OUTCOME_RESET, OUTCOME_RESET,
	    "", 0 },
	{ "silent", "", NULL, 0, OUTCOME_TIMEOUT, OUTCOME_GREETING_TIMEOUT,
	    "", 0 },
	{ "half a greeting", "220-mx\r\n220 m", NULL, 0, OUTCOME_TIMEOUT,
	    OUTCOME_GREETING_TIMEOUT, "", 0 },
	{ "half an EHLO reply", GREET "250-mx\r\n250-STARTTLS\r\n", NULL, 0,
	    OUTCOME_RESET, OUTCOME_RESET, "EHLO ", 0 },
	{ "silent after EHLO", GREET, NULL, 0, OUTCOME_TIMEOUT,
	    OUTCOME_TIMEOUT, "EHLO ", 0 },
	{ "closed after STARTTLS", GREET OFFER, NULL, 0, OUTCOME_CLOSED,
	    OUTCOME_CLOSED, "EHLO STARTTLS ", OFFERS },
	{ "our own trouble", GREET, NULL, 0, OUTCOME_LOCAL, OUTCOME_LOCAL,
	    "EHLO ", 0 },
};

/* ---- The other side ---- */

struct play {
	const struct row *row;
	struct arena *arena;
	struct smtp_facts facts;
	struct smtp_dialogue dialogue;
	char said[128];
	bool in_tls;
	const char *at;    /* in the script */
	bool turn_over;    /* wait for our next command */
	size_t split;      /* 0: whole turns; 1: bytes; else: 1st piece */
	size_t fed;        /* bytes of the turn */
};

static void
next_turn(struct play *p)
{
	p->turn_over = false;
	p->fed = 0;
}

static void
say(struct play *p)
{
	char buf[LIMIT_SMTP_COMMAND_BYTES];
	struct slice line = smtp_dialogue_line(&p->dialogue, buf, sizeof(buf));
	size_t used = strlen(p->said);
	int verb = (int)strcspn(buf, " \r");

	if (!slice_ends(line, SLICE_LIT("\r\n")))
		fail_msg("%s: no CRLF", p->row->name);
	if (buf[verb] == ' ' && strcmp(buf + verb, " probe.example\r\n") != 0)
		fail_msg("%s: said %s", p->row->name, buf);
	snprintf(p->said + used, sizeof(p->said) - used, "%.*s ", verb, buf);
	smtp_dialogue_sent(&p->dialogue);
	next_turn(p);
}

/* Feeds the next piece of this turn; false: there is none. */
static bool
hear(struct play *p)
{
	size_t left = p->turn_over ? 0 : strcspn(p->at, "|"), n = left;

	if (left == 0)
		return false;
	if (p->split == 1)
		n = 1;
	else if (p->split > 1 && p->fed == 0 && p->split - 1 < left)
		n = p->split - 1;
	smtp_dialogue_read(&p->dialogue, p->at, n);
	p->at += n;
	p->fed += n;
	if (*p->at == '|') {
		p->at++;
		p->turn_over = true;
	}
	return true;
}

static void
start_tls(struct play *p)
{
	size_t used = strlen(p->said);

	if (p->row->tls == NULL)
		fail_msg("%s: TLS is not due", p->row->name);
	snprintf(p->said + used, sizeof(p->said) - used, "TLS ");
	p->facts.tls.outcome = p->row->tls_outcome == OUTCOME_NONE ?
	    OUTCOME_OK : p->row->tls_outcome;
	p->at = p->row->tls;
	p->turn_over = true; /* until we have said EHLO */
	smtp_dialogue_tls(&p->dialogue);
}

static void
play(struct play *p, const struct row *row, size_t split)
{
	memset(p, 0, sizeof(*p));
	p->row = row;
	p->split = split;
	p->at = row->clear;
	p->arena = arena_new();
	smtp_dialogue_init(&p->dialogue, p->arena, SLICE_LIT("probe.example"),
	    &p->facts);
	for (int steps = 0; steps < 10000; steps++) {
		switch (smtp_dialogue_want(&p->dialogue)) {
		case SMTP_WANT_READ:
			if (hear(p))
				break;
			if (row->cut == OUTCOME_NONE)
				fail_msg("%s: waits in %s", row->name,
				    smtp_state_word(p->dialogue.state));
			smtp_dialogue_cut(&p->dialogue, row->cut);
			break;
		case SMTP_WANT_WRITE:
			/* what has come already comes first */
			if (!hear(p))
				say(p);
			break;
		case SMTP_WANT_TLS:
			if (!hear(p))
				start_tls(p);
			break;
		case SMTP_WANT_CLOSE:
			return;
		}
	}
	fail_msg("%s: no end", row->name);
}

static unsigned
flags_of(const struct play *p)
{
	return (p->facts.injection ? INJECTION : 0u) |
	    (p->facts.helo ? HELO : 0u) |
	    (p->facts.offers_starttls ? OFFERS : 0u) |
	    (p->facts.quit ? QUITS : 0u) |
	    (p->dialogue.said_421 ? SAID_421 : 0u);
}

static void
play_and_compare(const struct row *row, size_t split)
{
	struct play p;

	play(&p, row, split);
	if (p.facts.outcome != row->outcome)
		fail_msg("%s (split %zu): outcome %s", row->name, split,
		    outcome_word(p.facts.outcome));
	if (strcmp(p.said, row->said) != 0)
		fail_msg("%s (split %zu): said %s", row->name, split, p.said);
	if (flags_of(&p) != row->flags)
		fail_msg("%s (split %zu): flags %u", row->name, split,
		    flags_of(&p));
	arena_free(p.arena);
}

static void
test_scripts(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t longest = strlen(rows[i].clear) + (rows[i].tls ?
		    strlen(rows[i].tls) : 0);

		for (size_t split = 0; split <= longest + 1; split++, n++)
			play_and_compare(&rows[i], split);
	}
	print_message("%zu rows played %zu times\n",
	    sizeof(rows) / sizeof(rows[0]), n);
}

/* ---- Facts ---- */

static void
assert_slice(struct slice s, const char *text)
{
	if (!slice_eq(s, slice_of(text)))
		fail_msg("\"%.*s\" is not \"%s\"", SLICE_ARG(s), text);
}

static void
test_facts(void **state)
{
	static const struct row row = { "facts",
		"220-a\r\n220 b\r\n|250-mx\r\n250-STARTTLS\r\n250 HELP\r\n|"
		"220-go\r\n220 on\r\n|",
		"250-mx\r\n250 REQUIRETLS\r\n|221 bye\r\n|", 0, 0,
		OUTCOME_OK, "", 0 };
	struct play p;

	(void)state;
	play(&p, &row, 1);
	assert_int_equal(p.facts.banner_code, 220);
	assert_int_equal(p.facts.n_banner, 2);
	assert_slice(p.facts.banner[0], "220-a");
	assert_slice(p.facts.banner[1], "220 b");
	assert_int_equal(p.facts.ehlo_code, 250);
	assert_int_equal(p.facts.n_ehlo, 3);
	assert_slice(p.facts.ehlo[2], "250 HELP");
	assert_int_equal(p.facts.starttls_code, 220);
	assert_slice(p.facts.starttls_reply, "220-go");
	assert_int_equal(p.facts.n_ehlo_tls, 2);
	assert_slice(p.facts.ehlo_tls[1], "250 REQUIRETLS");
	assert_true(p.facts.quit);
	arena_free(p.arena);
}

/* NUL and 8-bit bytes are kept as they are. */
static void
test_odd_bytes(void **state)
{
	static const char banner[] = "220 a\0b\377\r c\r\n";
	struct smtp_facts f = { 0 };
	struct smtp_dialogue d;
	struct arena *a = arena_new();

	(void)state;
	smtp_dialogue_init(&d, a, SLICE_LIT("x"), &f);
	smtp_dialogue_read(&d, banner, sizeof(banner) - 1);
	assert_int_equal(smtp_dialogue_want(&d), SMTP_WANT_WRITE);
	assert_int_equal(f.n_banner, 1);
	assert_true(slice_eq(f.banner[0], slice_make(banner,
	    sizeof(banner) - 3)));
	arena_free(a);
}

/* A cut greeting is evidence as well. */
static void
test_partial_banner(void **state)
{
	struct smtp_facts f = { 0 };
	struct smtp_dialogue d;
	struct arena *a = arena_new();

	(void)state;
	smtp_dialogue_init(&d, a, SLICE_LIT("x"), &f);
	smtp_dialogue_read(&d, "220-wait\r\n220-mo", 16);
	smtp_dialogue_cut(&d, OUTCOME_TIMEOUT);
	assert_int_equal(f.outcome, OUTCOME_GREETING_TIMEOUT);
	assert_int_equal(f.n_banner, 1);
	assert_int_equal(f.banner_code, 0);
	arena_free(a);
}

/* ---- Caps ---- */

struct flood {
	const char *name;
	const char *unit; /* repeated */
	size_t times;
	bool is_garbage;
};

static const struct flood floods[] = {
	{ "endless line", "x", 100000, true },
	{ "longest line", "2", LIMIT_SMTP_LINE_BYTES, false },
	{ "one byte more", "2", LIMIT_SMTP_LINE_BYTES + 1, true },
	{ "endless lines", "220-hello\r\n", 100000, true },
	{ "as many lines as we read", "220-hello\r\n",
	    LIMIT_SMTP_REPLY_LINES, false },
	{ "one line more", "220-hello\r\n", LIMIT_SMTP_REPLY_LINES + 1, true },
};

static void
test_caps(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(floods) / sizeof(floods[0]); i++) {
		const struct flood *fl = &floods[i];
		struct smtp_facts f = { 0 };
		struct smtp_dialogue d;
		struct arena *a = arena_new();

		smtp_dialogue_init(&d, a, SLICE_LIT("x"), &f);
		for (size_t j = 0; j < fl->times; j++) {
			smtp_dialogue_read(&d, fl->unit, strlen(fl->unit));
			/* the probe would say QUIT here */
			if (smtp_dialogue_want(&d) == SMTP_WANT_WRITE)
				smtp_dialogue_sent(&d);
		}
		if ((f.outcome == OUTCOME_SMTP_GARBAGE) != fl->is_garbage)
			fail_msg("%s: %s", fl->name, outcome_word(f.outcome));
		if (fl->times == 100000 &&
		    smtp_dialogue_want(&d) != SMTP_WANT_CLOSE)
			fail_msg("%s: no end", fl->name);
		if (f.n_banner > LIMIT_SMTP_KEPT_LINES)
			fail_msg("%s: %zu lines kept", fl->name, f.n_banner);
		arena_free(a);
	}
}

/* STARTTLS counts wherever it stands, even behind the lines that are kept. */
static void
test_keyword_beyond_kept_lines(void **state)
{
	struct smtp_facts f = { 0 };
	struct smtp_dialogue d;
	struct arena *a = arena_new();

	(void)state;
	smtp_dialogue_init(&d, a, SLICE_LIT("x"), &f);
	smtp_dialogue_read(&d, "220 x\r\n", 7);
	smtp_dialogue_sent(&d);
	for (int i = 0; i < LIMIT_SMTP_KEPT_LINES + 10; i++)
		smtp_dialogue_read(&d, "250-X\r\n", 7);
	smtp_dialogue_read(&d, "250 STARTTLS\r\n", 14);
	assert_true(f.offers_starttls);
	assert_int_equal(f.n_ehlo, LIMIT_SMTP_KEPT_LINES);
	assert_int_equal(d.state, SMTP_STARTTLS);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_odd_bytes),
		cmocka_unit_test(test_partial_banner),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_keyword_beyond_kept_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
