/* SPDX-License-Identifier: Apache-2.0
 *
 * case_words.h: the words of a case file: splitting a line, and the words of
 * the program's vocabularies back to their numbers.
 */
#pragma once

#include "scanner/base/arena.h"
#include "scanner/rules/findings.h"
#include "scanner/rules/vocabulary.h"

#define CASE_WORDS 32

struct words {
	struct slice word[CASE_WORDS];
	bool quoted[CASE_WORDS];
	size_t n;
	const char *error; /* or NULL */
};

/* Splits at spaces; takes quotes and their escapes away. */
struct words words_of(struct arena *a, struct slice line);
/* "key=value" where the key is `key`. */
bool word_value(struct slice word, const char *key, struct slice *value);

/* Is the word there, behind the first? */
bool words_flag(const struct words *w, const char *flag);
/* The value of the first "key=value" behind the first word. */
bool words_value(const struct words *w, const char *key,
    struct slice *value);

/* Each: false where the word is not of the set. */
bool word_outcome(struct slice word, enum outcome *out);
bool word_tri(struct slice word, enum tri *out);
bool word_starttls(struct slice word, enum starttls_status *out);
bool word_dane(struct slice word, enum dane_status *out);
bool word_tls(struct slice word, enum tls_version *out);
bool word_name_by(struct slice word, enum name_by *out);
bool word_finding(struct slice word, enum finding *out);
const char *tri_word(enum tri t);
