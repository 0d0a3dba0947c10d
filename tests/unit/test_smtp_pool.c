/* SPDX-License-Identifier: Apache-2.0
 *
 * test_smtp_pool.c: real sockets, odd servers: outcomes, attempts, manners.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/fake_smtp.h"
#include "tests/unit/pki.h"
#include "workers/smtp_pool.h"

#include "scanner/base/banned.h"

#define AT_MOST_S 120

#define HOST "mx.a.example"
#define REST_MS 20

/* ---- Scripts ---- */

#define SEND(text) { STEP_SEND, text, 0 }
#define HEAR(text) { STEP_HEAR, text, 0 }
#define WAIT(ms) { STEP_WAIT, NULL, ms }
#define DO(kind) { STEP_##kind, NULL, 0 }
#define GREET SEND("220 mx.a.example ESMTP\r\n"), HEAR("EHLO probe.example")
#define OFFER SEND("250-mx.a.example\r\n250 STARTTLS\r\n"), HEAR("STARTTLS")
#define READY SEND("220 ready\r\n")
#define IN_TLS DO(TLS), HEAR("EHLO probe.example"), \
	SEND("250-mx.a.example\r\n250 REQUIRETLS\r\n")
#define BYE HEAR("QUIT"), SEND("221 bye\r\n"), DO(HANG), DO(END)
#define SCRIPT(name, ...) \
	static const struct step name[] = { __VA_ARGS__, DO(END) }

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

/* Four lines of 1,024 bytes: exactly what the probe reads at once. */
#define A58 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A64 A58 "aaaaaa"
#define A1018 A64 A64 A64 A64 A64 A64 A64 A64 A64 A64 A64 A64 A64 A64 A64 A58
#define LINES "220-" A1018 "\r\n" "220-" A1018 "\r\n" "220-" A1018 "\r\n" \
	"220 " A1018 "\r\n"
SCRIPT(injection_behind, GREET, OFFER, SEND(LINES "250 evil\r\n"), DO(HANG));
SCRIPT(says_why_and_resets, SEND(LINES "421 busy\r\n"), DO(RESET));

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

/* ---- A world of one pool ---- */

struct world {
	struct pki pki;
	SSL_CTX *server;
	struct tls *tls;
	struct loop *loop;
	struct reach *reach;
	struct gate *gate;
	struct stats stats;
	struct smtp_pool *pool;
	size_t n_due; /* stop when so many are done */
	size_t n_done;
};

struct probe {
	struct world *world;
	struct arena *arena;
	struct smtp_facts facts;
	int n_done;
};

static const struct smtp_config brisk = {
	.window = 100,
	.connect_timeout_ms = 500,
	.greeting_timeout_ms = 800,
	.session_timeout_ms = 1500,
	.retry_wait_ms = 60,
	.retries = 1,
	.ehlo_name = "probe.example",
};

static void
world_init(struct world *w, const struct smtp_config *config)
{
	struct netrange home;
	struct reach_config rc = { &home, 1, NULL, 0, true, true };
	struct gate_config gc = { 1000, 1000, REST_MS, 80 };
	struct smtp_config c = *config;
	struct tls_config tc;
	char error[256];
	X509 *leaf;

	memset(w, 0, sizeof(*w));
	netrange_parse(SLICE_LIT("127.79.0.0/16"), &home);
	pki_init(&w->pki);
	leaf = pki_leaf(&w->pki, HOST);
	w->server = pki_server(leaf, w->pki.key, w->pki.middle, NULL);
	X509_free(leaf);
	tc.ca_file = w->pki.ca_file;
	w->tls = tls_new(&tc, error, sizeof(error));
	if (w->tls == NULL)
		fail_msg("%s", error);
	if (c.port == 0)
		c.port = fake_smtp_port();
	w->loop = loop_new();
	w->reach = reach_new(&rc);
	w->gate = gate_new(&gc);
	w->pool = smtp_pool_new(w->loop, &c, w->tls, w->reach, w->gate,
	    &w->stats);
}

static void
world_release(struct world *w)
{
	smtp_pool_free(w->pool);
	assert_int_equal(STAT_GET(w->stats.smtp_in_flight), 0);
	assert_int_equal(STAT_GET(w->stats.smtp_waiting), 0);
	gate_free(w->gate);
	loop_free(w->loop);
	reach_free(w->reach);
	tls_free(w->tls);
	SSL_CTX_free(w->server);
	pki_release(&w->pki);
}

