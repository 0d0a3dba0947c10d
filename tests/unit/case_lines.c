/* SPDX-License-Identifier: Apache-2.0
 *
 * case_lines.c: the lines of a case file, one function each: facts of the
 * domain into the open case, expectations behind them.  Those of hosts stand in
 * case_hosts.c.  Format: tests/cases/README.md.
 */
#include "tests/unit/case_reader.h"

#include <string.h>

#include "scanner/base/banned.h"

/* ---- lines: DNS ---- */

static void
on_domain(struct reader *r, const struct words *w)
{
	reader_need(r, w->n == 2, "domain NAME");
	r->open.facts.name = w->word[1];
}

/* Seconds since 1970. */
static void
on_now(struct reader *r, const struct words *w)
{
	uint64_t now = 0;

	reader_need(r, w->n == 2 && (slice_eq(w->word[1],
	    SLICE_LIT("unknown")) || slice_to_u64(w->word[1], 10, &now)),
	    "now SECONDS|unknown");
	r->open.facts.now = (int64_t)now;
}

static void
on_mx(struct reader *r, const struct words *w)
{
	struct test_case *c = &r->open;
	struct mx_rr *rr;
	uint64_t preference;

	c->own_mx = true;
	if (w->n == 2) {
		reader_need(r, word_outcome(w->word[1],
		    &c->facts.mx.lookup.outcome), "no such outcome");
		return;
	}
	reader_need(r, w->n == 3 && slice_to_u64(w->word[1], 5, &preference),
	    "mx PREFERENCE HOST");
	rr = vec_push(r->arena, &c->mx);
	rr->preference = (uint16_t)preference;
	rr->host = w->word[2];
}

static void
on_mx_secure(struct reader *r, const struct words *w)
{
	reader_need(r, w->n == 2 && word_tri(w->word[1],
	    &r->open.facts.mx.lookup.secure), "yes, no or unknown is wanted");
}

static void
set_alias(struct reader *r, struct lookup *l, struct slice name)
{
	l->cname = arena_array(r->arena, 1, sizeof(*l->cname));
	l->cname[0] = name;
	l->n_cname = 1;
}

static void
on_mx_cname(struct reader *r, const struct words *w)
{
	reader_need(r, w->n == 2, "mx-cname NAME");
	set_alias(r, &r->open.facts.mx.lookup, w->word[1]);
}

static void
on_txt_cname(struct reader *r, const struct words *w)
{
	struct domain_facts *f = &r->open.facts;

	reader_need(r, w->n == 3, "txt-cname OWNER NAME");
	if (slice_eq(w->word[1], SLICE_LIT("_mta-sts")))
		set_alias(r, &f->sts_txt.lookup, w->word[2]);
	else if (slice_eq(w->word[1], SLICE_LIT("_smtp._tls")))
		set_alias(r, &f->tlsrpt_txt.lookup, w->word[2]);
	else
		reader_die(r, "txt-cname _mta-sts|_smtp._tls NAME");
}

static void
on_txt(struct reader *r, const struct words *w)
{
	struct test_case *c = &r->open;
	bool is_sts = w->n > 1 && slice_eq(w->word[1], SLICE_LIT("_mta-sts"));
	struct rrset *set = is_sts ? &c->facts.sts_txt :
	    &c->facts.tlsrpt_txt;
	struct txt_rr *rr;
	size_t n = 0;
	char *joined;

	reader_need(r, w->n > 2 && (is_sts || slice_eq(w->word[1],
	    SLICE_LIT("_smtp._tls"))), "txt _mta-sts|_smtp._tls ...");
	*(is_sts ? &c->own_sts : &c->own_rpt) = true;
	if (!w->quoted[2]) {
		reader_need(r, word_outcome(w->word[2], &set->lookup.outcome),
		    "no such outcome");
		return;
	}
	for (size_t i = 2; i < w->n; i++)
		n += w->word[i].n;
	joined = arena_alloc(r->arena, n + 1);
	rr = vec_push(r->arena, is_sts ? &c->sts : &c->rpt);
	rr->joined = slice_make(joined, n);
	for (size_t i = 2; i < w->n; i++) {
		if (w->word[i].n > 0)
			memcpy(joined, w->word[i].p, w->word[i].n);
		joined += w->word[i].n;
	}
}

/* ---- lines: the policy ---- */

static void
on_policy(struct reader *r, const struct words *w)
{
	reader_need(r, w->n == 2, "policy <<END or policy \"bytes\"");
	r->open.own_policy = true;
	if (!w->quoted[1] && slice_starts(w->word[1], SLICE_LIT("<<")))
		r->open.facts.policy.body = reader_heredoc(r,
		    slice_from(w->word[1], 2));
	else
		r->open.facts.policy.body = w->word[1];
}

static void
take_attempts(struct reader *r, struct slice list, struct policy_facts *p)
{
	struct vec attempts = VEC_OF(struct policy_attempt);

	while (list.n > 0) {
		size_t comma = slice_find(list, ',');
		struct policy_attempt *at = vec_push(r->arena, &attempts);

		reader_need(r, word_outcome(slice_upto(list, comma),
		    &at->outcome), "no such outcome");
		at->address.family = 4;
		at->address.bytes[3] = (uint8_t)attempts.n;
		p->outcome = at->outcome;
		list = slice_from(list, comma + 1);
	}
	p->attempt = attempts.p;
	p->n_attempt = attempts.n;
}

