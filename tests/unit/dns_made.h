/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_made.h: DNS responses for tests, made by ldns from presentation form.
 */
#pragma once

#include "scanner/base/text.h"

#define MADE_MAX 65535

/* The row's name in front of the failure. */
#define FAIL_IN(row, ...) \
	do { \
		print_error("row: %s\n", (row)); \
		fail_msg(__VA_ARGS__); \
	} while (0)

struct made {
	uint8_t bytes[MADE_MAX];
	size_t n;
};

/*
 * question: "a.example. IN A"; answer, authority: lines of records; flags:
 * any of a(A), t(C), r(A), d (AD).  The id is ldns' choice.
 */
void made_response(struct made *m, const char *question, const char *flags,
    int rcode, const char *answer, const char *authority);
void made_append(struct made *m, const void *p, size_t n);
/* A section's count, at its offset in the header. */
void made_count(struct made *m, size_t at, unsigned n);
/* An OPT record with these options, as the only additional one. */
void made_opt(struct made *m, const void *options, size_t n,
    uint8_t upper_rcode);
struct slice made_message(const struct made *m);
