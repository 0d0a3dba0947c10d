/* SPDX-License-Identifier: Apache-2.0
 *
 * also.c: the questions of `--also`.
 *
 * An SPF record is one by its first term alone (RFC 7208 4.5), a DMARC or
 * BIMI record by its first tag (RFC 7489 6.6.3); the rest of it is not
 * checked.  What its policy is, is read as far as the RFC leaves one reading.
 */
#include "scanner/rules/also.h"

#include "scanner/base/banned.h"

struct question {
	enum dns_type type;
	const char *prefix; /* of the name asked for */
};

static const struct question questions[] = {
	[ALSO_NS] = { DNS_NS, "" },
	[ALSO_DS] = { DNS_DS, "" },
	[ALSO_SPF] = { DNS_TXT, "" },
	[ALSO_DMARC] = { DNS_TXT, "_dmarc." },
	[ALSO_CAA] = { DNS_CAA, "" },
	[ALSO_BIMI] = { DNS_TXT, "default._bimi." },
	[ALSO_A] = { DNS_A, "" },
};

static bool
find_word(struct slice word, enum also *q)
{
	for (size_t i = 0; i < ALSO_COUNT; i++)
		if (slice_eq(word, slice_of(also_word((enum also)i)))) {
			*q = (enum also)i;
			return true;
		}
	return false;
}

bool
also_parse(struct slice list, unsigned *asked, struct slice *bad)
{
	*asked = 0;
	*bad = SLICE_EMPTY;
	while (list.n > 0) {
		size_t comma = slice_find(list, ',');
		struct slice word = slice_trim(slice_upto(list, comma));
		enum also q;

		list = slice_from(list, comma + 1);
		if (!find_word(word, &q)) {
			*bad = word;
			return false;
		}
		*asked |= 1u << q;
	}
	return *asked != 0;
}

enum dns_type
also_type(enum also q)
{
	return questions[q].type;
}

struct slice
also_owner(struct arena *a, enum also q, struct slice domain)
{
	if (questions[q].prefix[0] == '\0')
		return domain;
	return arena_fmt(a, "%s%.*s", questions[q].prefix, SLICE_ARG(domain));
}

bool
also_is_known(const struct lookup *mx, struct rrset *out)
{
	bool is_denied = mx->outcome == OUTCOME_NXDOMAIN && mx->n_cname == 0;

	if (!is_denied && mx->outcome != OUTCOME_EXCLUDED)
		return false;
	out->lookup.outcome = mx->outcome;
	out->lookup.secure = mx->secure;
	return true;
}

/* ---- SPF, RFC 7208 ---- */

/* The terms behind the version; false: another kind of record (4.5). */
static bool
spf_terms(struct slice txt, struct slice *terms)
{
	static const struct slice version = { "v=spf1", 6 };

	if (!slice_starts_nocase(txt, version) ||
	    (txt.n > version.n && txt.p[version.n] != ' '))
		return false;
	*terms = slice_from(txt, version.n);
	return true;
}

/* 4.6.2, 5.1: the qualifier of a term that is `all`; NULL where it is none. */
static enum also_policy
spf_all(struct slice term)
{
	static const struct slice all = { "all", 3 };

	if (slice_eq_nocase(term, all))
		return ALSO_POLICY_PASS;
	if (!slice_eq_nocase(slice_from(term, 1), all))
		return ALSO_POLICY_NULL;
	switch (term.p[0]) {
	case '+':
		return ALSO_POLICY_PASS;
	case '-':
		return ALSO_POLICY_FAIL;
	case '~':
		return ALSO_POLICY_SOFTFAIL;
	case '?':
		return ALSO_POLICY_NEUTRAL;
	default: /* not an enum */
		return ALSO_POLICY_NULL;
	}
}

/* 5.1: what follows `all` is not looked at, nor is redirect beside it. */
static enum also_policy
spf_policy(struct slice terms)
{
	static const struct slice redirect = { "redirect=", 9 };
	enum also_policy found = ALSO_POLICY_NONE;

	while (terms.n > 0) {
		size_t space = slice_find(terms, ' ');
		struct slice term = slice_upto(terms, space);
		enum also_policy all = spf_all(term);

		terms = slice_from(terms, space + 1);
		if (all != ALSO_POLICY_NULL)
			return all;
		if (slice_starts_nocase(term, redirect) &&
		    term.n > redirect.n)
			found = ALSO_POLICY_REDIRECT;
	}
	return found;
}

