/* SPDX-License-Identifier: Apache-2.0
 *
 * name.c: domain names as people write them, as RFC 5321 has them, and where
 * the registrable part begins.  Used by the list reader, the policy parser,
 * the gate.  The only user of libidn2 and libpsl.
 */
#include "scanner/rules/name.h"

#include <idn2.h>
#include <libpsl.h>
#include <string.h>

#include "scanner/base/limits.h"

#include "scanner/base/banned.h"

/* U-labels are longer than A-labels; nothing sensible is longer than this. */
#define INPUT_MAX_BYTES (4 * LIMIT_NAME_BYTES)

const char *
name_error_word(enum name_error e)
{
	switch (e) {
	case NAME_OK:
		return "ok";
	case NAME_EMPTY:
		return "empty";
	case NAME_TOO_LONG:
		return "too_long";
	case NAME_LABEL_TOO_LONG:
		return "label_too_long";
	case NAME_EMPTY_LABEL:
		return "empty_label";
	case NAME_BAD_BYTE:
		return "bad_byte";
	case NAME_BAD_IDN:
		return "bad_idn";
	case NAME_IS_ADDRESS:
		return "is_address";
	case NAME_HYPHEN:
		return "hyphen";
	case NAME_SINGLE_LABEL:
		return "single_label";
	}
	return "unknown";
}

const char *
name_error_text(enum name_error e)
{
	switch (e) {
	case NAME_OK:
		return "a domain name";
	case NAME_EMPTY:
		return "empty";
	case NAME_TOO_LONG:
		return "longer than 253 bytes";
	case NAME_LABEL_TOO_LONG:
		return "a label is longer than 63 bytes";
	case NAME_EMPTY_LABEL:
		return "an empty label (two dots in a row, or one in front)";
	case NAME_BAD_BYTE:
		return "a byte that is no letter, digit, hyphen or underscore";
	case NAME_BAD_IDN:
		return "letters that internationalised names may not have";
	case NAME_IS_ADDRESS:
		return "an IP address, not a domain name";
	case NAME_HYPHEN:
		return "a label begins or ends with a hyphen";
	case NAME_SINGLE_LABEL:
		return "a single label without a dot";
	}
	return "unknown";
}

static bool
is_label_byte(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_';
}

/* Four numbers of 0 to 255. */
static bool
is_dotted_quad(struct slice s)
{
	for (int i = 0; i < 4; i++) {
		size_t dot = slice_find(s, '.');
		uint64_t v;

		if (!slice_to_u64(slice_upto(s, dot), 3, &v) || v > 255)
			return false;
		if ((i < 3) != (dot < s.n))
			return false;
		s = slice_from(s, dot + 1);
	}
	return true;
}

bool
name_is_address(struct slice s)
{
	return is_dotted_quad(s) || slice_find(s, ':') < s.n ||
	    slice_find(s, '[') < s.n || slice_find(s, ']') < s.n;
}

/* An address in a list: no URL, no "host:25". */
static bool
looks_like_address(struct slice s)
{
	if (is_dotted_quad(s))
		return true;
	if (slice_find(s, ':') == s.n)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = ascii_lower(s.p[i]);

		if (!ascii_is_digit(c) && !(c >= 'a' && c <= 'f') &&
		    c != ':' && c != '.' && c != '[' && c != ']')
			return false;
	}
	return true;
}

static enum name_error
check_label(struct slice label)
{
	if (label.n == 0)
		return NAME_EMPTY_LABEL;
	if (label.n > LIMIT_LABEL_BYTES)
		return NAME_LABEL_TOO_LONG;
	if (label.p[0] == '-' || label.p[label.n - 1] == '-')
		return NAME_HYPHEN;
	return NAME_OK;
}

