/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_line.c: the questions that wait for a first query, by its length.
 */
#include "workers/dns_out.h"
#include "workers/dns_task.h"

#include "scanner/base/banned.h"

void
dns_line_init(struct dns_line *w)
{
	for (size_t i = 0; i <= DNS_QUERY_BYTES_MAX; i++)
		TAILQ_INIT(&w->by_length[i]);
}

void
dns_line_add(struct dns_line *w, struct dns_task *t)
{
	t->number = ++w->n_ever;
	w->n++;
	dns_task_move(t, &w->by_length[t->query_n]);
}

/* The line in which somebody has waited longest. */
static size_t
longest_waiting(const struct dns_line *w)
{
	uint64_t first = UINT64_MAX;
	size_t length = 0;

	for (size_t i = 0; i <= DNS_QUERY_BYTES_MAX; i++) {
		const struct dns_task *t = TAILQ_FIRST(&w->by_length[i]);

		if (t != NULL && t->number < first) {
			first = t->number;
			length = i;
		}
	}
	return length;
}

struct dns_task *
dns_line_next(struct dns_line *w)
{
	if (w->left == 0 || TAILQ_EMPTY(&w->by_length[w->length])) {
		w->length = longest_waiting(w);
		w->left = DNS_OUT_PIECE;
	}
	return TAILQ_FIRST(&w->by_length[w->length]);
}

void
dns_line_took(struct dns_line *w)
{
	w->n--;
	if (w->left > 0)
		w->left--;
}
