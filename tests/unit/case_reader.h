/* SPDX-License-Identifier: Apache-2.0
 *
 * case_reader.h: what case_file.c (files, cases) and case_lines.c (lines)
 * share.
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
/* The lines up to `mark`, each with its LF. */
struct slice reader_heredoc(struct reader *r, struct slice mark);
/* A session with a good certificate. */
struct tls_facts case_good_session(struct arena *a);
