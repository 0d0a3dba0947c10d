/* SPDX-License-Identifier: Apache-2.0
 *
 * vocabulary.c: the words of outcomes.def and vocabulary.def.
 * Pure tables; the encoder, the schema and the log lines read them.
 */
#include "scanner/rules/vocabulary.h"

#include "scanner/base/banned.h"

struct outcome_row {
	const char *word;
	const char *layer;
	enum outcome_class class;
	const char *class_word;
	const char *sentence;
};

static const struct outcome_row outcomes[] = {
#define O(symbol, word, layer, class, sentence) \
	[OUTCOME_##symbol] = { word, #layer, CLASS_##class, #class, sentence },
#include "scanner/rules/outcomes.def"
#undef O
};

const char *
outcome_word(enum outcome o)
{
	return outcomes[o].word;
}

const char *
outcome_sentence(enum outcome o)
{
	return outcomes[o].sentence;
}

const char *
outcome_layer(enum outcome o)
{
	return outcomes[o].layer;
}

enum outcome_class
outcome_class(enum outcome o)
{
	return outcomes[o].class;
}

const char *
outcome_class_word(enum outcome o)
{
	return outcomes[o].class_word;
}

static const char *const record_status_words[] = {
#define RECORD_STATUS(symbol, word, sentence) word,
#include "scanner/rules/vocabulary.def"
};
static const char *const policy_status_words[] = {
#define POLICY_STATUS(symbol, word, sentence) word,
#include "scanner/rules/vocabulary.def"
};
static const char *const policy_mode_words[] = {
#define POLICY_MODE(symbol, word, sentence) word,
#include "scanner/rules/vocabulary.def"
};
static const char *const mx_status_words[] = {
#define MX_STATUS(symbol, word, sentence) word,
#include "scanner/rules/vocabulary.def"
};
static const char *const starttls_status_words[] = {
#define STARTTLS_STATUS(symbol, word, sentence) word,
#include "scanner/rules/vocabulary.def"
};
static const char *const dane_status_words[] = {
#define DANE_STATUS(symbol, word, sentence) word,
#include "scanner/rules/vocabulary.def"
};
static const char *const verdict_words[] = {
#define VERDICT(symbol, word, sentence) word,
#include "scanner/rules/vocabulary.def"
};
static const char *const tls_version_words[] = {
#define TLS_VERSION(symbol, word, sentence) word,
#include "scanner/rules/vocabulary.def"
};
static const char *const name_by_words[] = {
#define NAME_BY(symbol, word, sentence) word,
#include "scanner/rules/vocabulary.def"
};
static const char *const mx_match_words[] = {
#define MX_MATCH(symbol, word, sentence) word,
#include "scanner/rules/vocabulary.def"
};
static const char *const mx_class_words[] = {
#define MX_CLASS(symbol, word, sentence) word,
#include "scanner/rules/vocabulary.def"
};
static const char *const also_words[] = {
#define ALSO(symbol, word, sentence) word,
#include "scanner/rules/vocabulary.def"
};
static const char *const also_status_words[] = {
#define ALSO_STATUS(symbol, word, sentence) word,
#include "scanner/rules/vocabulary.def"
};
static const char *const also_policy_words[] = {
#define ALSO_POLICY(symbol, word, sentence) word,
#include "scanner/rules/vocabulary.def"
};

const char *
record_status_word(enum record_status s)
{
	return record_status_words[s];
}

const char *
policy_status_word(enum policy_status s)
{
	return policy_status_words[s];
}

const char *
policy_mode_word(enum policy_mode m)
{
	return policy_mode_words[m];
}

const char *
mx_status_word(enum mx_status s)
{
	return mx_status_words[s];
}

const char *
starttls_status_word(enum starttls_status s)
{
	return starttls_status_words[s];
}

const char *
dane_status_word(enum dane_status s)
{
	return dane_status_words[s];
}

const char *
verdict_word(enum verdict v)
{
	return verdict_words[v];
}

const char *
tls_version_word(enum tls_version v)
{
	return tls_version_words[v];
}

const char *
name_by_word(enum name_by n)
{
	return name_by_words[n];
}

const char *
mx_match_word(enum mx_match m)
{
	return mx_match_words[m];
}

const char *
mx_class_word(enum mx_class c)
{
	return mx_class_words[c];
}

const char *
also_word(enum also q)
{
	return also_words[q];
}

const char *
also_status_word(enum also_status s)
{
	return also_status_words[s];
}

const char *
also_policy_word(enum also_policy p)
{
	return also_policy_words[p];
}

static const struct vocabulary_word all_words[] = {
#define RECORD_STATUS(symbol, word, sentence) \
	{ "record_status", word, sentence },
#define POLICY_STATUS(symbol, word, sentence) \
	{ "policy_status", word, sentence },
#define POLICY_MODE(symbol, word, sentence) { "policy_mode", word, sentence },
#define MX_STATUS(symbol, word, sentence) { "mx_status", word, sentence },
#define STARTTLS_STATUS(symbol, word, sentence) { "starttls", word, sentence },
#define DANE_STATUS(symbol, word, sentence) { "dane", word, sentence },
#define VERDICT(symbol, word, sentence) { "verdict", word, sentence },
#define TLS_VERSION(symbol, word, sentence) { "tls_version", word, sentence },
#define NAME_BY(symbol, word, sentence) { "name_by", word, sentence },
#define MX_MATCH(symbol, word, sentence) { "mx_match", word, sentence },
#define MX_CLASS(symbol, word, sentence) { "mx_class", word, sentence },
#define ALSO(symbol, word, sentence) { "also", word, sentence },
#define ALSO_STATUS(symbol, word, sentence) { "also_status", word, sentence },
#define ALSO_POLICY(symbol, word, sentence) { "also_policy", word, sentence },
#include "scanner/rules/vocabulary.def"
};

const struct vocabulary_word *
vocabulary_words(size_t *n)
{
	*n = sizeof(all_words) / sizeof(all_words[0]);
	return all_words;
}
