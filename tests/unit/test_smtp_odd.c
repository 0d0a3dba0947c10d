/* SPDX-License-Identifier: Apache-2.0
 *
 * test_smtp_odd.c: the matrix of odd servers: what the probe says to each,
 * how it ends, how often it is tried.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/smtp_rig.h"

#include "scanner/base/banned.h"

#define AT_MOST_S 120

/* ---- Scripts ---- */

SCRIPT(polite, GREET, OFFER, READY, IN_TLS, BYE);
SCRIPT(split, { STEP_SPLIT, "220-mx\r\n220 ok\r\n", 0 }, HEAR("EHLO"),
    { STEP_SPLIT, "250-mx\r\n250 sTARTTLS x\r\n", 0 }, HEAR("STARTTLS"),
    { STEP_SPLIT, "220 go\r\n", 0 }, IN_TLS, BYE);
SCRIPT(postscreen, SEND("220-wait\r\n"), WAIT(300), SEND("220 ok\r\n"),
    HEAR("EHLO"), OFFER, READY, IN_TLS, BYE);
SCRIPT(busy, SEND("421 busy\r\n"), BYE);
SCRIPT(unwelcome, SEND("554-no\r\n554 mail\r\n"), BYE);
SCRIPT(helo, GREET, SEND("502 what\r\n"), HEAR("HELO probe.example"),
    SEND("250 mx\r\n"), BYE);
SCRIPT(blocked, GREET, SEND("550 no\r\n"), HEAR("HELO"),
    SEND("550 no\r\n"), BYE);
SCRIPT(unwelcome_by_ehlo, GREET, SEND("554 no\r\n"), HEAR("HELO"),
    SEND("250 mx\r\n"), BYE);
SCRIPT(close_at_helo, GREET, SEND("502 what\r\n"), HEAR("HELO"), DO(END));
SCRIPT(cr_cr_lf, SEND("220 mx\r\r\n"), HEAR("EHLO"),
    SEND("250-mx\r\r\n250 STARTTLS\r\r\n"), HEAR("STARTTLS"), READY, IN_TLS,
    BYE);
SCRIPT(plain, GREET, SEND("250-mx\r\n250 SIZE\r\n"), BYE);
SCRIPT(not_now, GREET, OFFER, SEND("454 not now\r\n"), BYE);
SCRIPT(refused, GREET, OFFER, SEND("501 what\r\n"), BYE);
SCRIPT(injection, GREET, OFFER, SEND("220 go\r\n250 evil\r\n"), DO(HANG));
SCRIPT(reset_at_once, DO(RESET));
SCRIPT(reset_at_ehlo, GREET, DO(RESET));
SCRIPT(reset_at_starttls, GREET, OFFER, DO(RESET));
SCRIPT(reset_after_220, GREET, OFFER, READY, WAIT(50), DO(RESET));
SCRIPT(reset_in_tls, GREET, OFFER, READY, DO(TLS), HEAR("EHLO"), DO(RESET));
SCRIPT(close_at_once, DO(END));
SCRIPT(close_at_ehlo, GREET, DO(END));
SCRIPT(close_after_220, GREET, OFFER, READY, DO(END));
SCRIPT(close_in_tls, GREET, OFFER, READY, DO(TLS), DO(END));
SCRIPT(busy_in_tls, GREET, OFFER, READY, DO(TLS), HEAR("EHLO"),
    SEND("421 busy\r\n"), DO(END));
SCRIPT(says_why, SEND("220 mx\r\n421 busy\r\n"), DO(DEAF));

/*
 * Greetings and replies of exactly what the probe reads at once, and more
 * behind them; filled by fill_reads().
 */
#define READ_BYTES 4096
#define LINE_BYTES 1024
static char read_and_injection[READ_BYTES + 64];
static char read_and_reason[READ_BYTES + 64];

SCRIPT(injection_behind, GREET, OFFER, SEND(read_and_injection), DO(HANG));
SCRIPT(says_why_and_resets, WAIT(200), SEND(read_and_reason), DO(RESET));

