/* SPDX-License-Identifier: Apache-2.0
 *
 * check_page.c: words, blanks and ink.  Texts come in clean: what a stranger
 * wrote went through check_view.c, which lets printable ASCII through.
 */
#include "scanner/check_page.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scanner/base/banned.h"

static const char *const ink_codes[] = {
	[INK_PLAIN] = "", [INK_BOLD] = "\033[1m", [INK_DIM] = "\033[2m",
	[INK_GOOD] = "\033[32m", [INK_WARN] = "\033[33m",
	[INK_BAD] = "\033[1;31m",
};

bool
page_wants_colour(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(out)) && (no == NULL || no[0] == '\0') &&
	    (term == NULL || strcmp(term, "dumb") != 0);
}

static void
ink_on(const struct page *p, enum ink ink)
{
	if (p->colour && ink != INK_PLAIN)
		fputs(ink_codes[ink], p->out);
}

static void
ink_off(const struct page *p, enum ink ink)
{
	if (p->colour && ink != INK_PLAIN)
		fputs("\033[0m", p->out);
}

static void
put(const struct page *p, enum ink ink, struct slice text)
{
	if (text.n == 0)
		return;
	ink_on(p, ink);
	fprintf(p->out, "%.*s", SLICE_ARG(text));
	ink_off(p, ink);
}

static void
next_line(const struct page *p, enum ink ink, size_t indent)
{
	ink_off(p, ink);
	fprintf(p->out, "\n%*s", (int)indent, "");
	ink_on(p, ink);
}

void
page_cell(const struct page *p, enum ink ink, size_t width, const char *text)
{
	size_t n = strlen(text);

	put(p, ink, slice_make(text, n));
	if (n < width)
		fprintf(p->out, "%*s", (int)(width - n), "");
}

void
page_heading(const struct page *p, const char *text)
{
	fputc('\n', p->out);
	put(p, INK_BOLD, slice_of(text));
	fputc('\n', p->out);
}

void
page_wrap(const struct page *p, enum ink ink, size_t column, size_t indent,
    struct slice text)
{
	bool fresh = true; /* nothing on this line yet */

	ink_on(p, ink);
	text = slice_trim(text);
	while (text.n > 0) {
		size_t word = slice_find(text, ' ');
		size_t room = PAGE_COLUMNS - column;
		size_t n = word < room ? word : room;

		if (!fresh && word + 1 > room) {
			next_line(p, ink, indent);
			column = indent;
			fresh = true;
			continue;
		}
		if (!fresh)
			fputc(' ', p->out);
		fprintf(p->out, "%.*s", (int)n, text.p);
		column += n + !fresh;
		fresh = false;
		text = slice_trim(slice_from(text, n));
		if (n < word) {
			next_line(p, ink, indent);
			column = indent;
			fresh = true;
		}
	}
	ink_off(p, ink);
	fputc('\n', p->out);
}

void
page_row(const struct page *p, const char *label, enum ink ink,
    struct slice text)
{
	fputs("  ", p->out);
	page_cell(p, INK_DIM, PAGE_LABEL - 2, label);
	page_wrap(p, ink, PAGE_LABEL, PAGE_LABEL, text);
}
