/* SPDX-License-Identifier: Apache-2.0
 *
 * Datagrams of all lengths, as pieces and alone: each arrives once, whole.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "workers/dns_out.h"

#define BYTES 300

struct wire {
	int from, to;
	struct dns_out out;
	uint8_t datagram[DNS_OUT_BATCH][BYTES];
};

static int
open_wire(void **state)
{
	static struct wire w;
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(to);
	int room = 1 << 20;

	w.to = socket(AF_INET, SOCK_DGRAM, 0);
	w.from = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(w.to, (struct sockaddr *)&to, sizeof(to)) != 0 ||
	    getsockname(w.to, (struct sockaddr *)&to, &n) != 0 ||
	    connect(w.from, (struct sockaddr *)&to, sizeof(to)) != 0)
		return -1;
	setsockopt(w.to, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	*state = &w;
	return 0;
}

static int
close_wire(void **state)
{
	struct wire *w = *state;

	close(w->from);
	close(w->to);
	return 0;
}

/* Datagram i has a length of its own choice, and its number in each byte. */
static size_t
fill(struct wire *w, unsigned i, size_t n)
{
	memset(w->datagram[i], (int)i, n);
	return n;
}

static unsigned
receive_all(struct wire *w, const size_t *length)
{
	uint8_t got[2 * BYTES];
	unsigned n = 0;
	ssize_t bytes;

	while ((bytes = recv(w->to, got, sizeof(got), MSG_DONTWAIT)) > 0) {
		assert_int_equal(bytes, length[got[0]]);
		for (ssize_t k = 0; k < bytes; k++)
			assert_int_equal(got[k], got[0]);
		n++;
	}
	return n;
}

/* Runs of `run` datagrams of one length. */
static void
send_runs(struct wire *w, unsigned run, bool alone)
{
	size_t length[DNS_OUT_BATCH];
	unsigned sent = 0;

	memset(&w->out, 0, sizeof(w->out));
	w->out.alone = alone;
	dns_out_clear(&w->out);
	for (unsigned i = 0; i < DNS_OUT_BATCH; i++) {
		length[i] = fill(w, i, 17 + i / run);
		dns_out_add(&w->out, w->datagram[i], length[i]);
	}
	sent = (unsigned)dns_out_send(&w->out, w->from);
	assert_int_equal(sent, DNS_OUT_BATCH);
	assert_int_equal(receive_all(w, length), DNS_OUT_BATCH);
}

static void
test_pieces(void **state)
{
	struct wire *w = *state;

	send_runs(w, 1, false);
	assert_int_equal(w->out.n_piece, DNS_OUT_BATCH);
	send_runs(w, 7, false);
	assert_int_equal(w->out.n_piece, (DNS_OUT_BATCH + 6) / 7);
	send_runs(w, DNS_OUT_BATCH, false);
	assert_int_equal(w->out.n_piece, DNS_OUT_BATCH / 64);
	assert_false(w->out.alone);
}

static void
test_alone(void **state)
{
	struct wire *w = *state;

	send_runs(w, DNS_OUT_BATCH, true);
	assert_int_equal(w->out.n_piece, DNS_OUT_BATCH);
}

/* A piece that cannot be cut: the datagrams leave alone from then on. */
static void
test_refused(void **state)
{
	struct wire *w = *state;
	static uint8_t large[2][65000];

	memset(&w->out, 0, sizeof(w->out));
	for (unsigned i = 0; i < 2; i++)
		dns_out_add(&w->out, large[i], sizeof(large[i]));
	assert_true(dns_out_send(&w->out, w->from) >= 1);
	assert_true(w->out.alone);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pieces, open_wire,
		    close_wire),
		cmocka_unit_test_setup_teardown(test_alone, open_wire,
		    close_wire),
		cmocka_unit_test_setup_teardown(test_refused, open_wire,
		    close_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