static void
on_done(void *ctx)
{
	struct probe *p = ctx;

	p->n_done++;
	if (++p->world->n_done == p->world->n_due)
		loop_stop(p->world->loop);
}

static void
probe_start(struct probe *p, struct world *w, const char *address)
{
	memset(p, 0, sizeof(*p));
	p->world = w;
	p->arena = arena_new();
	address_parse(slice_of(address), &p->facts.address);
	smtp_pool_probe(w->pool, p->arena, SLICE_LIT(HOST), NULL, NULL, 0,
	    &p->facts, on_done, p);
	assert_int_equal(p->n_done, 0);
}

static void
stop_world(void *ctx)
{
	loop_stop(ctx);
}

static void
run_until(struct world *w, size_t n_due, uint32_t at_most_ms)
{
	w->n_due = n_due;
	loop_post_at(w->loop, loop_clock_ms() + at_most_ms, stop_world,
	    w->loop);
	loop_run(w->loop);
	loop_unpost(w->loop, stop_world, w->loop);
}

/* ---- The matrix ---- */

static void
check_row(const struct row *row, const struct probe *p,
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
test_odd_servers(void **state)
{
	static struct fake_smtp server[ROWS];
	static struct probe probe[ROWS];
	static char address[ROWS][32];
	struct world w;

	(void)state;
	world_init(&w, &brisk);
	for (size_t i = 0; i < ROWS; i++) {
		snprintf(address[i], sizeof(address[i]), "127.79.1.%zu",
		    i + 1);
		server[i] = (struct fake_smtp){ .address = address[i],
			.script = { rows[i].first, rows[i].second },
			.ctx = w.server };
		fake_smtp_start(&server[i]);
	}
	for (size_t i = 0; i < ROWS; i++)
		probe_start(&probe[i], &w, address[i]);
	run_until(&w, ROWS, 30000);
	for (size_t i = 0; i < ROWS; i++)
		fake_smtp_stop(&server[i]);
	for (size_t i = 0; i < ROWS; i++) {
		check_row(&rows[i], &probe[i], &server[i]);
		arena_free(probe[i].arena);
	}
	assert_int_equal(w.n_done, ROWS);
	world_release(&w);
}

/* Everything that a good session leaves behind. */
static void
test_facts(void **state)
{
	struct fake_smtp s = { .address = "127.79.2.1", .script = { polite } };
	struct smtp_facts *f;
	struct probe p;
	struct world w;

	(void)state;
	world_init(&w, &brisk);
	s.ctx = w.server;
	fake_smtp_start(&s);
	probe_start(&p, &w, s.address);
	run_until(&w, 1, 10000);
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
	world_release(&w);
}

/* A fatal alert instead of a handshake: no protocol version in common. */
static void
test_alert(void **state)
{
	struct fake_smtp s = { .address = "127.79.2.2", .script = { polite } };
	struct probe p;
	struct world w;

	(void)state;
	world_init(&w, &brisk);
	s.ctx = w.server;
	/* TLS 1.2 alone, with suites that need a key which is not there */
	SSL_CTX_set_max_proto_version(w.server, TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(w.server, "PSK");
	fake_smtp_start(&s);
	probe_start(&p, &w, s.address);
	run_until(&w, 1, 10000);
	fake_smtp_stop(&s);
	assert_int_equal(p.facts.outcome, OUTCOME_TLS_ALERT);
	assert_int_equal(p.facts.n_attempt, 1);
	assert_true(p.facts.tls.alert.n > 0);
	assert_true(p.facts.offers_starttls);
	arena_free(p.arena);
	world_release(&w);
}

/* ---- No server at all ---- */

/* Fills the queue of a listener that never accepts. */
static int
stuff(const char *address)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(fake_smtp_port()) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	inet_pton(AF_INET, address, &in.sin_addr);
	(void)!connect(fd, (struct sockaddr *)&in, sizeof(in));
	return fd;
}

static void
test_no_session(void **state)
{
	static const struct {
		const char *address;
		enum outcome outcome;
		size_t attempts;
	} row[] = {
		{ "127.79.3.1", OUTCOME_CONNECT_TIMEOUT, 2 }, /* blackhole */
		{ "127.79.3.2", OUTCOME_CONNECT_REFUSED, 1 },
		{ "127.80.3.2", OUTCOME_SPECIAL_ADDRESS, 0 },
		{ "10.1.1.1", OUTCOME_SPECIAL_ADDRESS, 0 },
		{ "::1", OUTCOME_SPECIAL_ADDRESS, 0 },
	};
	struct fake_smtp hole = { .address = "127.79.3.1",
		.never_accepts = true };
	struct probe p[5];
	struct world w;
	int filler[3];

	(void)state;
	world_init(&w, &brisk);
	fake_smtp_start(&hole);
	for (int i = 0; i < 3; i++)
		filler[i] = stuff(hole.address);
	for (int i = 0; i < 5; i++)
		probe_start(&p[i], &w, row[i].address);
	run_until(&w, 5, 10000);
	for (int i = 0; i < 5; i++) {
		if (p[i].facts.outcome != row[i].outcome ||
		    p[i].facts.n_attempt != row[i].attempts ||
		    p[i].n_done != 1)
			fail_msg("%s: %s, %zu attempts", row[i].address,
			    outcome_word(p[i].facts.outcome),
			    p[i].facts.n_attempt);
		arena_free(p[i].arena);
	}
	for (int i = 0; i < 3; i++)
		close(filler[i]);
	fake_smtp_stop(&hole);
	world_release(&w);
}

/* Our own trouble is `local` and not tried again. */
static void
test_local_trouble(void **state)
{
	struct fake_smtp s = { .address = "127.79.2.3", .script = { polite } };
	struct smtp_config c = brisk;
	struct rlimit old, none = { 0, 0 };
	struct probe p[2];
	struct world w;

	(void)state;
	address_parse(SLICE_LIT("192.0.2.1"), &c.source); /* not ours */
	world_init(&w, &c);
	s.ctx = w.server;
	fake_smtp_start(&s);
	probe_start(&p[0], &w, s.address);
	run_until(&w, 1, 5000);
	getrlimit(RLIMIT_NOFILE, &old);
	none.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_NOFILE, &none);
	probe_start(&p[1], &w, s.address);
	run_until(&w, 2, 5000);
	setrlimit(RLIMIT_NOFILE, &old);
	fake_smtp_stop(&s);
	assert_int_equal(s.n_connections, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(p[i].facts.outcome, OUTCOME_LOCAL);
		assert_int_equal(p[i].facts.n_attempt, 1);
		arena_free(p[i].arena);
	}
	world_release(&w);
}

