/* SPDX-License-Identifier: Apache-2.0
 *
 * options.c: options.def as a parser, as help, as a man page and as the
 * options field of the scan record.
 */
#include "scanner/options.h"

#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#include "scanner/base/log.h"
#include "scanner/base/text.h"

#include "scanner/base/banned.h"

#define HELP_COLUMN 30
#define HELP_WIDTH 80

/* The heading of a row is the last GROUP before it; rows of NULL name. */
static const struct option_row table[] = {
#define GROUP(heading) { .group = heading },
#define OPT(field, name_, letter_, type_, arg_, def_, min_, max_, sentence_) \
	{ NULL, name_, letter_, OPTION_##type_, arg_, #def_, min_, max_, \
	    sentence_, offsetof(struct options, field) },
#include "scanner/options.def"
#undef OPT
#undef GROUP
};
#define TABLE_ROWS (sizeof(table) / sizeof(table[0]))

static struct option_row rows[TABLE_ROWS];
static size_t n_rows;

/* "NULL" and "0" of a flag are no default; quotes come off. */
static const char *
default_text(const struct option_row *row, char *buf, size_t cap)
{
	struct slice def = slice_of(row->def);
	struct strbuf b = strbuf_of(buf, cap);

	if (row->type == OPTION_FLAG || slice_eq(def, SLICE_LIT("NULL")))
		return "";
	if (def.n >= 2 && def.p[0] == '"')
		def = slice_upto(slice_from(def, 1), def.n - 2);
	strbuf_add(&b, def);
	return b.p;
}

const struct option_row *
options_rows(size_t *n)
{
	static char texts[TABLE_ROWS][64];
	const char *group = "";

	if (n_rows == 0) {
		for (size_t i = 0; i < TABLE_ROWS; i++) {
			struct option_row *r = &rows[n_rows];

			if (table[i].name == NULL) {
				group = table[i].group;
				continue;
			}
			*r = table[i];
			r->group = group;
			r->def = default_text(&table[i], texts[n_rows],
			    sizeof(texts[0]));
			n_rows++;
		}
	}
	*n = n_rows;
	return rows;
}

void
options_defaults(struct options *o)
{
	*o = (struct options){
#define OPTION_DEFAULT_FLAG(field, def)
#define OPTION_DEFAULT_UINT(field, def) .field = def,
#define OPTION_DEFAULT_STR(field, def) .field = def,
#define OPTION_DEFAULT_LIST(field, def)
#define GROUP(heading)
#define OPT(field, name, letter, type, arg, def, min, max, sentence) \
	OPTION_DEFAULT_##type(field, def)
#include "scanner/options.def"
#undef OPT
#undef GROUP
	};
}

bool
options_set(struct options *o, const struct option_row *r, const char *value)
{
	char *at = (char *)o + r->offset;
	uint64_t number;

	switch (r->type) {
	case OPTION_FLAG:
		*(bool *)at = true;
		return true;
	case OPTION_STR:
		*(const char **)at = value;
		return true;
	case OPTION_LIST: {
		struct option_list *l = (struct option_list *)at;

		if (l->n == OPTION_LIST_MAX) {
			log_error("--%s is given more than %d times", r->name,
			    OPTION_LIST_MAX);
			return false;
		}
		l->v[l->n++] = value;
		return true;
	}
	case OPTION_UINT:
		if (!slice_to_u64(slice_of(value), 19, &number) ||
		    number < r->min || number > r->max) {
			log_error("--%s %s: give a number from %" PRIu64
			    " to %" PRIu64, r->name, value, r->min, r->max);
			return false;
		}
		*(uint64_t *)at = number;
		return true;
	}
	return false;
}

static void
fill_getopt(struct option *longs, char *shorts, size_t cap)
{
	struct strbuf b = strbuf_of(shorts, cap);
	size_t n;
	const struct option_row *r = options_rows(&n);

	strbuf_add(&b, SLICE_LIT(":h"));
	for (size_t i = 0; i < n; i++) {
		longs[i] = (struct option){ r[i].name,
			r[i].arg == NULL ? no_argument : required_argument,
			NULL, 256 + (int)i };
		if (r[i].letter == 0)
			continue;
		strbuf_char(&b, r[i].letter);
		if (r[i].arg != NULL)
			strbuf_char(&b, ':');
	}
	longs[n] = (struct option){ "help", no_argument, NULL, 'h' };
	longs[n + 1] = (struct option){ NULL, 0, NULL, 0 };
}

static const struct option_row *
row_of(int c)
{
	size_t n;
	const struct option_row *r = options_rows(&n);

	if (c >= 256 && (size_t)c < 256 + n)
		return &r[c - 256];
	for (size_t i = 0; i < n; i++)
		if (r[i].letter != 0 && r[i].letter == c)
			return &r[i];
	return NULL;
}

static enum options_result
bad_option(int c, char **argv)
{
	const char *word = argv[optind - 1];

	if (c == ':')
		log_error("%s wants a value; `mxcensus scan --help` lists the "
		    "options", word);
	else
		log_error("unknown option %s; `mxcensus scan --help` lists "
		    "them", word);
	return OPTIONS_BAD;
}

