/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_smtp_dialogue.c: any server, any split of its bytes.
 *
 * Input: one byte of control (how the connection ends, how the bytes are
 * split, how the handshake ends), then what the server sends; '|' ends a
 * turn, what follows comes after our next command.  The dialogue must end,
 * keep within its caps, and come to the same facts whatever the split.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "workers/smtp_dialogue.h"

#include "scanner/base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition) do { if (!(condition)) abort(); } while (0)

static const enum outcome cuts[] = { OUTCOME_CLOSED, OUTCOME_RESET,
	OUTCOME_TIMEOUT, OUTCOME_LOCAL };
static const enum outcome handshakes[] = { OUTCOME_OK, OUTCOME_TLS_ALERT,
	OUTCOME_TLS_FAILED, OUTCOME_OK };

struct script {
	const char *p, *end;
	bool turn_over;
};

static bool
hear(struct script *s, struct smtp_dialogue *d, size_t piece)
{
	size_t left = (size_t)(s->end - s->p), n;
	const char *bar = left > 0 ? memchr(s->p, '|', left) : NULL;

	n = bar != NULL ? (size_t)(bar - s->p) : left;
	if (s->turn_over || left == 0)
		return false;
	if (n > piece)
		n = piece;
	smtp_dialogue_read(d, s->p, n);
	s->p += n;
	if (s->p < s->end && *s->p == '|') {
		s->p++;
		s->turn_over = true;
	}
	return true;
}

static void
say(struct script *s, struct smtp_dialogue *d)
{
	char buf[LIMIT_SMTP_COMMAND_BYTES];
	struct slice line = smtp_dialogue_line(d, buf, sizeof(buf));

	MUST(slice_ends(line, SLICE_LIT("\r\n")));
	smtp_dialogue_sent(d);
	s->turn_over = false;
}

static void
play(struct arena *a, struct smtp_facts *f, uint8_t control, struct script s,
    size_t piece)
{
	struct smtp_dialogue *d = xmalloc(sizeof(*d));

	memset(f, 0, sizeof(*f));
	smtp_dialogue_init(d, a, SLICE_LIT("probe.example"), f);
	for (;;) {
		switch (smtp_dialogue_want(d)) {
		case SMTP_WANT_READ:
			if (!hear(&s, d, piece))
				smtp_dialogue_cut(d, cuts[control & 3]);
			break;
		case SMTP_WANT_WRITE:
			if (!hear(&s, d, piece))
				say(&s, d);
			break;
		case SMTP_WANT_TLS:
			if (hear(&s, d, piece))
				break;
			f->tls.outcome = handshakes[(control >> 2) & 3];
			smtp_dialogue_tls(d);
			s.turn_over = true;
			break;
		case SMTP_WANT_CLOSE:
			free(d);
			return;
		}
	}
}

static void
same_lines(const struct slice *a, size_t n_a, const struct slice *b,
    size_t n_b)
{
	MUST(n_a == n_b && n_a <= LIMIT_SMTP_KEPT_LINES);
	for (size_t i = 0; i < n_a; i++)
		MUST(slice_eq(a[i], b[i]) && a[i].n <= LIMIT_SMTP_LINE_BYTES);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a;
	struct smtp_facts f, g;
	struct script s;

	if (size == 0)
		return 0;
	a = arena_new();
	s = (struct script){ (const char *)data + 1,
		(const char *)data + size, false };
	play(a, &f, data[0], s, SIZE_MAX);
	play(a, &g, data[0], s, 1 + (size_t)(data[0] >> 4));
	MUST(f.outcome != OUTCOME_NONE && f.outcome == g.outcome);
	MUST(f.banner_code == g.banner_code && f.ehlo_code == g.ehlo_code);
	MUST(f.starttls_code == g.starttls_code && f.helo == g.helo);
	MUST(f.offers_starttls == g.offers_starttls && f.quit == g.quit);
	MUST(f.injection == g.injection);
	MUST(slice_eq(f.starttls_reply, g.starttls_reply));
	same_lines(f.banner, f.n_banner, g.banner, g.n_banner);
	same_lines(f.ehlo, f.n_ehlo, g.ehlo, g.n_ehlo);
	same_lines(f.ehlo_tls, f.n_ehlo_tls, g.ehlo_tls, g.n_ehlo_tls);
	arena_free(a);
	return 0;
}
