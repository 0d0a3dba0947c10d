/* SPDX-License-Identifier: Apache-2.0
 *
 * test_smtp_light.c: what a probe holds while it waits: next to nothing
 * before the connection stands, and no TLS before STARTTLS is answered.  And
 * that a certificate is parsed no second time for its record.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/handshake.h"
#include "tests/unit/smtp_rig.h"
#include "workers/x509_facts.h"

#include "scanner/base/banned.h"

#define PENDING 800
#define PENDING_BYTES 2048
#define LONG_MS 600000
#define AT_MOST_MS 20000
#define FILLERS 3

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTS_HEAP 0 /* the heap is not the library's own */
#else
#define COUNTS_HEAP 1
#endif

/* ---- Pending connects ---- */

struct pending {
	struct arena *arena;
	struct smtp_facts *facts;
};

/* A listener on every address whose queue is full. */
static int
open_hole(int *filler, uint16_t *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t n = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&in, n), 0);
	assert_int_equal(listen(fd, 0), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &n), 0);
	*port = ntohs(in.sin_port);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < FILLERS; i++) {
		filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(filler[i], (struct sockaddr *)&in, n);
	}
	return fd;
}

static void
unexpected(void *ctx)
{
	(void)ctx;
	fail_msg("a probe of a hole is done");
}

static void
ask(struct pending *p, struct smtp_rig *w, unsigned i)
{
	char address[32];

	snprintf(address, sizeof(address), "127.79.%u.%u", 1 + i / 200,
	    1 + i % 200);
	p->arena = arena_new();
	p->facts = arena_alloc(p->arena, sizeof(*p->facts));
	address_parse(slice_of(address), &p->facts->address);
	smtp_pool_probe(w->pool, p->arena, arena_slice(p->arena,
	    SLICE_LIT(HOST)), NULL, NULL, 0, p->facts, unexpected, p);
}

static void
look(void *ctx)
{
	struct smtp_rig *w = ctx;

	if (STAT_GET(w->stats.smtp_in_flight) == PENDING)
		loop_stop(w->loop);
	else
		loop_post_at(w->loop, loop_clock_ms() + 5, look, w);
}

/* Everything counts: job, slot, probe, handle, deadline, arena, facts. */
static void
test_pending_connect(void **state)
{
	static struct pending p[PENDING];
	struct smtp_config c = smtp_rig_brisk;
	struct smtp_rig w;
	int filler[FILLERS];
	size_t before, used;
	int hole = open_hole(filler, &c.port);

	(void)state;
	c.window = PENDING;
	c.connect_timeout_ms = LONG_MS;
	smtp_rig_init(&w, &c);
	before = mallinfo2().uordblks;
	for (unsigned i = 0; i < PENDING; i++)
		ask(&p[i], &w, i);
	loop_post(w.loop, look, &w);
	smtp_rig_run(&w, 1, AT_MOST_MS);
	used = mallinfo2().uordblks - before;
	assert_int_equal(STAT_GET(w.stats.smtp_in_flight), PENDING);
	if (COUNTS_HEAP && used > PENDING * (size_t)PENDING_BYTES)
		fail_msg("%zu bytes a pending connect", used / PENDING);
	smtp_rig_release(&w);
	for (unsigned i = 0; i < PENDING; i++)
		arena_free(p[i].arena);
	for (int i = 0; i < FILLERS; i++)
		close(filler[i]);
	close(hole);
}

/* ---- TLS no sooner than it is needed ---- */

SCRIPT(silent, DO(HANG));
SCRIPT(no_220, GREET, OFFER, DO(HANG));
SCRIPT(refused, GREET, OFFER, SEND("454 later\r\n"), BYE);
SCRIPT(polite, GREET, OFFER, READY, IN_TLS, BYE);

struct counter {
	SSL_CTX *ctx; /* whose objects count */
	int n;
};

/* OpenSSL calls this for every SSL object that is made. */
static void
on_ssl_new(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl,
    void *argp)
{
	struct counter *counter = argp;

	(void)ptr;
	(void)ad;
	(void)index;
	(void)argl;
	if (SSL_get_SSL_CTX(parent) == counter->ctx)
		counter->n++;
}

