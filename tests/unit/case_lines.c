/* SPDX-License-Identifier: Apache-2.0
 *
 * case_lines.c: the lines of a case file, one function each: facts into the
 * open case, expectations behind them.  Format: tests/cases/README.md.
 */
#include "tests/unit/case_reader.h"

#include <string.h>

#include "scanner/rules/tlsa.h"

#include "scanner/base/banned.h"

static void
need(const struct reader *r, bool condition, const char *why)
{
	if (!condition)
		reader_die(r, why);
}

/* ---- words of a line ---- */

static bool
has_flag(const struct words *w, const char *flag)
{
	for (size_t i = 1; i < w->n; i++)
		if (slice_eq(w->word[i], slice_of(flag)))
			return true;
	return false;
}

static bool
has_value(const struct words *w, const char *key, struct slice *value)
{
	for (size_t i = 1; i < w->n; i++)
		if (word_value(w->word[i], key, value))
			return true;
	return false;
}

static void
take_tri(struct reader *r, const struct words *w, const char *key,
    enum tri *out)
{
	struct slice v;

	if (has_value(w, key, &v))
		need(r, word_tri(v, out), "yes, no or unknown is wanted");
}

static void
take_tls(struct reader *r, const struct words *w, enum tls_version *out)
{
	struct slice v;

	if (has_value(w, "tls", &v))
		need(r, word_tls(v, out), "no TLS version");
}

/* ---- lines: DNS ---- */

static void
on_domain(struct reader *r, const struct words *w)
{
	need(r, w->n == 2, "domain NAME");
	r->open.facts.name = w->word[1];
}

static void
on_mx(struct reader *r, const struct words *w)
{
	struct test_case *c = &r->open;
	struct mx_rr *rr;
	uint64_t preference;

	c->own_mx = true;
	if (w->n == 2) {
		need(r, word_outcome(w->word[1],
		    &c->facts.mx.lookup.outcome), "no such outcome");
		return;
	}
	need(r, w->n == 3 && slice_to_u64(w->word[1], 5, &preference),
	    "mx PREFERENCE HOST");
	rr = vec_push(r->arena, &c->mx);
	rr->preference = (uint16_t)preference;
	rr->host = w->word[2];
}

static void
on_mx_secure(struct reader *r, const struct words *w)
{
	need(r, w->n == 2 && word_tri(w->word[1],
	    &r->open.facts.mx.lookup.secure), "yes, no or unknown is wanted");
}

