/* SPDX-License-Identifier: Apache-2.0
 *
 * sts_policy.c: the policy file (RFC 8461 3.2).
 *
 * One file, three readings of it, line by line:
 *
 *   strict   the ABNF, and a known key with a bad value is a fault
 *   literal  the bare ABNF, in which such a line is an extension
 *   lenient  what forgiving senders make of it: lines trimmed, blank and
 *            colon-less ones skipped, one trailing dot of an mx dropped,
 *            max_age clamped
 *
 * The strict reading decides and raises the findings; where the literal one
 * differs the policy is ambiguous.  In all of them the first entry of a key
 * other than mx wins.
 */
#include "scanner/rules/sts.h"

#include "scanner/base/limits.h"
#include "scanner/rules/fields.h"
#include "scanner/rules/name.h"

#include "scanner/base/banned.h"

#define MAX_AGE_MAX 31557600 /* RFC 8461 3.2: about one year */
#define MAX_AGE_DIGITS 10
#define DAY_SECONDS 86400
/*
 * RFC 8461 3.2 expects weeks; below a day senders forget a policy between two
 * mails.  Guarded: a test builds with another bound.
 */
#ifndef MAX_AGE_SHORT_S
#define MAX_AGE_SHORT_S DAY_SECONDS
#endif
/* Google Workspace's help: test for two weeks. */
#define TESTING_MAX_SECONDS (14 * DAY_SECONDS)

enum key { KEY_VERSION, KEY_MODE, KEY_MAX_AGE, KEY_MX, KEY_COUNT };

static const struct slice key_names[KEY_COUNT] = {
	[KEY_VERSION] = { "version", 7 },
	[KEY_MODE] = { "mode", 4 },
	[KEY_MAX_AGE] = { "max_age", 7 },
	[KEY_MX] = { "mx", 2 },
};

enum reading_kind { STRICT, LITERAL, LENIENT };

struct reading {
	enum reading_kind kind;
	bool seen[KEY_COUNT]; /* a first entry came */
	bool good[KEY_COUNT]; /* and it has a good value */
	enum policy_mode mode;
	uint64_t max_age;
	size_t n_mx, n_bad_mx;
	bool dot;             /* a bad mx is good but for the dot at its end */
	bool malformed;       /* a line that the grammar does not know */
	bool duplicate;
};

struct parser {
	struct arena *arena;
	struct reading reading[3];
	struct vec mx;    /* good patterns of the strict reading */
	struct vec names; /* keys met that are not known */
	bool key_case;
	bool bom;
};

/* RFC 8461 3.2: ["*."] Domain (RFC 5321 4.1.2). */
static bool
is_pattern(struct slice value)
{
	if (slice_starts(value, SLICE_LIT("*.")))
		value = slice_from(value, 2);
	return name_is_domain(value);
}

/*
 * sts-policy-ext-value: no controls (TAB among them), no space at the ends.
 * The line's bytes are checked before.
 */
static bool
is_extension_value(struct slice value)
{
	return value.n > 0 && slice_find(value, '\t') == value.n &&
	    slice_trim(value).n == value.n;
}

static enum policy_mode
mode_of(struct slice value)
{
	if (slice_eq(value, SLICE_LIT("enforce")))
		return POLICY_MODE_ENFORCE;
	if (slice_eq(value, SLICE_LIT("testing")))
		return POLICY_MODE_TESTING;
	if (slice_eq(value, SLICE_LIT("none")))
		return POLICY_MODE_NONE;
	return POLICY_MODE_NULL;
}

static bool
is_good(enum key key, struct slice value)
{
	uint64_t seconds;

	switch (key) {
	case KEY_VERSION:
		return slice_eq(value, SLICE_LIT("STSv1"));
	case KEY_MODE:
		return mode_of(value) != POLICY_MODE_NULL;
	case KEY_MAX_AGE:
		return slice_to_u64(value, MAX_AGE_DIGITS, &seconds);
	case KEY_MX:
		return is_pattern(value);
	case KEY_COUNT:
		break;
	}
	return false;
}

static void
take_mx(struct parser *p, struct reading *r, struct slice value)
{
	if (r->kind == LENIENT && slice_ends(value, SLICE_LIT(".")))
		value.n--;
	if (!is_pattern(value)) {
		r->n_bad_mx++;
		if (slice_ends(value, SLICE_LIT(".")) &&
		    is_pattern(slice_upto(value, value.n - 1)))
			r->dot = true;
		return;
	}
	r->n_mx++;
	if (r->kind == STRICT)
		*(struct slice *)vec_push(p->arena, &p->mx) = value;
}