static void
test_source_address(void **state)
{
	struct fake_smtp s = { .address = "127.79.2.4", .script = { polite } };
	struct smtp_config c = brisk;
	struct probe p;
	struct world w;

	(void)state;
	address_parse(SLICE_LIT("127.79.200.1"), &c.source);
	world_init(&w, &c);
	s.ctx = w.server;
	fake_smtp_start(&s);
	probe_start(&p, &w, s.address);
	run_until(&w, 1, 5000);
	fake_smtp_stop(&s);
	assert_int_equal(p.facts.outcome, OUTCOME_OK);
	assert_string_equal(s.peer, "127.79.200.1");
	arena_free(p.arena);
	world_release(&w);
}

/* ---- Manners ---- */

#define SAME 12

/* Many names on one address: one after the other, spaced. */
static void
test_one_address(void **state)
{
	atomic_int at_once = 0, most = 0;
	struct fake_smtp s = { .address = "127.79.2.5", .script = { polite },
		.at_once = &at_once, .most = &most };
	struct probe p[SAME];
	struct world w;
	uint64_t begin;

	(void)state;
	world_init(&w, &brisk);
	s.ctx = w.server;
	fake_smtp_start(&s);
	begin = loop_clock_ms();
	for (int i = 0; i < SAME; i++)
		probe_start(&p[i], &w, s.address);
	run_until(&w, SAME, 20000);
	assert_true(loop_clock_ms() - begin >= (SAME - 1) * REST_MS);
	fake_smtp_stop(&s);
	assert_int_equal(s.n_connections, SAME);
	assert_int_equal(atomic_load(&most), 1);
	for (int i = 0; i < SAME; i++) {
		assert_int_equal(p[i].facts.outcome, OUTCOME_OK);
		arena_free(p[i].arena);
	}
	world_release(&w);
}

SCRIPT(slow, WAIT(40), GREET, OFFER, READY, IN_TLS, BYE);

