/* SPDX-License-Identifier: Apache-2.0
 *
 * case_reader.h: what case_file.c (files, cases), case_lines.c and case_hosts.c
 * (lines) share.
 */
#pragma once

#include <stdio.h>

#include "tests/unit/case_file.h"
#include "tests/unit/case_words.h"

struct reader {
	const char *path;
	int line;
	FILE *file;
	struct arena *arena;     /* of the open case */
	struct test_case open;
	bool is_open;
	struct case_host *probe; /* that lookup, tlsa, address speak of */
	case_fn *run;
	void *ctx;
	size_t n_cases;
};

struct case_line {
	const char *word;
	void (*take)(struct reader *r, const struct words *w);
};

/* The function of a line's first word, or NULL. */
const struct case_line *case_line(struct slice word);

/* Says where and why, and ends the program. */
void reader_die(const struct reader *r, const char *why)
	__attribute__((noreturn));
/* The same, where the condition does not hold. */
void reader_need(const struct reader *r, bool condition, const char *why);
/* KEY=yes|no|unknown of a line, where it is there. */
void reader_tri(const struct reader *r, const struct words *w,
    const char *key, enum tri *out);
/* What a line says of a TLS session; a good one where it says nothing. */
void reader_session(struct reader *r, const struct words *w,
    struct tls_facts *t);
/* The lines up to `mark`, each with its LF. */
struct slice reader_heredoc(struct reader *r, struct slice mark);
/* A session with a good certificate. */
struct tls_facts case_good_session(struct arena *a);

/* The lines of case_hosts.c. */
void case_on_host(struct reader *r, const struct words *w);
void case_on_probe(struct reader *r, const struct words *w);
void case_on_lookup(struct reader *r, const struct words *w);
void case_on_tlsa(struct reader *r, const struct words *w);
void case_on_tlsa_secure(struct reader *r, const struct words *w);
void case_on_address(struct reader *r, const struct words *w);