/* An ASCII name without the root dot. */
static enum name_error
check_ascii(struct slice s)
{
	struct slice rest = s;

	if (s.n == 0)
		return NAME_EMPTY;
	if (looks_like_address(s))
		return NAME_IS_ADDRESS;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '.' && !is_label_byte(s.p[i]))
			return NAME_BAD_BYTE;
	for (;;) {
		size_t dot = slice_find(rest, '.');
		enum name_error e = check_label(slice_upto(rest, dot));

		if (e != NAME_OK)
			return e;
		if (dot == rest.n)
			break;
		rest = slice_from(rest, dot + 1);
	}
	if (s.n > LIMIT_NAME_BYTES)
		return NAME_TOO_LONG;
	if (slice_find(s, '.') == s.n)
		return NAME_SINGLE_LABEL;
	return NAME_OK;
}

static bool
is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* IDNA 2008 with the mapping of UTS 46 (upper case, full-width forms). */
static enum name_error
to_a_labels(struct arena *a, struct slice in, struct slice *out)
{
	struct slice z = arena_slice(a, in);
	uint8_t *ascii = NULL;
	int rc;

	if (!slice_is_utf8(in) || memchr(z.p, '\0', z.n) != NULL)
		return NAME_BAD_BYTE;
	rc = idn2_lookup_u8((const uint8_t *)z.p, &ascii,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc == IDN2_TOO_BIG_DOMAIN)
		return NAME_TOO_LONG;
	if (rc == IDN2_TOO_BIG_LABEL)
		return NAME_LABEL_TOO_LONG;
	if (rc != IDN2_OK)
		return NAME_BAD_IDN;
	*out = arena_slice(a, slice_of((const char *)ascii));
	idn2_free(ascii);
	return NAME_OK;
}

enum name_error
name_normalize(struct arena *a, struct slice in, struct slice *out)
{
	struct slice s = slice_trim(in);
	enum name_error e;
	char *p;

	*out = SLICE_EMPTY;
	if (s.n == 0)
		return NAME_EMPTY;
	if (s.n > INPUT_MAX_BYTES)
		return NAME_TOO_LONG;
	if (!is_ascii(s)) {
		e = to_a_labels(a, s, &s);
		if (e != NAME_OK)
			return e;
	}
	if (slice_ends(s, SLICE_LIT(".")))
		s.n--;
	e = check_ascii(s);
	if (e != NAME_OK)
		return e;
	p = arena_alloc(a, s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_lower(s.p[i]);
	*out = slice_make(p, s.n);
	return NAME_OK;
}

/*
 * RFC 5321 4.1.2: Domain = sub-domain *("." sub-domain), sub-domain =
 * Let-dig [Ldh-str].  All-numeric labels pass, underscores do not.
 */
bool
name_is_domain(struct slice s)
{
	if (s.n == 0 || s.n > LIMIT_NAME_BYTES)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '.' && !ascii_is_alnum(s.p[i]) && s.p[i] != '-')
			return false;
	for (;;) {
		size_t dot = slice_find(s, '.');

		if (check_label(slice_upto(s, dot)) != NAME_OK)
			return false;
		if (dot == s.n)
			return true;
		s = slice_from(s, dot + 1);
	}
}

/* The last two labels, for a library built without the list. */
static struct slice
last_two_labels(struct slice s)
{
	size_t dots = 0;

	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == '.' && ++dots == 2)
			return slice_from(s, i);
	return s;
}

struct slice
name_registrable(struct slice s)
{
	const psl_ctx_t *psl = psl_builtin();
	char z[LIMIT_NAME_BYTES + 1];
	struct strbuf b = strbuf_of(z, sizeof(z));
	const char *hit;

	strbuf_add(&b, s);
	if (b.cut || memchr(z, '\0', b.n) != NULL)
		return s;
	if (psl == NULL)
		return last_two_labels(s);
	hit = psl_registrable_domain(psl, z);
	return hit == NULL ? s : slice_from(s, (size_t)(hit - z));
}

bool
name_is_localhost(struct slice s)
{
	size_t dot = s.n;

	while (dot > 0 && s.p[dot - 1] != '.')
		dot--;
	return slice_eq_nocase(slice_from(s, dot), SLICE_LIT("localhost"));
}