/* One line with a known key, as one reading takes it. */
static void
take_known(struct parser *p, struct reading *r, enum key key,
    struct slice value)
{
	bool good = is_good(key, value);

	if (r->kind == LITERAL && !good) {
		if (!is_extension_value(value))
			r->malformed = true;
		return;
	}
	if (key == KEY_MX) {
		take_mx(p, r, value);
		return;
	}
	if (r->seen[key]) {
		/* Ignored, but a line of the grammar it must be. */
		r->duplicate = true;
		if (r->kind != LENIENT && !is_extension_value(value))
			r->malformed = true;
		return;
	}
	r->seen[key] = true;
	r->good[key] = good;
	if (key == KEY_MODE)
		r->mode = mode_of(value);
	if (key == KEY_MAX_AGE && good)
		(void)slice_to_u64(value, MAX_AGE_DIGITS, &r->max_age);
}

static void
take_unknown(struct parser *p, struct slice name)
{
	const struct slice *met = p->names.p;

	for (size_t i = 0; i < p->names.n; i++)
		if (slice_eq(met[i], name))
			p->reading[STRICT].duplicate = true;
	*(struct slice *)vec_push(p->arena, &p->names) = name;
	for (enum key k = 0; k < KEY_COUNT; k++)
		if (slice_eq_nocase(name, key_names[k]))
			p->key_case = true;
}

static enum key
key_of(struct slice name)
{
	enum key k = 0;

	while (k < KEY_COUNT && !slice_eq(name, key_names[k]))
		k++;
	return k;
}

/* Printable ASCII, TAB, space, and UTF-8 beyond ASCII. */
static bool
has_legal_bytes(struct slice line)
{
	for (size_t i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return slice_is_utf8(line);
}

static void
malformed_line(struct parser *p)
{
	p->reading[STRICT].malformed = true;
	p->reading[LITERAL].malformed = true;
}

/* field *WSP, where field is name ":" *WSP value. */
static void
strict_line(struct parser *p, struct slice line)
{
	size_t colon = slice_find(line, ':');
	struct slice name = slice_upto(line, colon);
	struct slice value = slice_trim(slice_from(line, colon + 1));
	enum key key = key_of(name);

	if (colon == line.n || !fields_is_name(name) ||
	    !has_legal_bytes(line)) {
		malformed_line(p);
		return;
	}
	if (key < KEY_COUNT) {
		take_known(p, &p->reading[STRICT], key, value);
		take_known(p, &p->reading[LITERAL], key, value);
		return;
	}
	take_unknown(p, name);
	if (!is_extension_value(value))
		malformed_line(p);
}

static struct slice
trim_any_space(struct slice s)
{
	while (s.n > 0 && (s.p[0] == ' ' || (s.p[0] >= '\t' &&
	    s.p[0] <= '\r')))
		s = slice_from(s, 1);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || (s.p[s.n - 1] >= '\t' &&
	    s.p[s.n - 1] <= '\r')))
		s.n--;
	return s;
}

static void
lenient_line(struct parser *p, struct slice line)
{
	size_t colon = slice_find(line, ':');
	enum key key = key_of(trim_any_space(slice_upto(line, colon)));

	if (colon < line.n && key < KEY_COUNT)
		take_known(p, &p->reading[LENIENT], key,
		    trim_any_space(slice_from(line, colon + 1)));
}

/*
 * field *WSP *( (LF / CRLF) field *WSP ) [LF / CRLF]: a line end parts two
 * fields or ends the file, so that nothing follows the last one.
 */
static void
walk_lines(struct parser *p, struct slice body)
{
	size_t n = 0;

	while (body.n > 0) {
		size_t end = slice_find(body, '\n');
		struct slice line = slice_upto(body, end);

		if (n++ == LIMIT_POLICY_LINES) {
			malformed_line(p);
			p->reading[LENIENT].malformed = true;
			return;
		}
		if (end < body.n && slice_ends(line, SLICE_LIT("\r")))
			line.n--;
		strict_line(p, line);
		lenient_line(p, line);
		body = slice_from(body, end + 1);
	}
}

/* RFC 8461 3.2: what a policy must hold. */
static bool
is_complete(const struct reading *r)
{
	return !r->malformed && r->good[KEY_VERSION] && r->good[KEY_MODE] &&
	    r->good[KEY_MAX_AGE] &&
	    (r->kind == LENIENT || r->max_age <= MAX_AGE_MAX) &&
	    r->n_bad_mx == 0 &&
	    (r->n_mx > 0 || r->mode == POLICY_MODE_NONE);
}

