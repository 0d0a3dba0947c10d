/* SPDX-License-Identifier: Apache-2.0
 *
 * vocabulary.h: outcomes and statuses as enums, with their words.
 * Made from outcomes.def and vocabulary.def, the one place where they stand.
 */
#pragma once

#include <stddef.h>

enum outcome {
#define O(symbol, word, layer, class, sentence) OUTCOME_##symbol,
#include "scanner/rules/outcomes.def"
#undef O
	OUTCOME_COUNT
};

enum outcome_class { CLASS_ANSWER, CLASS_TEMPORARY, CLASS_BLOCKED, CLASS_OURS };

enum record_status {
#define RECORD_STATUS(symbol, word, sentence) RECORD_STATUS_##symbol,
#include "scanner/rules/vocabulary.def"
	RECORD_STATUS_COUNT
};

enum policy_status {
#define POLICY_STATUS(symbol, word, sentence) POLICY_STATUS_##symbol,
#include "scanner/rules/vocabulary.def"
	POLICY_STATUS_COUNT
};

enum policy_mode {
#define POLICY_MODE(symbol, word, sentence) POLICY_MODE_##symbol,
#include "scanner/rules/vocabulary.def"
	POLICY_MODE_COUNT
};

enum mx_status {
#define MX_STATUS(symbol, word, sentence) MX_STATUS_##symbol,
#include "scanner/rules/vocabulary.def"
	MX_STATUS_COUNT
};

enum starttls_status {
#define STARTTLS_STATUS(symbol, word, sentence) STARTTLS_STATUS_##symbol,
#include "scanner/rules/vocabulary.def"
	STARTTLS_STATUS_COUNT
};

enum dane_status {
#define DANE_STATUS(symbol, word, sentence) DANE_STATUS_##symbol,
#include "scanner/rules/vocabulary.def"
	DANE_STATUS_COUNT
};

enum verdict {
#define VERDICT(symbol, word, sentence) VERDICT_##symbol,
#include "scanner/rules/vocabulary.def"
	VERDICT_COUNT
};

enum tls_version {
#define TLS_VERSION(symbol, word, sentence) TLS_VERSION_##symbol,
#include "scanner/rules/vocabulary.def"
	TLS_VERSION_COUNT
};

enum name_by {
#define NAME_BY(symbol, word, sentence) NAME_BY_##symbol,
#include "scanner/rules/vocabulary.def"
	NAME_BY_COUNT
};

enum mx_match {
#define MX_MATCH(symbol, word, sentence) MX_MATCH_##symbol,
#include "scanner/rules/vocabulary.def"
	MX_MATCH_COUNT
};

enum mx_class {
#define MX_CLASS(symbol, word, sentence) MX_CLASS_##symbol,
#include "scanner/rules/vocabulary.def"
	MX_CLASS_COUNT
};

/* Questions of --also. */
enum also {
#define ALSO(symbol, word, sentence) ALSO_##symbol,
#include "scanner/rules/vocabulary.def"
	ALSO_COUNT
};

enum also_status {
#define ALSO_STATUS(symbol, word, sentence) ALSO_STATUS_##symbol,
#include "scanner/rules/vocabulary.def"
	ALSO_STATUS_COUNT
};

enum also_policy {
#define ALSO_POLICY(symbol, word, sentence) ALSO_POLICY_##symbol,
#include "scanner/rules/vocabulary.def"
	ALSO_POLICY_COUNT
};

/* What is not known is not "no". */
enum tri { TRI_UNKNOWN, TRI_NO, TRI_YES };

const char *outcome_word(enum outcome o);
const char *outcome_sentence(enum outcome o);
const char *outcome_layer(enum outcome o);
enum outcome_class outcome_class(enum outcome o);
const char *outcome_class_word(enum outcome o);

const char *record_status_word(enum record_status s);
const char *policy_status_word(enum policy_status s);
const char *policy_mode_word(enum policy_mode m);
const char *mx_status_word(enum mx_status s);
const char *starttls_status_word(enum starttls_status s);
const char *dane_status_word(enum dane_status s);
const char *verdict_word(enum verdict v);
const char *tls_version_word(enum tls_version v);
const char *name_by_word(enum name_by n);
const char *mx_match_word(enum mx_match m);
const char *mx_class_word(enum mx_class c);
const char *also_word(enum also q);
const char *also_status_word(enum also_status s);
const char *also_policy_word(enum also_policy p);

/* For `mxcensus schema`: every set with its words, in order. */
struct vocabulary_word {
	const char *set; /* "record_status" */
	const char *word;
	const char *sentence;
};
const struct vocabulary_word *vocabulary_words(size_t *n);
