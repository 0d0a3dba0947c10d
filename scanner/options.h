/* SPDX-License-Identifier: Apache-2.0
 *
 * options.h: the options of `mxcensus scan`, made from options.def.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define OPTION_LIST_MAX 64

struct option_list {
	const char *v[OPTION_LIST_MAX]; /* borrowed from argv */
	size_t n;
};

#define OPTION_MEMBER_FLAG bool
#define OPTION_MEMBER_UINT uint64_t
#define OPTION_MEMBER_STR const char *
#define OPTION_MEMBER_LIST struct option_list

struct options {
#define GROUP(heading)
#define OPT(field, name, letter, type, arg, def, min, max, sentence) \
	OPTION_MEMBER_##type field;
#include "scanner/options.def"
#undef OPT
#undef GROUP
	const char *list; /* the one operand */
};

enum option_type { OPTION_FLAG, OPTION_UINT, OPTION_STR, OPTION_LIST };

struct option_row {
	const char *group; /* heading this row stands under */
	const char *name;
	char letter;       /* 0: none */
	enum option_type type;
	const char *arg;   /* NULL for a flag */
	const char *def;   /* default as text; "" for none */
	uint64_t min, max; /* of a number */
	const char *sentence;
	size_t offset;     /* in struct options */
};

const struct option_row *options_rows(size_t *n);

enum options_result { OPTIONS_OK, OPTIONS_HELP, OPTIONS_BAD };

/*
 * Fills *o from argv (argv[0] is the subcommand).  BAD: one clear line was
 * logged.
 */
enum options_result options_parse(int argc, char **argv, struct options *o);
void options_help(FILE *out);

/* For a command that takes some of the rows: each by itself. */
void options_defaults(struct options *o);
/* False: the value does not do and one clear line was logged. */
bool options_set(struct options *o, const struct option_row *r,
    const char *value);
void options_help_row(FILE *out, const struct option_row *r);
/*
 * The rows under their headings.  `pick` gets a copy of each, which it may
 * change, and says whether it is shown; NULL shows all as they are.
 */
void options_help_rows(FILE *out, bool (*pick)(struct option_row *row));
void options_man_row(FILE *out, const struct option_row *r);
/* The OPTIONS section of the man page, roff. */
void options_man(FILE *out);

/*
 * "name=value" of every option that differs from its default, one call each;
 * the operand and the output are left out.
 */
void options_changed(const struct options *o,
    void (*say)(void *ctx, const char *text), void *ctx);