static void
raise_if(struct sts_policy *out, bool condition, enum finding f)
{
	if (condition)
		finding_raise(&out->findings, f);
}

/* A valid policy, and how long senders are to hold it. */
static void
conclude_age(struct sts_policy *out)
{
	bool wants_mx = out->mode == POLICY_MODE_ENFORCE ||
	    out->mode == POLICY_MODE_TESTING;

	if (!out->valid)
		return;
	raise_if(out, wants_mx && out->max_age < MAX_AGE_SHORT_S,
	    FINDING_STS_POLICY_MAX_AGE_SHORT);
	/* RFC 8461 8.3: a withdrawn policy for one day or so. */
	raise_if(out, (out->mode == POLICY_MODE_TESTING &&
	    out->max_age > TESTING_MAX_SECONDS) ||
	    (out->mode == POLICY_MODE_NONE && out->max_age > DAY_SECONDS),
	    FINDING_STS_POLICY_MAX_AGE_LONG);
}

static void
conclude(const struct parser *p, struct sts_policy *out)
{
	const struct reading *r = &p->reading[STRICT];
	bool by_letter = !p->bom && is_complete(&p->reading[LITERAL]);
	bool wants_mx = r->mode == POLICY_MODE_ENFORCE ||
	    r->mode == POLICY_MODE_TESTING;

	out->valid = is_complete(r) && !p->bom;
	out->valid_lenient = is_complete(&p->reading[LENIENT]) && !p->bom;
	out->ambiguous = p->key_case || (!out->valid && by_letter);
	out->mode = r->mode;
	out->has_max_age = r->good[KEY_MAX_AGE];
	out->max_age = r->max_age;
	out->mx = p->mx.p;
	out->n_mx = p->mx.n;
	raise_if(out, p->bom, FINDING_STS_POLICY_BOM);
	raise_if(out, r->malformed, FINDING_STS_POLICY_SYNTAX);
	raise_if(out, !r->good[KEY_VERSION], FINDING_STS_POLICY_VERSION);
	raise_if(out, !r->good[KEY_MODE], FINDING_STS_POLICY_MODE);
	raise_if(out, !r->good[KEY_MAX_AGE], FINDING_STS_POLICY_MAX_AGE);
	raise_if(out, r->good[KEY_MAX_AGE] && r->max_age > MAX_AGE_MAX,
	    FINDING_STS_POLICY_MAX_AGE_RANGE);
	raise_if(out, r->n_bad_mx > 0, FINDING_STS_POLICY_MX_INVALID);
	raise_if(out, wants_mx && r->n_mx == 0 && r->n_bad_mx == 0,
	    FINDING_STS_POLICY_MX_MISSING);
	raise_if(out, r->duplicate, FINDING_STS_POLICY_DUPLICATE_KEY);
	raise_if(out, p->key_case, FINDING_STS_POLICY_KEY_CASE);
	raise_if(out, r->dot, FINDING_STS_POLICY_MX_TRAILING_DOT);
	raise_if(out, !out->valid && by_letter,
	    FINDING_STS_POLICY_KEY_AS_EXTENSION);
	conclude_age(out);
}

void
sts_policy_parse(struct arena *a, struct slice body, struct sts_policy *out)
{
	struct parser p = {
		.arena = a,
		.reading = { { .kind = STRICT }, { .kind = LITERAL },
		    { .kind = LENIENT } },
		.mx = VEC_OF(struct slice),
		.names = VEC_OF(struct slice),
	};
	struct slice text;

	*out = (struct sts_policy){ .mode = POLICY_MODE_NULL };
	if (body.n == 0) {
		finding_raise(&out->findings, FINDING_STS_POLICY_EMPTY);
		return;
	}
	if (slice_starts(body, SLICE_LIT("\xff\xfe")) ||
	    slice_starts(body, SLICE_LIT("\xfe\xff"))) {
		/* UTF-16: nothing of it can be read. */
		finding_raise(&out->findings, FINDING_STS_POLICY_BOM);
		return;
	}
	if (slice_starts(body, SLICE_LIT("\xef\xbb\xbf"))) {
		p.bom = true;
		body = slice_from(body, 3);
	}
	text = trim_any_space(body);
	if (text.n > 0 && text.p[0] == '<') {
		finding_raise(&out->findings, FINDING_STS_POLICY_HTML);
		return;
	}
	walk_lines(&p, body);
	conclude(&p, out);
}