static void
test_no_early_tls(void **state)
{
	static const struct {
		const char *address;
		const struct step *script;
		int n_ssl;
	} row[] = {
		{ "127.79.5.1", silent, 0 },
		{ "127.79.5.2", no_220, 0 },
		{ "127.79.5.3", refused, 0 },
		{ "127.79.5.4", polite, 1 },
	};
	struct smtp_config c = smtp_rig_brisk;
	struct counter counter = { .n = 0 };
	int index = SSL_get_ex_new_index(0, &counter, on_ssl_new, NULL, NULL);
	struct smtp_rig w;

	(void)state;
	c.retries = 0;
	smtp_rig_init(&w, &c);
	counter.ctx = tls_smtp_ctx(w.tls);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct fake_smtp s = { .address = row[i].address,
			.script = { row[i].script }, .ctx = w.server };
		struct smtp_rig_probe p;

		counter.n = 0;
		fake_smtp_start(&s);
		smtp_rig_probe(&p, &w, row[i].address);
		smtp_rig_run(&w, i + 1, AT_MOST_MS);
		fake_smtp_stop(&s);
		assert_int_equal(p.n_done, 1);
		if (counter.n != row[i].n_ssl)
			fail_msg("%s: %d SSL objects", row[i].address,
			    counter.n);
		arena_free(p.arena);
	}
	smtp_rig_release(&w);
	CRYPTO_free_ex_index(CRYPTO_EX_INDEX_SSL, index);
}

/* ---- One parse a certificate ---- */

static void
assert_same_text(struct slice a, struct slice b)
{
	if (!slice_eq(a, b))
		fail_msg("%.*s and %.*s", SLICE_ARG(a), SLICE_ARG(b));
}

static void
assert_same_cert(const struct cert_facts *a, const struct cert_facts *b)
{
	assert_memory_equal(a->sha256, b->sha256, sizeof(a->sha256));
	assert_memory_equal(a->spki_sha256, b->spki_sha256,
	    sizeof(a->spki_sha256));
	assert_same_text(a->der, b->der);
	assert_same_text(a->subject_cn, b->subject_cn);
	assert_same_text(a->subject, b->subject);
	assert_same_text(a->issuer, b->issuer);
	assert_same_text(a->serial, b->serial);
	assert_same_text(a->key_type, b->key_type);
	assert_same_text(a->signature_algorithm, b->signature_algorithm);
	assert_int_equal(a->n_dns_name, b->n_dns_name);
	for (size_t i = 0; i < a->n_dns_name; i++)
		assert_same_text(a->dns_name[i], b->dns_name[i]);
	assert_int_equal(a->not_before, b->not_before);
	assert_int_equal(a->not_after, b->not_after);
	assert_int_equal(a->key_bits, b->key_bits);
	assert_int_equal(a->self_issued, b->self_issued);
	assert_int_equal(a->is_ca, b->is_ca);
}

/* Read in the session where the chain is new, and the same as from its DER. */
static void
test_leaf_is_read_once(void **state)
{
	struct arena *a = arena_new();
	struct cert_facts expected;
	struct smtp_rig w;

	(void)state;
	smtp_rig_init(&w, &smtp_rig_brisk);
	for (int round = 0; round < 2; round++) {
		struct tls_facts f = { .n_chain = 0 };
		bool stands;
		SSL *ssl = handshake(w.tls, w.server, &stands);

		assert_true(stands);
		tls_judge(w.tls, a, ssl, SLICE_LIT(HOST), time(NULL), &f);
		assert_int_equal(f.n_chain, 2);
		assert_int_equal(f.chain[0].facts != NULL, round == 0);
		assert_null(f.chain[1].facts);
		if (round == 0) {
			assert_true(x509_facts(a, f.chain[0].der, &expected));
			assert_same_cert(f.chain[0].facts, &expected);
		}
		SSL_free(ssl);
	}
	arena_free(a);
	smtp_rig_release(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pending_connect),
		cmocka_unit_test(test_no_early_tls),
		cmocka_unit_test(test_leaf_is_read_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
