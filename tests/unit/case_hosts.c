/* SPDX-License-Identifier: Apache-2.0
 *
 * case_hosts.c: the lines of a case file that speak of TLS sessions and of MX
 * hosts.  Format: tests/cases/README.md.
 */
#include "tests/unit/case_reader.h"

#include "scanner/rules/tlsa.h"

#include "scanner/base/banned.h"

/* DAYS from CASE_NOW, as in -30. */
static void
take_days(struct reader *r, const struct words *w, const char *key,
    int64_t *out)
{
	struct slice v;
	uint64_t days;
	bool is_past;

	if (!words_value(w, key, &v))
		return;
	is_past = slice_starts(v, SLICE_LIT("-"));
	reader_need(r, slice_to_u64(slice_from(v, is_past ? 1 : 0), 5,
	    &days), "a number of days is wanted");
	*out = CASE_NOW + (is_past ? -1 : 1) * (int64_t)days * CASE_DAY;
}

static void
take_tls(struct reader *r, const struct words *w, enum tls_version *out)
{
	struct slice v;

	if (words_value(w, "tls", &v))
		reader_need(r, word_tls(v, out), "no TLS version");
}

struct tls_facts
case_good_session(struct arena *a)
{
	struct tls_facts t = {
		.outcome = OUTCOME_OK,
		.version = TLS_VERSION_1_3,
		.trusted = TRI_YES,
		.name_ok = TRI_YES,
		.name_by = NAME_BY_EXACT,
		.time_ok = TRI_YES,
		.not_before = CASE_NOW - 30 * CASE_DAY,
		.not_after = CASE_NOW + 60 * CASE_DAY,
		.n_chain = 1,
	};

	t.chain = arena_array(a, 1, sizeof(*t.chain));
	return t;
}

void
reader_session(struct reader *r, const struct words *w, struct tls_facts *t)
{
	struct slice v;

	reader_tri(r, w, "trusted", &t->trusted);
	reader_tri(r, w, "name", &t->name_ok);
	reader_tri(r, w, "time", &t->time_ok);
	take_tls(r, w, &t->version);
	take_days(r, w, "from", &t->not_before);
	take_days(r, w, "to", &t->not_after);
	if (t->name_ok == TRI_NO)
		t->name_by = NAME_BY_NONE;
	if (words_value(w, "name-by", &v))
		reader_need(r, word_name_by(v, &t->name_by), "no such way");
	t->self_signed = words_flag(w, "self-signed");
	t->incomplete = words_flag(w, "incomplete");
	t->expired = words_flag(w, "expired");
	t->not_yet = words_flag(w, "not-yet");
	if (words_flag(w, "no-cert")) {
		t->n_chain = 0;
		t->not_before = t->not_after = 0;
	}
}

static struct case_host *
add_host(struct reader *r, struct slice name)
{
	struct case_host *h = &r->open.host[r->open.n_host];

	reader_need(r, r->open.n_host < CASE_HOSTS, "too many hosts");
	r->open.n_host++;
	h->name = name;
	return h;
}

static void
take_flags(const struct words *w, struct host_state *s)
{
	s->self_signed = words_flag(w, "self-signed");
	s->untrusted = words_flag(w, "untrusted");
	s->expired = words_flag(w, "expired");
	s->not_yet = words_flag(w, "not-yet");
	s->no_cert = words_flag(w, "no-cert");
	s->injection = words_flag(w, "injection");
	s->is_alias = words_flag(w, "alias");
	s->connect_refused = words_flag(w, "refused");
	s->special_address = words_flag(w, "special");
	s->tlsa_published = words_flag(w, "tlsa");
	s->dane_no_starttls = words_flag(w, "dane-no-starttls");
	s->dane_ta_only = words_flag(w, "ta-only");
	s->incomplete = words_flag(w, "incomplete");
	s->cn_only = words_flag(w, "cn-only");
	s->wildcard_suffix = words_flag(w, "wildcard-suffix");
	s->bad_name = s->name_ok == TRI_NO && !s->no_cert;
	s->addresses_disagree = words_flag(w, "addresses-disagree");
	s->requiretls_plain = words_flag(w, "requiretls-plain");
	s->starttls_again = words_flag(w, "starttls-again");
	s->tlsa_failed = words_flag(w, "tlsa-failed");
	s->dane_some_unusable = words_flag(w, "dane-some-unusable");
	s->dane_alternative = words_flag(w, "dane-alternative");
	s->dane_ta_not_sent = words_flag(w, "dane-ta-not-sent");
}

