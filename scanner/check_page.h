/* SPDX-License-Identifier: Apache-2.0
 *
 * check_page.h: a page of text for a terminal: 80 columns, ink where wanted.
 */
#pragma once

#include <stdio.h>

#include "scanner/base/text.h"

#define PAGE_COLUMNS 80
#define PAGE_LABEL 13 /* where the text behind a label begins */

enum ink { INK_PLAIN, INK_BOLD, INK_DIM, INK_GOOD, INK_WARN, INK_BAD };

struct page {
	FILE *out;
	bool colour;
};

/* Is the stream a terminal, and does the user not mind colour (NO_COLOR)? */
bool page_wants_colour(FILE *out);
/* The text, then blanks up to `width`. */
void page_cell(const struct page *p, enum ink ink, size_t width,
    const char *text);
void page_heading(const struct page *p, const char *text);
/*
 * The text from `column`, where the cursor stands, wrapped at blanks; further
 * lines begin at `indent`.  A word wider than the page is broken.
 */
void page_wrap(const struct page *p, enum ink ink, size_t column,
    size_t indent, struct slice text);
/* "  label      text" */
void page_row(const struct page *p, const char *label, enum ink ink,
    struct slice text);
