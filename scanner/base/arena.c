/* SPDX-License-Identifier: Apache-2.0
 *
 * arena.c: chunks that grow, freed together.
 *
 * The first chunk is small, since most domains answer "no such name" to all
 * questions and need next to nothing; later chunks double up to a cap.
 */
#include "scanner/base/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/log.h"

#include "scanner/base/banned.h"

/* With its head still of a size that malloc keeps at hand for each thread. */
#define CHUNK_FIRST_BYTES 960
#define CHUNK_SMALL_BYTES 256
#define CHUNK_MAX_BYTES 65536

struct chunk {
	struct chunk *next;
	size_t used, size; /* bytes of data */
	_Alignas(max_align_t) uint8_t data[];
};

struct arena {
	struct chunk *head; /* the one that is filled */
	size_t first_size, next_size;
	size_t bytes;       /* handed out */
};

static struct chunk *
chunk_new(size_t size)
{
	struct chunk *c = xmalloc(sizeof(*c) + size);

	c->next = NULL;
	c->used = 0;
	c->size = size;
	return c;
}

static struct arena *
new_of_size(size_t first)
{
	struct arena *a = xcalloc(1, sizeof(*a));

	a->first_size = first;
	a->next_size = first;
	return a;
}

struct arena *
arena_new(void)
{
	return new_of_size(CHUNK_FIRST_BYTES);
}

struct arena *
arena_new_small(void)
{
	return new_of_size(CHUNK_SMALL_BYTES);
}

static void
free_chunks(struct arena *a)
{
	while (a->head != NULL) {
		struct chunk *next = a->head->next;

		free(a->head);
		a->head = next;
	}
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	free_chunks(a);
	free(a);
}

/* The first chunk stays: most of those who come next need no other. */
void
arena_clear(struct arena *a)
{
	struct chunk *first = a->head;

	while (first != NULL && first->next != NULL) {
		a->head = first->next;
		free(first);
		first = a->head;
	}
	a->next_size = a->first_size;
	a->bytes = 0;
	if (first == NULL)
		return;
	if (first->size > a->first_size) {
		free_chunks(a);
		return;
	}
	first->used = 0;
	a->next_size *= 2;
}

void *
arena_alloc(struct arena *a, size_t bytes)
{
	const size_t align = _Alignof(max_align_t);
	struct chunk *c = a->head;
	void *p;

	if (bytes > SIZE_MAX / 2)
		log_fatal("an allocation of %zu bytes was asked for", bytes);
	bytes = (bytes + align - 1) / align * align;
	if (c == NULL || c->size - c->used < bytes) {
		size_t size = bytes > a->next_size ? bytes : a->next_size;

		c = chunk_new(size);
		c->next = a->head;
		a->head = c;
		if (a->next_size < CHUNK_MAX_BYTES)
			a->next_size *= 2;
	}
	p = c->data + c->used;
	c->used += bytes;
	a->bytes += bytes;
	memset(p, 0, bytes);
	return p;
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / 2 / size)
		log_fatal("an array of %zu elements was asked for", count);
	return arena_alloc(a, count * size);
}

struct slice
arena_slice(struct arena *a, struct slice s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return (struct slice){ p, s.n };
}

struct slice
arena_join(struct arena *a, struct slice first, struct slice second)
{
	char *p = arena_alloc(a, first.n + second.n + 1);

	if (first.n > 0)
		memcpy(p, first.p, first.n);
	if (second.n > 0)
		memcpy(p + first.n, second.p, second.n);
	return (struct slice){ p, first.n + second.n };
}

struct slice
arena_fmt(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return (struct slice){ p, (size_t)n };
}

size_t
arena_bytes(const struct arena *a)
{
	return a->bytes;
}

void *
vec_push(struct arena *a, struct vec *v)
{
	if (v->n == v->cap) {
		size_t cap = v->cap == 0 ? 4 : v->cap * 2;
		void *p = arena_array(a, cap, v->size);

		if (v->n > 0)
			memcpy(p, v->p, v->n * v->size);
		v->p = p;
		v->cap = cap;
	}
	return (uint8_t *)v->p + v->n++ * v->size;
}

void *
xmalloc(size_t bytes)
{
	void *p = malloc(bytes == 0 ? 1 : bytes);

	if (p == NULL)
		log_fatal("out of memory (%zu bytes asked for)", bytes);
	return p;
}

void *
xcalloc(size_t count, size_t size)
{
	void *p = calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);

	if (p == NULL)
		log_fatal("out of memory (%zu x %zu bytes asked for)", count,
		    size);
	return p;
}

void *
xrealloc(void *old, size_t bytes)
{
	void *p = realloc(old, bytes == 0 ? 1 : bytes);

	if (p == NULL)
		log_fatal("out of memory (%zu bytes asked for)", bytes);
	return p;
}

char *
xstrdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(xmalloc(n), s, n);
}