static void
test_window(void **state)
{
	atomic_int at_once = 0, most = 0;
	struct smtp_config c = brisk;
	struct fake_smtp s[SAME];
	char address[SAME][32];
	struct probe p[SAME];
	struct world w;

	(void)state;
	c.window = 3;
	world_init(&w, &c);
	for (int i = 0; i < SAME; i++) {
		snprintf(address[i], sizeof(address[i]), "127.79.4.%d", i + 1);
		s[i] = (struct fake_smtp){ .address = address[i],
			.script = { slow }, .ctx = w.server,
			.at_once = &at_once, .most = &most };
		fake_smtp_start(&s[i]);
	}
	for (int i = 0; i < SAME; i++)
		probe_start(&p[i], &w, address[i]);
	assert_int_equal(smtp_pool_pending(w.pool), SAME);
	run_until(&w, SAME, 20000);
	assert_int_equal(smtp_pool_pending(w.pool), 0);
	for (int i = 0; i < SAME; i++) {
		fake_smtp_stop(&s[i]);
		assert_int_equal(p[i].facts.outcome, OUTCOME_OK);
		arena_free(p[i].arena);
	}
	/* A server learns late that we left: one or two may overlap. */
	assert_in_range(atomic_load(&most), 2, 5);
	world_release(&w);
}

/* An exclusion that comes while a probe waits for its retry wins. */
static void
test_excluded_meanwhile(void **state)
{
	struct fake_smtp s = { .address = "127.79.2.6", .script = { busy } };
	char path[] = "/tmp/test_smtp_pool.XXXXXX", error[256];
	struct smtp_config c = brisk;
	struct probe p;
	struct world w;
	int fd = mkstemp(path);

	(void)state;
	c.retry_wait_ms = 400;
	world_init(&w, &c);
	s.ctx = w.server;
	fake_smtp_start(&s);
	probe_start(&p, &w, s.address);
	run_until(&w, 1, 200);
	assert_int_equal(p.facts.n_attempt, 1);
	assert_int_equal(p.n_done, 0);
	assert_int_equal(write(fd, "a.example\n", 10), 10);
	close(fd);
	assert_true(reach_exclude_file(w.reach, path, error, sizeof(error)));
	unlink(path);
	run_until(&w, 1, 5000);
	fake_smtp_stop(&s);
	assert_int_equal(p.facts.outcome, OUTCOME_EXCLUDED);
	assert_int_equal(p.facts.n_attempt, 1);
	assert_int_equal(s.n_connections, 1);
	arena_free(p.arena);
	world_release(&w);
}

/* ---- Freed with work pending ---- */

static void
test_free_pending(void **state)
{
	struct fake_smtp s[3] = {
		{ .address = "127.79.2.7", .script = { hang_at_ehlo } },
		{ .address = "127.79.2.8", .script = { hang_in_tls } },
		{ .address = "127.79.2.9", .script = { busy } },
	};
	struct probe p[40];
	struct world w;

	(void)state;
	world_init(&w, &brisk);
	for (int i = 0; i < 3; i++) {
		s[i].ctx = w.server;
		fake_smtp_start(&s[i]);
	}
	for (int i = 0; i < 36; i++)
		probe_start(&p[i], &w, s[i % 3].address);
	run_until(&w, 1000, 150);
	/* and some that the gate or the loop has not told yet */
	probe_start(&p[36], &w, "10.0.0.1");
	probe_start(&p[37], &w, "127.79.2.10");
	probe_start(&p[38], &w, "127.79.2.11");
	probe_start(&p[39], &w, s[0].address);
	assert_true(STAT_GET(w.stats.smtp_in_flight) > 0);
	world_release(&w);
	for (int i = 0; i < 3; i++)
		fake_smtp_stop(&s[i]);
	for (int i = 0; i < 40; i++) {
		assert_int_equal(p[i].n_done, 0);
		arena_free(p[i].arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_odd_servers),
		cmocka_unit_test(test_alert),
		cmocka_unit_test(test_no_session),
		cmocka_unit_test(test_local_trouble),
		cmocka_unit_test(test_source_address),
		cmocka_unit_test(test_one_address),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_excluded_meanwhile),
		cmocka_unit_test(test_free_pending),
	};

	alarm(AT_MOST_S); /* a test that waits for ever fails */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