/* ---- DMARC and BIMI: tag lists ---- */

/* The next `name = value`; false at the end.  No "=": name alone. */
static bool
next_tag(struct slice *list, struct slice *name, struct slice *value)
{
	size_t end = slice_find(*list, ';'), equals;
	struct slice tag = slice_upto(*list, end);

	if (list->n == 0)
		return false;
	*list = slice_from(*list, end + 1);
	equals = slice_find(tag, '=');
	*name = slice_trim(slice_upto(tag, equals));
	*value = slice_trim(slice_from(tag, equals + 1));
	return true;
}

/* RFC 7489 6.4: "v" *WSP "=" *WSP and the version, which has its case. */
static bool
tags_behind(struct slice txt, struct slice version, struct slice *tags)
{
	struct slice name, value;

	*tags = txt;
	return txt.n > 0 && !ascii_is_wsp(txt.p[0]) &&
	    next_tag(tags, &name, &value) &&
	    slice_eq_nocase(name, SLICE_LIT("v")) && slice_eq(value, version);
}

static enum also_policy
dmarc_word(struct slice value)
{
	if (slice_eq_nocase(value, SLICE_LIT("none")))
		return ALSO_POLICY_NONE;
	if (slice_eq_nocase(value, SLICE_LIT("quarantine")))
		return ALSO_POLICY_QUARANTINE;
	if (slice_eq_nocase(value, SLICE_LIT("reject")))
		return ALSO_POLICY_REJECT;
	return ALSO_POLICY_NULL;
}

/* RFC 6376 3.2: a tag that comes twice makes the list invalid. */
static enum also_policy
dmarc_policy(struct slice tags)
{
	enum also_policy found = ALSO_POLICY_NULL;
	struct slice name, value;
	size_t n = 0;

	while (next_tag(&tags, &name, &value))
		if (slice_eq_nocase(name, SLICE_LIT("p"))) {
			found = dmarc_word(value);
			n++;
		}
	return n == 1 ? found : ALSO_POLICY_NULL;
}

/* ---- answers ---- */

/* Is this text such a record?  What follows its version is in *rest. */
static bool
is_record(enum also q, struct slice txt, struct slice *rest)
{
	if (q == ALSO_SPF)
		return spf_terms(txt, rest);
	if (q == ALSO_DMARC)
		return tags_behind(txt, SLICE_LIT("DMARC1"), rest);
	return tags_behind(txt, SLICE_LIT("BIMI1"), rest);
}

/*
 * RFC 7208 4.5, RFC 7489 6.6.3: senders and receivers use none of several.
 * Where records were left out by the cap, how many there are is not known.
 */
static struct also_judgement
judge_txt(enum also q, const struct rrset *set)
{
	struct also_judgement j = { ALSO_STATUS_UNKNOWN, ALSO_POLICY_NULL };
	bool is_one_alone = q == ALSO_SPF || q == ALSO_DMARC;
	struct slice rest, last = SLICE_EMPTY;
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++)
		if (is_record(q, set->txt[i].joined, &rest)) {
			last = rest;
			n++;
		}
	if (n > 1 && is_one_alone) {
		j.status = ALSO_STATUS_MULTIPLE;
	} else if (!set->cut || (n > 0 && !is_one_alone)) {
		j.status = n > 0 ? ALSO_STATUS_PRESENT : ALSO_STATUS_ABSENT;
		if (n > 0 && is_one_alone)
			j.policy = q == ALSO_SPF ? spf_policy(last) :
			    dmarc_policy(last);
	}
	return j;
}

struct also_judgement
also_judge(enum also q, const struct rrset *set)
{
	struct also_judgement j = { ALSO_STATUS_UNKNOWN, ALSO_POLICY_NULL };

	if (!lookup_is_answer(&set->lookup))
		return j;
	if (also_type(q) == DNS_TXT)
		return judge_txt(q, set);
	j.status = set->n > 0 ? ALSO_STATUS_PRESENT : ALSO_STATUS_ABSENT;
	return j;
}
