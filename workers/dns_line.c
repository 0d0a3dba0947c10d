/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_line.c: the questions that wait for a first query, by its length.
 */
#include <assert.h>
#include <string.h>

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
dns_tasks_sort(struct dns_task **task, unsigned n)
{
	struct dns_task *sorted[DNS_OUT_BATCH];
	uint8_t at[DNS_QUERY_BYTES_MAX + 2] = { 0 };

	static_assert(DNS_OUT_BATCH <= UINT8_MAX, "places are bytes");
	for (unsigned i = 0; i < n; i++)
		at[task[i]->query_n + 1]++;
	for (unsigned k = 1; k < sizeof(at); k++)
		at[k] = (uint8_t)(at[k] + at[k - 1]);
	for (unsigned i = 0; i < n; i++)
		sorted[at[task[i]->query_n]++] = task[i];
	memcpy(task, sorted, n * sizeof(*task));
}

void
dns_line_took(struct dns_line *w)
{
	w->n--;
	if (w->left > 0)
		w->left--;
}