SCRIPT(hang_at_once, DO(HANG));
SCRIPT(hang_in_greeting, SEND("220-mx\r\n220"), DO(HANG));
SCRIPT(hang_at_ehlo, GREET, DO(HANG));
SCRIPT(hang_in_tls, GREET, OFFER, READY, DO(HANG));
SCRIPT(hang_at_quit, GREET, OFFER, READY, IN_TLS, HEAR("QUIT"), DO(HANG));
SCRIPT(endless_line, { STEP_FLOOD, "xxxxxxxxxxxxxxxx", 1u << 24 });
SCRIPT(endless_lines, { STEP_FLOOD, "220-x\r\n", 1u << 24 });
SCRIPT(trickle, { STEP_SPLIT, "220-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    0 }, DO(HANG));
SCRIPT(garbage_tls, GREET, OFFER, READY, { STEP_DEAF, NULL, 0 },
    SEND("this is no TLS record at all\r\n"), DO(HANG));
SCRIPT(http, SEND("HTTP/1.1 400 Bad Request\r\n\r\n"), DO(HANG));

struct row {
	const char *name;
	const struct step *first, *second; /* NULL second: the same again */
	enum outcome outcome;
	size_t attempts;
	const char *heard; /* NULL: not looked at */
};

#define POLITE "EHLO STARTTLS EHLO QUIT "

static const struct row rows[] = {
	{ "polite", polite, NULL, OUTCOME_OK, 1, POLITE },
	{ "split", split, NULL, OUTCOME_OK, 1, POLITE },
	{ "postscreen", postscreen, NULL, OUTCOME_OK, 1, NULL },
	{ "421", busy, NULL, OUTCOME_SMTP_4YZ, 2, "QUIT QUIT " },
	{ "421, then fine", busy, polite, OUTCOME_OK, 2, "QUIT " POLITE },
	{ "554", unwelcome, NULL, OUTCOME_SMTP_5YZ, 1, "QUIT " },
	{ "EHLO 502", helo, NULL, OUTCOME_STARTTLS_ABSENT, 1,
	    "EHLO HELO QUIT " },
	{ "HELO 550", blocked, NULL, OUTCOME_SMTP_5YZ, 1, "EHLO HELO QUIT " },
	{ "EHLO 554, HELO 250", unwelcome_by_ehlo, NULL, OUTCOME_SMTP_5YZ, 1,
	    "EHLO HELO QUIT " },
	{ "EHLO 502, closed at HELO", close_at_helo, NULL, OUTCOME_CLOSED, 2,
	    NULL },
	{ "CR CR LF", cr_cr_lf, NULL, OUTCOME_OK, 1, NULL },
	{ "plain", plain, NULL, OUTCOME_STARTTLS_ABSENT, 1, "EHLO QUIT " },
	{ "454", not_now, NULL, OUTCOME_STARTTLS_4YZ, 2,
	    "EHLO STARTTLS QUIT EHLO STARTTLS QUIT " },
	{ "454, then fine", not_now, polite, OUTCOME_OK, 2, NULL },
	{ "501", refused, NULL, OUTCOME_STARTTLS_5YZ, 1,
	    "EHLO STARTTLS QUIT " },
	{ "injection", injection, NULL, OUTCOME_TLS_FAILED, 1,
	    "EHLO STARTTLS " },
	{ "injection behind a full read", injection_behind, NULL,
	    OUTCOME_TLS_FAILED, 1, "EHLO STARTTLS " },
	{ "reset at once", reset_at_once, NULL, OUTCOME_RESET, 2, "" },
	{ "reset, then fine", reset_at_once, polite, OUTCOME_OK, 2, POLITE },
	{ "reset at EHLO", reset_at_ehlo, NULL, OUTCOME_RESET, 2, NULL },
	{ "reset at STARTTLS", reset_at_starttls, NULL, OUTCOME_RESET, 2,
	    NULL },
	{ "reset after 220", reset_after_220, NULL, OUTCOME_TLS_FAILED, 1,
	    NULL },
	{ "reset in TLS", reset_in_tls, NULL, OUTCOME_OK, 1, NULL },
	{ "close at once", close_at_once, NULL, OUTCOME_CLOSED, 2, "" },
	{ "close at EHLO", close_at_ehlo, NULL, OUTCOME_CLOSED, 2, NULL },
	{ "close after 220", close_after_220, NULL, OUTCOME_TLS_FAILED, 1,
	    NULL },
	{ "close in TLS", close_in_tls, NULL, OUTCOME_OK, 1, NULL },
	{ "421 in TLS", busy_in_tls, NULL, OUTCOME_OK, 1, NULL },
	{ "says why it hangs up", says_why, NULL, OUTCOME_SMTP_4YZ, 2, NULL },
	{ "says why and resets", says_why_and_resets, NULL,
	    OUTCOME_SMTP_4YZ, 2, NULL },
	{ "hang at once", hang_at_once, NULL, OUTCOME_GREETING_TIMEOUT, 2,
	    "" },
	{ "hang in the greeting", hang_in_greeting, NULL,
	    OUTCOME_GREETING_TIMEOUT, 2, "" },
	{ "hang at EHLO", hang_at_ehlo, NULL, OUTCOME_TIMEOUT, 2, NULL },
	{ "hang in TLS", hang_in_tls, NULL, OUTCOME_TLS_TIMEOUT, 2, NULL },
	{ "hang at QUIT", hang_at_quit, NULL, OUTCOME_OK, 1, POLITE },
	{ "endless line", endless_line, NULL, OUTCOME_SMTP_GARBAGE, 2, "" },
	{ "endless lines", endless_lines, NULL, OUTCOME_SMTP_GARBAGE, 2, "" },
	{ "trickle", trickle, NULL, OUTCOME_GREETING_TIMEOUT, 2, "" },
	{ "garbage TLS", garbage_tls, NULL, OUTCOME_TLS_FAILED, 1, NULL },
	{ "HTTP", http, NULL, OUTCOME_SMTP_GARBAGE, 2, NULL },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* ---- The matrix ---- */

static void
check_row(const struct row *row, const struct smtp_rig_probe *p,
    const struct fake_smtp *s)
{
	const struct smtp_facts *f = &p->facts;

	if (p->n_done != 1)
		fail_msg("%s: done %d times", row->name, p->n_done);
	if (f->outcome != row->outcome)
		fail_msg("%s: %s", row->name, outcome_word(f->outcome));
	if (f->n_attempt != row->attempts ||
	    s->n_connections != (int)row->attempts)
		fail_msg("%s: %zu attempts, %d connections", row->name,
		    f->n_attempt, s->n_connections);
	if (f->attempt[f->n_attempt - 1].outcome != row->outcome)
		fail_msg("%s: the last attempt", row->name);
	if (row->second != NULL && f->attempt[0].outcome == OUTCOME_OK)
		fail_msg("%s: the first attempt", row->name);
	if (row->heard != NULL && strcmp(row->heard, s->heard) != 0)
		fail_msg("%s: heard %s", row->name, s->heard);
	if (s->n_unexpected > 0)
		fail_msg("%s: unexpected words: %s", row->name, s->heard);
	if (strstr(s->heard, "MAIL") != NULL)
		fail_msg("%s: a mail transaction", row->name);
	if (f->outcome == OUTCOME_OK && (f->tls.trusted != TRI_YES ||
	    f->tls.name_ok != TRI_YES || f->tls.n_chain != 2))
		fail_msg("%s: TLS facts", row->name);
	if (f->injection != (row->first == injection ||
	    row->first == injection_behind))
		fail_msg("%s: injection %d", row->name, f->injection);
}

static void
fill_read(char *out, const char *behind)
{
	memset(out, 'a', READ_BYTES);
	for (size_t i = 0; i < READ_BYTES; i += LINE_BYTES) {
		memcpy(out + i, i + LINE_BYTES < READ_BYTES ? "220-" :
		    "220 ", 4);
		memcpy(out + i + LINE_BYTES - 2, "\r\n", 2);
	}
	memcpy(out + READ_BYTES, behind, strlen(behind) + 1);
}

static void
test_odd_servers(void **state)
{
	static struct fake_smtp server[ROWS];
	static struct smtp_rig_probe probe[ROWS];
	static char address[ROWS][32];
	struct smtp_rig w;

	(void)state;
	fill_read(read_and_injection, "250 evil\r\n");
	fill_read(read_and_reason, "421 busy\r\n");
	smtp_rig_init(&w, &smtp_rig_brisk);
	for (size_t i = 0; i < ROWS; i++) {
		snprintf(address[i], sizeof(address[i]), "127.79.1.%zu",
		    i + 1);
		server[i] = (struct fake_smtp){ .address = address[i],
			.script = { rows[i].first, rows[i].second },
			.ctx = w.server };
		fake_smtp_start(&server[i]);
	}
	for (size_t i = 0; i < ROWS; i++)
		smtp_rig_probe(&probe[i], &w, address[i]);
	smtp_rig_run(&w, ROWS, 30000);
	for (size_t i = 0; i < ROWS; i++)
		fake_smtp_stop(&server[i]);
	for (size_t i = 0; i < ROWS; i++) {
		check_row(&rows[i], &probe[i], &server[i]);
		arena_free(probe[i].arena);
	}
	assert_int_equal(w.n_done, ROWS);
	smtp_rig_release(&w);
}

/* Everything that a good session leaves behind. */
static void
test_facts(void **state)
{
	struct fake_smtp s = { .address = "127.79.2.1", .script = { polite } };
	struct smtp_facts *f;
	struct smtp_rig_probe p;
	struct smtp_rig w;

	(void)state;
	smtp_rig_init(&w, &smtp_rig_brisk);
	s.ctx = w.server;
	fake_smtp_start(&s);
	smtp_rig_probe(&p, &w, s.address);
	smtp_rig_run(&w, 1, 10000);
	fake_smtp_stop(&s);
	f = &p.facts;
	assert_int_equal(f->outcome, OUTCOME_OK);
	assert_int_equal(f->banner_code, 220);
	assert_int_equal(f->n_ehlo, 2);
	assert_true(f->offers_starttls);
	assert_int_equal(f->starttls_code, 220);
	assert_int_equal(f->n_ehlo_tls, 2);
	assert_true(slice_eq(f->ehlo_tls[1], SLICE_LIT("250 REQUIRETLS")));
	assert_true(f->quit);
	assert_int_equal(f->tls.outcome, OUTCOME_OK);
	assert_int_equal(f->tls.version, TLS_VERSION_1_3);
	assert_true(slice_eq(f->tls.sni, SLICE_LIT(HOST)));
	assert_int_equal(STAT_GET(w.stats.smtp_connects), 1);
	arena_free(p.arena);
	smtp_rig_release(&w);
}

/* A fatal alert instead of a handshake: no protocol version in common. */
static void
test_alert(void **state)
{
	struct fake_smtp s = { .address = "127.79.2.2", .script = { polite } };
	struct smtp_rig_probe p;
	struct smtp_rig w;

	(void)state;
	smtp_rig_init(&w, &smtp_rig_brisk);
	s.ctx = w.server;
	/* TLS 1.2 alone, with suites that need a key which is not there */
	SSL_CTX_set_max_proto_version(w.server, TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(w.server, "PSK");
	fake_smtp_start(&s);
	smtp_rig_probe(&p, &w, s.address);
	smtp_rig_run(&w, 1, 10000);
	fake_smtp_stop(&s);
	assert_int_equal(p.facts.outcome, OUTCOME_TLS_ALERT);
	assert_int_equal(p.facts.n_attempt, 1);
	assert_true(p.facts.tls.alert.n > 0);
	assert_true(p.facts.offers_starttls);
	arena_free(p.arena);
	smtp_rig_release(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_odd_servers),
		cmocka_unit_test(test_alert),
	};

	alarm(AT_MOST_S); /* a test that waits for ever fails */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