static void
on_mx_cname(struct reader *r, const struct words *w)
{
	struct lookup *l = &r->open.facts.mx.lookup;

	need(r, w->n == 2, "mx-cname NAME");
	l->cname = arena_array(r->arena, 1, sizeof(*l->cname));
	l->cname[0] = w->word[1];
	l->n_cname = 1;
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

	need(r, w->n > 2 && (is_sts || slice_eq(w->word[1],
	    SLICE_LIT("_smtp._tls"))), "txt _mta-sts|_smtp._tls ...");
	*(is_sts ? &c->own_sts : &c->own_rpt) = true;
	if (!w->quoted[2]) {
		need(r, word_outcome(w->word[2], &set->lookup.outcome),
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
	need(r, w->n == 2, "policy <<END or policy \"bytes\"");
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

		need(r, word_outcome(slice_upto(list, comma), &at->outcome),
		    "no such outcome");
		at->address.family = 4;
		at->address.bytes[3] = (uint8_t)attempts.n;
		p->outcome = at->outcome;
		list = slice_from(list, comma + 1);
	}
	p->attempt = attempts.p;
	p->n_attempt = attempts.n;
}

/* Facts of a TLS session; a good one where nothing is said. */
static void
take_session(struct reader *r, const struct words *w, struct tls_facts *t)
{
	take_tri(r, w, "trusted", &t->trusted);
	take_tri(r, w, "name", &t->name_ok);
	take_tri(r, w, "time", &t->time_ok);
	take_tls(r, w, &t->version);
	t->self_signed = has_flag(w, "self-signed");
	t->expired = has_flag(w, "expired");
	t->not_yet = has_flag(w, "not-yet");
	if (has_flag(w, "no-cert"))
		t->n_chain = 0;
}

static void
on_fetch(struct reader *r, const struct words *w)
{
	struct policy_facts *p = &r->open.facts.policy;
	struct slice v;
	uint64_t status;

	if (has_value(w, "address", &v)) {
		need(r, word_outcome(v, &p->a.lookup.outcome),
		    "no such outcome");
		p->aaaa.lookup.outcome = p->a.lookup.outcome;
		p->a.n = 0;
		p->outcome = OUTCOME_NONE;
	}
	if (has_value(w, "outcome", &v))
		need(r, word_outcome(v, &p->outcome), "no such outcome");
	if (has_value(w, "attempts", &v))
		take_attempts(r, v, p);
	if (has_value(w, "status", &v)) {
		need(r, slice_to_u64(v, 3, &status), "no HTTP status");
		p->http_status = (uint32_t)status;
	}
	if (has_value(w, "type", &v)) {
		p->has_content_type = !slice_eq(v, SLICE_LIT("none"));
		p->content_type = p->has_content_type ? v : SLICE_EMPTY;
	}
	p->body_cut = has_flag(w, "cut");
	take_session(r, w, &p->tls);
	if (has_flag(w, "no-tls"))
		p->tls = (struct tls_facts){ .outcome = p->outcome };
}

/* ---- lines: hosts ---- */

static struct case_host *
add_host(struct reader *r, struct slice name)
{
	struct case_host *h = &r->open.host[r->open.n_host];

	need(r, r->open.n_host < CASE_HOSTS, "too many hosts");
	r->open.n_host++;
	h->name = name;
	return h;
}

static void
take_flags(const struct words *w, struct host_state *s)
{
	s->self_signed = has_flag(w, "self-signed");
	s->untrusted = has_flag(w, "untrusted");
	s->expired = has_flag(w, "expired");
	s->not_yet = has_flag(w, "not-yet");
	s->no_cert = has_flag(w, "no-cert");
	s->injection = has_flag(w, "injection");
	s->is_alias = has_flag(w, "alias");
	s->connect_refused = has_flag(w, "refused");
	s->special_address = has_flag(w, "special");
	s->tlsa_published = has_flag(w, "tlsa");
	s->dane_no_starttls = has_flag(w, "dane-no-starttls");
	s->dane_ta_only = has_flag(w, "ta-only");
}

static void
on_host(struct reader *r, const struct words *w)
{
	struct host_state *s;
	struct slice v;

	need(r, w->n >= 2, "host NAME ...");
	s = &add_host(r, w->word[1])->state;
	*s = (struct host_state){ .has_address = TRI_YES };
	if (has_value(w, "starttls", &v))
		need(r, word_starttls(v, &s->starttls), "no such status");
	if (s->starttls == STARTTLS_STATUS_OK) {
		s->tls = TLS_VERSION_1_3;
		s->trusted = s->name_ok = s->time_ok = TRI_YES;
	}
	take_tls(r, w, &s->tls);
	take_tri(r, w, "trusted", &s->trusted);
	take_tri(r, w, "name", &s->name_ok);
	take_tri(r, w, "time", &s->time_ok);
	take_tri(r, w, "address", &s->has_address);
	if (has_value(w, "dane", &v))
		need(r, word_dane(v, &s->dane), "no such status");
	if (has_value(w, "ta-name", &v)) {
		struct slice *names = arena_array(r->arena, 1, sizeof(v));

		names[0] = v;
		s->ta_name = names;
		s->n_ta_name = 1;
	}
	take_flags(w, s);
}

static void
on_probe(struct reader *r, const struct words *w)
{
	struct host_facts *f;

	need(r, w->n == 2, "probe NAME");
	r->probe = add_host(r, w->word[1]);
	r->probe->probed = true;
	r->probe->address = VEC_OF(struct smtp_facts);
	r->probe->tlsa = VEC_OF(struct tlsa_rr);
	f = &r->probe->facts;
	f->host = w->word[1];
	f->a.lookup = (struct lookup){ .outcome = OUTCOME_OK,
		.secure = TRI_NO };
	f->a.n = 1;
	f->aaaa.lookup = (struct lookup){ .outcome = OUTCOME_NODATA,
		.secure = TRI_NO };
}

static void
on_lookup(struct reader *r, const struct words *w)
{
	struct rrset *set;

	need(r, r->probe != NULL && w->n >= 3, "lookup a|aaaa OUTCOME");
	set = slice_eq(w->word[1], SLICE_LIT("a")) ? &r->probe->facts.a :
	    &r->probe->facts.aaaa;
	need(r, word_outcome(w->word[2], &set->lookup.outcome),
	    "no such outcome");
	set->n = set->lookup.outcome == OUTCOME_OK ? 1 : 0;
	take_tri(r, w, "secure", &set->lookup.secure);
	set->lookup.n_cname = has_flag(w, "cname") ? 1 : 0;
}

static void
on_tlsa(struct reader *r, const struct words *w)
{
	struct rrset *set;

	need(r, r->probe != NULL && w->n == 2, "tlsa OUTCOME or \"...\"");
	set = &r->probe->facts.tlsa;
	if (!w->quoted[1]) {
		need(r, word_outcome(w->word[1], &set->lookup.outcome),
		    "no such outcome");
		return;
	}
	set->lookup.outcome = OUTCOME_OK;
	need(r, tlsa_parse(r->arena, w->word[1],
	    vec_push(r->arena, &r->probe->tlsa)), "no TLSA record");
}

static void
on_tlsa_secure(struct reader *r, const struct words *w)
{
	need(r, r->probe != NULL && w->n == 2 && word_tri(w->word[1],
	    &r->probe->facts.tlsa.lookup.secure), "tlsa-secure yes|no|unknown");
}

static void
on_address(struct reader *r, const struct words *w)
{
	struct smtp_facts *s;
	struct slice v;

	need(r, r->probe != NULL && w->n >= 2, "address OUTCOME ...");
	s = vec_push(r->arena, &r->probe->address);
	need(r, word_outcome(w->word[1], &s->outcome), "no such outcome");
	s->injection = has_flag(w, "injection");
	if (s->outcome != OUTCOME_OK)
		return;
	s->tls = case_good_session(r->arena);
	take_session(r, w, &s->tls);
	if (!has_value(w, "dane", &v))
		return;
	s->dane.checked = true;
	s->dane.n_usable = 1;
	s->dane.matched = slice_eq(v, SLICE_LIT("match"));
	s->dane.ta_name_failed = slice_eq(v, SLICE_LIT("ta-name"));
	if (slice_eq(v, SLICE_LIT("unusable")))
		s->dane.n_usable = 0;
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
	need(r, w->n == 2, "one word is wanted");
	add_want(r, w->word[0], SLICE_EMPTY, w->word[1]);
}

static void
on_seen(struct reader *r, const struct words *w)
{
	need(r, w->n >= 3, "seen HOST KEY=VALUE ...");
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

	need(r, w->n == 2 && word_finding(w->word[1], &f), "no such finding");
	finding_raise(&r->open.raises, f);
}

static void
on_not(struct reader *r, const struct words *w)
{
	enum finding f;

	need(r, w->n == 2 && word_finding(w->word[1], &f), "no such finding");
	finding_raise(&r->open.nots, f);
}

static const struct case_line lines[] = {
	{ "domain", on_domain },
	{ "mx", on_mx },
	{ "mx-secure", on_mx_secure },
	{ "mx-cname", on_mx_cname },
	{ "txt", on_txt },
	{ "policy", on_policy },
	{ "fetch", on_fetch },
	{ "host", on_host },
	{ "probe", on_probe },
	{ "lookup", on_lookup },
	{ "tlsa", on_tlsa },
	{ "tlsa-secure", on_tlsa_secure },
	{ "address", on_address },
	{ "verdict", on_want },
	{ "verdict-dane", on_want },
	{ "record", on_want },
	{ "policy-status", on_want },
	{ "tlsrpt", on_want },
	{ "mx-status", on_want },
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
