/* SPDX-License-Identifier: Apache-2.0
 *
 * fields.c: `v=X; key=value; ...`, the grammar that RFC 8461 3.1 and RFC 8460
 * 3 share:
 *
 *   record = version 1*(delim field) [delim]
 *   delim  = *WSP ";" *WSP
 *   ext    = name "=" value
 *   name   = (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".")
 *   value  = 1*(%x21-3A / %x3C / %x3E-7E)
 *
 * Pure; slices borrow from the record.
 */
#include "scanner/rules/fields.h"

#include "scanner/base/banned.h"

#define EXTENSION_NAME_BYTES 32

static void
skip_wsp(struct cursor *c)
{
	(void)cursor_run(c, ascii_is_wsp, SIZE_MAX);
}

enum fields_prefix
fields_prefix(struct slice txt, struct slice literal)
{
	struct cursor c = cursor_of(txt.p, txt.n);
	bool space;

	if (!cursor_lit(&c, literal))
		return FIELDS_OTHER;
	space = cursor_peek(&c) == ' ' || cursor_peek(&c) == '\t';
	skip_wsp(&c);
	if (cursor_peek(&c) != ';')
		return FIELDS_UNENDED;
	return space ? FIELDS_SPACE : FIELDS_VERSION;
}

struct fields
fields_begin(struct slice txt, struct slice literal)
{
	struct fields f = { cursor_of(txt.p, txt.n), false };

	(void)cursor_lit(&f.c, literal);
	skip_wsp(&f.c);
	(void)cursor_lit(&f.c, SLICE_LIT(";"));
	skip_wsp(&f.c);
	return f;
}

/* Without the white space at the end; says whether there was some. */
static struct slice
trim_end(struct slice s, bool *trimmed)
{
	*trimmed = false;
	while (s.n > 0 && ascii_is_wsp(s.p[s.n - 1])) {
		s.n--;
		*trimmed = true;
	}
	return s;
}

bool
fields_next(struct fields *f, struct slice *name, struct slice *value)
{
	while (cursor_left(&f->c) > 0) {
		bool trimmed;
		struct slice field = trim_end(cursor_until(&f->c, ';'),
		    &trimmed);
		size_t equals = slice_find(field, '=');

		/* White space belongs to a delimiter; none follows here. */
		if (trimmed && cursor_left(&f->c) == 0)
			f->malformed = true;
		(void)cursor_lit(&f->c, SLICE_LIT(";"));
		skip_wsp(&f->c);
		if (equals == field.n) {
			f->malformed = true;
			continue;
		}
		*name = slice_upto(field, equals);
		*value = slice_from(field, equals + 1);
		return true;
	}
	return false;
}

static bool
is_name_byte(char c)
{
	return ascii_is_alnum(c) || c == '_' || c == '-' || c == '.';
}

static bool
is_value_byte(char c)
{
	return c >= 0x21 && c <= 0x7e && c != ';' && c != '=';
}

bool
fields_is_name(struct slice name)
{
	if (name.n == 0 || name.n > EXTENSION_NAME_BYTES ||
	    !ascii_is_alnum(name.p[0]))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!is_name_byte(name.p[i]))
			return false;
	return true;
}

bool
fields_is_extension(struct slice name, struct slice value)
{
	if (!fields_is_name(name) || value.n == 0)
		return false;
	for (size_t i = 0; i < value.n; i++)
		if (!is_value_byte(value.p[i]))
			return false;
	return true;
}

bool
fields_once(struct fields_seen *seen, struct slice name)
{
	for (size_t i = 0; i < seen->n; i++)
		if (slice_eq(seen->name[i], name))
			return false;
	if (seen->n < FIELDS_SEEN)
		seen->name[seen->n++] = name;
	return true;
}

/* `v` WSP* `=` WSP* and the word, behind white space and quotes. */
static bool
begins_like_version(struct slice txt, struct slice word)
{
	while (txt.n > 0 && (ascii_is_wsp(txt.p[0]) || txt.p[0] == '"' ||
	    txt.p[0] == '\''))
		txt = slice_from(txt, 1);
	if (!slice_starts_nocase(txt, SLICE_LIT("v")))
		return false;
	txt = slice_trim(slice_from(txt, 1));
	if (!slice_starts(txt, SLICE_LIT("=")))
		return false;
	return slice_starts_nocase(slice_trim(slice_from(txt, 1)), word);
}

bool
fields_resemble(struct slice txt, const struct fields_kind *kind)
{
	return slice_contains_nocase(txt, kind->version) ||
	    begins_like_version(txt, kind->word) ||
	    slice_starts_nocase(txt, kind->key);
}

struct fields_choice
fields_choose(const struct rrset *set, const struct fields_kind *kind)
{
	struct fields_choice out = { .n = 0 };

	for (size_t i = 0; i < set->n; i++) {
		struct slice txt = set->txt[i].joined;
		enum fields_prefix prefix = fields_prefix(txt, kind->literal);

		if (fields_resemble(txt, kind))
			out.resembles = true;
		if (prefix == FIELDS_VERSION ||
		    (prefix != FIELDS_OTHER && set->n == 1)) {
			out.n++;
			out.txt = txt;
		} else {
			out.dropped = true;
			if (prefix == FIELDS_SPACE) {
				out.n_space++;
				out.txt_space = txt;
			}
		}
	}
	return out;
}
