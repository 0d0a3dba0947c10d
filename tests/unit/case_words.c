/* SPDX-License-Identifier: Apache-2.0
 *
 * case_words.c: lexer of the case files and the words of the vocabularies.
 */
#include "tests/unit/case_words.h"

#include <string.h>

#include "scanner/base/banned.h"

/* One escape behind a backslash; false where there is none such. */
static bool
unescape(struct cursor *c, struct strbuf *b)
{
	char code = (char)cursor_u8(c);
	uint8_t byte;
	size_t n;

	switch (code) {
	case 'r':
		strbuf_char(b, '\r');
		return true;
	case 'n':
		strbuf_char(b, '\n');
		return true;
	case 't':
		strbuf_char(b, '\t');
		return true;
	case '"':
	case '\\':
		strbuf_char(b, code);
		return true;
	case 'x':
		if (!hex_decode(cursor_bytes(c, 2), &byte, 1, &n) || n != 1)
			return false;
		strbuf_char(b, (char)byte);
		return true;
	}
	return false;
}

/* A word up to the next space outside quotes. */
static bool
next_word(struct arena *a, struct cursor *c, struct slice *out, bool *quoted)
{
	size_t cap = cursor_left(c) + 1;
	struct strbuf b = strbuf_of(arena_alloc(a, cap), cap);
	bool inside = false;

	*quoted = false;
	while (cursor_left(c) > 0 && (inside || cursor_peek(c) != ' ')) {
		char byte = (char)cursor_u8(c);

		if (byte == '"') {
			inside = !inside;
			*quoted = true;
		} else if (inside && byte == '\\') {
			if (!unescape(c, &b))
				return false;
		} else {
			strbuf_char(&b, byte);
		}
	}
	*out = strbuf_slice(&b);
	return !inside && !c->failed;
}

struct words
words_of(struct arena *a, struct slice line)
{
	struct cursor c = cursor_of(line.p, line.n);
	struct words w = { .n = 0 };

	for (;;) {
		(void)cursor_run(&c, ascii_is_wsp, SIZE_MAX);
		if (cursor_left(&c) == 0)
			return w;
		if (w.n == CASE_WORDS) {
			w.error = "too many words";
			return w;
		}
		if (!next_word(a, &c, &w.word[w.n], &w.quoted[w.n])) {
			w.error = "unbalanced quotes or unknown escape";
			return w;
		}
		w.n++;
	}
}

bool
word_value(struct slice word, const char *key, struct slice *value)
{
	struct slice k = slice_of(key);

	if (!slice_starts(word, k) || word.n == k.n || word.p[k.n] != '=')
		return false;
	*value = slice_from(word, k.n + 1);
	return true;
}

bool
words_flag(const struct words *w, const char *flag)
{
	for (size_t i = 1; i < w->n; i++)
		if (slice_eq(w->word[i], slice_of(flag)))
			return true;
	return false;
}

bool
words_value(const struct words *w, const char *key, struct slice *value)
{
	for (size_t i = 1; i < w->n; i++)
		if (word_value(w->word[i], key, value))
			return true;
	return false;
}

/* Finds the number whose word it is. */
#define WORD_LOOKUP(function, type, count, word_of)		\
bool								\
function(struct slice word, type *out)				\
{								\
	for (int i = 0; i < (int)(count); i++) {		\
		if (!slice_eq(word, slice_of(word_of((type)i))))	\
			continue;				\
		*out = (type)i;					\
		return true;					\
	}							\
	return false;						\
}

static const char *
finding_word(enum finding f)
{
	return finding_row(f)->code;
}

const char *
tri_word(enum tri t)
{
	static const char *const words[] = { "unknown", "no", "yes" };

	return words[t];
}

WORD_LOOKUP(word_outcome, enum outcome, OUTCOME_COUNT, outcome_word)
WORD_LOOKUP(word_tri, enum tri, TRI_YES + 1, tri_word)
WORD_LOOKUP(word_starttls, enum starttls_status, STARTTLS_STATUS_COUNT,
    starttls_status_word)
WORD_LOOKUP(word_dane, enum dane_status, DANE_STATUS_COUNT, dane_status_word)
WORD_LOOKUP(word_tls, enum tls_version, TLS_VERSION_COUNT, tls_version_word)
WORD_LOOKUP(word_name_by, enum name_by, NAME_BY_COUNT, name_by_word)
WORD_LOOKUP(word_finding, enum finding, FINDING_COUNT, finding_word)
