/* SPDX-License-Identifier: Apache-2.0
 *
 * arena.h: memory that is freed all at once.
 *
 * One arena per job: every fact about a domain lives in it and goes with it.
 * Allocation never returns NULL: a program, unlike a library, may stop, and
 * does so with one line (xalloc family below).
 */
#pragma once

#include <stddef.h>

#include "scanner/base/text.h"

struct arena;

struct arena *arena_new(void);
/* For one of many that hold little for long: chunks begin small. */
struct arena *arena_new_small(void);
void arena_free(struct arena *a); /* NULL is fine */
/* Everything allocated so far is gone; the arena is as new. */
void arena_clear(struct arena *a);
/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t bytes);
void *arena_array(struct arena *a, size_t count, size_t size);
/* A copy of the bytes with a NUL behind them (not counted in n). */
struct slice arena_slice(struct arena *a, struct slice s);
/* One behind the other, with a NUL behind them; printf costs ten times that. */
struct slice arena_join(struct arena *a, struct slice first,
    struct slice second);
struct slice arena_fmt(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
size_t arena_bytes(const struct arena *a);

/*
 * A growing array inside an arena: push() gives the address of a new zeroed
 * element.  Use: struct vec v = VEC_OF(struct mx_rr); *vec_push(a, &v) = ...
 */
struct vec {
	void *p;
	size_t n, cap, size;
};
#define VEC_OF(type) ((struct vec){ NULL, 0, 0, sizeof(type) })
void *vec_push(struct arena *a, struct vec *v);

/* Heap, for long-lived objects: never NULL. */
void *xmalloc(size_t bytes);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t bytes);
char *xstrdup(const char *s);