static void
on_fetch(struct reader *r, const struct words *w)
{
	struct policy_facts *p = &r->open.facts.policy;
	struct slice v;
	uint64_t status;

	if (words_value(w, "address", &v)) {
		reader_need(r, word_outcome(v, &p->a.lookup.outcome),
		    "no such outcome");
		p->aaaa.lookup.outcome = p->a.lookup.outcome;
		p->a.n = 0;
		p->outcome = OUTCOME_NONE;
	}
	if (words_value(w, "cname", &v))
		set_alias(r, &p->a.lookup, v);
	if (words_value(w, "cname6", &v))
		set_alias(r, &p->aaaa.lookup, v);
	if (words_value(w, "outcome", &v))
		reader_need(r, word_outcome(v, &p->outcome), "no such outcome");
	if (words_value(w, "attempts", &v))
		take_attempts(r, v, p);
	if (words_value(w, "status", &v)) {
		reader_need(r, slice_to_u64(v, 3, &status), "no HTTP status");
		p->http_status = (uint32_t)status;
	}
	if (words_value(w, "type", &v)) {
		p->has_content_type = !slice_eq(v, SLICE_LIT("none"));
		p->content_type = p->has_content_type ? v : SLICE_EMPTY;
	}
	p->body_cut = words_flag(w, "cut");
	reader_session(r, w, &p->tls);
	if (words_flag(w, "no-tls"))
		p->tls = (struct tls_facts){ .outcome = p->outcome };
}

/* A fetch without a record that announces the policy. */
static void
on_probe_policy(struct reader *r, const struct words *w)
{
	reader_need(r, w->n == 1, "probe-policy");
	r->open.probes_policy = true;
}

/* Another address of the policy host; like the fetch where it says nothing. */
static void
on_other(struct reader *r, const struct words *w)
{
	struct policy_facts *p = &r->open.facts.policy;
	struct policy_other *o = vec_push(r->arena, &r->open.others);
	struct tls_facts t = case_good_session(r->arena);
	struct slice v;
	uint64_t status;

	*o = (struct policy_other){ .address = { 4, { 198, 51, 100 } },
		.outcome = OUTCOME_OK, .http_status = 200, .same = TRI_YES };
	o->address.bytes[3] = (uint8_t)r->open.others.n;
	if (words_value(w, "outcome", &v))
		reader_need(r, word_outcome(v, &o->outcome), "no such outcome");
	if (words_value(w, "status", &v)) {
		reader_need(r, slice_to_u64(v, 3, &status), "no HTTP status");
		o->http_status = (uint32_t)status;
		o->same = TRI_UNKNOWN;
	}
	if (words_value(w, "body", &v)) {
		o->has_body = true;
		o->body = v;
		o->same = TRI_NO;
	}
	o->body_cut = words_flag(w, "cut");
	reader_session(r, w, &t);
	if (words_flag(w, "no-tls")) {
		t = (struct tls_facts){ .outcome = o->outcome };
		o->http_status = 0;
		o->same = TRI_UNKNOWN;
	}
	o->tls = t.outcome;
	o->trusted = t.trusted;
	o->name_ok = t.name_ok;
	o->time_ok = t.time_ok;
	o->has_leaf = t.n_chain > 0;
	p->other = r->open.others.p;
	p->n_other = r->open.others.n;
}

/* ---- lines: what must follow ---- */

static void
add_want(struct reader *r, struct slice what, struct slice host,
    struct slice value)
{
	struct want *x = vec_push(r->arena, &r->open.want);

	*x = (struct want){ r->line, what, host, value };
}

static void
on_want(struct reader *r, const struct words *w)
{
	reader_need(r, w->n == 2, "one word is wanted");
	add_want(r, w->word[0], SLICE_EMPTY, w->word[1]);
}

static void
on_seen(struct reader *r, const struct words *w)
{
	reader_need(r, w->n >= 3, "seen HOST KEY=VALUE ...");
	for (size_t i = 2; i < w->n; i++) {
		size_t equals = slice_find(w->word[i], '=');

		add_want(r, slice_upto(w->word[i], equals), w->word[1],
		    slice_from(w->word[i], equals + 1));
	}
}

static void
on_raises(struct reader *r, const struct words *w)
{
	enum finding f;

	reader_need(r, w->n == 2 && word_finding(w->word[1], &f),
	    "no such finding");
	finding_raise(&r->open.raises, f);
}

static void
on_not(struct reader *r, const struct words *w)
{
	enum finding f;

	reader_need(r, w->n == 2 && word_finding(w->word[1], &f),
	    "no such finding");
	finding_raise(&r->open.nots, f);
}

static const struct case_line lines[] = {
	{ "domain", on_domain },
	{ "now", on_now },
	{ "mx", on_mx },
	{ "mx-secure", on_mx_secure },
	{ "mx-cname", on_mx_cname },
	{ "txt", on_txt },
	{ "txt-cname", on_txt_cname },
	{ "policy", on_policy },
	{ "fetch", on_fetch },
	{ "other", on_other },
	{ "probe-policy", on_probe_policy },
	{ "host", case_on_host },
	{ "probe", case_on_probe },
	{ "lookup", case_on_lookup },
	{ "tlsa", case_on_tlsa },
	{ "tlsa-secure", case_on_tlsa_secure },
	{ "address", case_on_address },
	{ "verdict", on_want },
	{ "verdict-dane", on_want },
	{ "record", on_want },
	{ "policy-status", on_want },
	{ "tlsrpt", on_want },
	{ "mx-status", on_want },
	{ "match", on_want },
	{ "class", on_want },
	{ "id-time", on_want },
	{ "record-lenient", on_want },
	{ "id-lenient", on_want },
	{ "tlsrpt-lenient", on_want },
	{ "valid", on_want },
	{ "lenient", on_want },
	{ "hosts", on_want },
	{ "seen", on_seen },
	{ "raises", on_raises },
	{ "not", on_not },
};

const struct case_line *
case_line(struct slice word)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (slice_eq(word, slice_of(lines[i].word)))
			return &lines[i];
	return NULL;
}