void
case_on_host(struct reader *r, const struct words *w)
{
	struct host_state *s;
	struct slice v;

	reader_need(r, w->n >= 2, "host NAME ...");
	s = &add_host(r, w->word[1])->state;
	*s = (struct host_state){ .has_address = TRI_YES };
	if (words_value(w, "starttls", &v))
		reader_need(r, word_starttls(v, &s->starttls),
		    "no such status");
	if (s->starttls == STARTTLS_STATUS_OK) {
		s->tls = TLS_VERSION_1_3;
		s->trusted = s->name_ok = s->time_ok = TRI_YES;
		s->not_before = CASE_NOW - 30 * CASE_DAY;
		s->not_after = CASE_NOW + 60 * CASE_DAY;
	}
	take_days(r, w, "from", &s->not_before);
	take_days(r, w, "to", &s->not_after);
	take_tls(r, w, &s->tls);
	reader_tri(r, w, "trusted", &s->trusted);
	reader_tri(r, w, "name", &s->name_ok);
	reader_tri(r, w, "time", &s->time_ok);
	reader_tri(r, w, "address", &s->has_address);
	if (words_value(w, "dane", &v))
		reader_need(r, word_dane(v, &s->dane), "no such status");
	if (words_value(w, "ta-name", &v)) {
		struct slice *names = arena_array(r->arena, 1, sizeof(v));

		names[0] = v;
		s->ta_name = names;
		s->n_ta_name = 1;
	}
	take_flags(w, s);
}

void
case_on_probe(struct reader *r, const struct words *w)
{
	struct host_facts *f;

	reader_need(r, w->n == 2, "probe NAME");
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

void
case_on_lookup(struct reader *r, const struct words *w)
{
	struct host_facts *f;
	struct rrset *set;

	reader_need(r, r->probe != NULL && w->n >= 3,
	    "lookup a|aaaa|alias OUTCOME");
	f = &r->probe->facts;
	if (slice_eq(w->word[1], SLICE_LIT("alias")))
		set = f->alias = arena_alloc(r->arena, sizeof(*set));
	else
		set = slice_eq(w->word[1], SLICE_LIT("a")) ? &f->a : &f->aaaa;
	reader_need(r, word_outcome(w->word[2], &set->lookup.outcome),
	    "no such outcome");
	set->n = set->lookup.outcome == OUTCOME_OK ? 1 : 0;
	reader_tri(r, w, "secure", &set->lookup.secure);
	set->lookup.n_cname = words_flag(w, "cname") ? 1 : 0;
}

void
case_on_tlsa(struct reader *r, const struct words *w)
{
	struct rrset *set;

	reader_need(r, r->probe != NULL && w->n == 2,
	    "tlsa OUTCOME or \"...\"");
	set = &r->probe->facts.tlsa;
	if (!w->quoted[1]) {
		reader_need(r, word_outcome(w->word[1], &set->lookup.outcome),
		    "no such outcome");
		return;
	}
	set->lookup.outcome = OUTCOME_OK;
	reader_need(r, tlsa_parse(r->arena, w->word[1],
	    vec_push(r->arena, &r->probe->tlsa)), "no TLSA record");
}

void
case_on_tlsa_secure(struct reader *r, const struct words *w)
{
	reader_need(r, r->probe != NULL && w->n == 2 && word_tri(w->word[1],
	    &r->probe->facts.tlsa.lookup.secure), "tlsa-secure yes|no|unknown");
}

/* Lines of a reply as sent, parted by commas. */
static void
take_lines(struct reader *r, struct slice list, struct slice **out,
    size_t *n)
{
	struct vec lines = VEC_OF(struct slice);

	while (list.n > 0) {
		size_t comma = slice_find(list, ',');

		*(struct slice *)vec_push(r->arena, &lines) =
		    slice_upto(list, comma);
		list = slice_from(list, comma + 1);
	}
	*out = lines.p;
	*n = lines.n;
}

static void
take_dane(struct reader *r, const struct words *w, struct slice how,
    struct dane_facts *d)
{
	struct slice v;
	uint64_t n = 1;

	if (words_value(w, "usable", &v))
		reader_need(r, slice_to_u64(v, 2, &n), "usable=NUMBER");
	d->checked = true;
	d->n_usable = (uint32_t)n;
	d->matched = slice_eq(how, SLICE_LIT("match"));
	d->ta_name_failed = slice_eq(how, SLICE_LIT("ta-name"));
	d->has_alternative = words_flag(w, "alternative");
	d->ta_not_sent = words_flag(w, "ta-not-sent");
	if (slice_eq(how, SLICE_LIT("unusable")))
		d->n_usable = 0;
}

void
case_on_address(struct reader *r, const struct words *w)
{
	struct smtp_facts *s;
	struct slice v;

	reader_need(r, r->probe != NULL && w->n >= 2, "address OUTCOME ...");
	s = vec_push(r->arena, &r->probe->address);
	reader_need(r, word_outcome(w->word[1], &s->outcome),
	    "no such outcome");
	s->injection = words_flag(w, "injection");
	if (words_value(w, "ehlo", &v))
		take_lines(r, v, &s->ehlo, &s->n_ehlo);
	if (words_value(w, "ehlo-tls", &v))
		take_lines(r, v, &s->ehlo_tls, &s->n_ehlo_tls);
	if (s->outcome != OUTCOME_OK)
		return;
	s->tls = case_good_session(r->arena);
	reader_session(r, w, &s->tls);
	if (words_value(w, "dane", &v))
		take_dane(r, w, v, &s->dane);
	s->shared = words_flag(w, "shared");
}