enum options_result
options_parse(int argc, char **argv, struct options *o)
{
	struct option longs[TABLE_ROWS + 2];
	char shorts[2 * TABLE_ROWS + 4];
	int c;

	options_defaults(o);
	fill_getopt(longs, shorts, sizeof(shorts));
	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_row *r;

		if (c == 'h')
			return OPTIONS_HELP;
		r = c == '?' || c == ':' ? NULL : row_of(c);
		if (r == NULL)
			return bad_option(c, argv);
		if (!options_set(o, r, optarg))
			return OPTIONS_BAD;
	}
	if (optind + 1 < argc) {
		log_error("more than one list: %s and %s; put them into one",
		    argv[optind], argv[optind + 1]);
		return OPTIONS_BAD;
	}
	if (optind == argc) {
		log_error("no list: name a file of domains, or - for standard "
		    "input (mxcensus scan LIST -o FILE.mxc)");
		return OPTIONS_BAD;
	}
	o->list = argv[optind];
	return OPTIONS_OK;
}

/* The sentence, wrapped behind HELP_COLUMN. */
static void
print_wrapped(FILE *out, const char *text)
{
	size_t column = HELP_COLUMN;
	const char *gap = "";

	while (*text != '\0') {
		size_t word = strcspn(text, " ");

		if (column + strlen(gap) + word > HELP_WIDTH) {
			fprintf(out, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
			gap = "";
		}
		column += (size_t)fprintf(out, "%s%.*s", gap, (int)word, text);
		gap = " ";
		text += word + strspn(text + word, " ");
	}
	fputc('\n', out);
}

void
options_help_row(FILE *out, const struct option_row *r)
{
	char left[64], text[512];
	struct strbuf b = strbuf_of(left, sizeof(left));
	struct strbuf t = strbuf_of(text, sizeof(text));

	if (r->letter != 0)
		strbuf_fmt(&b, "  -%c, --%s", r->letter, r->name);
	else
		strbuf_fmt(&b, "      --%s", r->name);
	if (r->arg != NULL)
		strbuf_fmt(&b, " %s", r->arg);
	if (b.n + 2 > HELP_COLUMN)
		fprintf(out, "%s\n%*s", left, HELP_COLUMN, "");
	else
		fprintf(out, "%-*s", HELP_COLUMN, left);
	strbuf_add(&t, slice_of(r->sentence));
	if (r->def[0] != '\0')
		strbuf_fmt(&t, " (%s)", r->def);
	print_wrapped(out, text);
}

void
options_help_rows(FILE *out, bool (*pick)(struct option_row *row))
{
	size_t n;
	const struct option_row *r = options_rows(&n);
	const char *group = "";

	for (size_t i = 0; i < n; i++) {
		struct option_row row = r[i];

		if (pick != NULL && !pick(&row))
			continue;
		if (strcmp(group, row.group) != 0) {
			group = row.group;
			fprintf(out, "\n%s:\n", group);
		}
		options_help_row(out, &row);
	}
}

void
options_help(FILE *out)
{
	fputs("usage: mxcensus scan [options] LIST -o FILE.mxc\n"
	    "\n"
	    "Finds out, for every domain of LIST, how its inbound mail is "
	    "protected, and\nwrites one record for each into FILE.mxc.\n"
	    "\n"
	    "LIST is a file or - for standard input, plain, .gz or .zst: one "
	    "name a line, a\nrank,domain CSV, or a zone file, whose delegated "
	    "names are taken.\n", out);
	options_help_rows(out, NULL);
	fprintf(out, "  -h, --help%*sshow this\n\n", HELP_COLUMN - 12, "");
	fputs("Exit status: 0 every line has its record; 1 usage or input; "
	    "2 stopped early, the\nfile is whole and --resume goes on with it; "
	    "3 our own failure.\n", out);
}

void
options_man_row(FILE *out, const struct option_row *r)
{
	fputs(".TP\n.B ", out);
	if (r->letter != 0)
		fprintf(out, "\\-%c\\fR, \\fB", r->letter);
	fputs("\\-\\-", out);
	for (const char *p = r->name; *p != '\0'; p++)
		fputs(*p == '-' ? "\\-" : (char[]){ *p, 0 }, out);
	if (r->arg != NULL)
		fprintf(out, " \\fI%s\\fR", r->arg);
	fprintf(out, "\n%s", r->sentence);
	if (r->def[0] != '\0')
		fprintf(out, " (default: %s)", r->def);
	fputs(".\n", out);
}

void
options_man(FILE *out)
{
	size_t n;
	const struct option_row *r = options_rows(&n);
	const char *group = "";

	for (size_t i = 0; i < n; i++) {
		if (strcmp(group, r[i].group) != 0) {
			group = r[i].group;
			fprintf(out, ".SS %s\n", group);
		}
		options_man_row(out, &r[i]);
	}
}

static void
say_if_changed(const struct options *o, const struct option_row *r,
    void (*say)(void *ctx, const char *text), void *ctx)
{
	const char *at = (const char *)o + r->offset;
	char text[1024], number[32];
	const char *value = NULL;

	switch (r->type) {
	case OPTION_FLAG:
		value = *(const bool *)at ? "yes" : NULL;
		break;
	case OPTION_UINT:
		snprintf(number, sizeof(number), "%" PRIu64,
		    *(const uint64_t *)at);
		value = number;
		break;
	case OPTION_STR:
		value = *(const char *const *)at;
		break;
	case OPTION_LIST: {
		const struct option_list *l = (const struct option_list *)at;

		for (size_t i = 0; i < l->n; i++) {
			snprintf(text, sizeof(text), "%s=%s", r->name, l->v[i]);
			say(ctx, text);
		}
		return;
	}
	}
	if (value == NULL || strcmp(value, r->def) == 0)
		return;
	snprintf(text, sizeof(text), "%s=%s", r->name, value);
	say(ctx, text);
}

void
options_changed(const struct options *o,
    void (*say)(void *ctx, const char *text), void *ctx)
{
	size_t n;
	const struct option_row *r = options_rows(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(r[i].name, "output") != 0)
			say_if_changed(o, &r[i], say, ctx);
}
