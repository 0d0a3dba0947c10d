/* SPDX-License-Identifier: Apache-2.0
 *
 * case_file.c: opens case files, parts them into cases, fills in what a case
 * leaves unsaid (a domain that does everything right), hands them over.
 * Everything of a case lives in an arena that is cleared behind it.
 */
#include "tests/unit/case_reader.h"

#include <stdlib.h>

#include "scanner/base/banned.h"

#define GOOD_DOMAIN SLICE_LIT("a.example")
#define GOOD_HOST SLICE_LIT("mx.a.example")
#define GOOD_POLICY SLICE_LIT("version: STSv1\nmode: enforce\n" \
	"mx: mx.a.example\nmax_age: 604800\n")

void
reader_die(const struct reader *r, const char *why)
{
	(void)fprintf(stderr, "%s:%d: %s\n", r->path, r->line, why);
	exit(1);
}

struct slice
reader_heredoc(struct reader *r, struct slice mark)
{
	struct vec bytes = VEC_OF(char);
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, r->file)) >= 0) {
		struct slice s = slice_make(line, (size_t)n);

		r->line++;
		if (slice_eq(slice_upto(s, slice_find(s, '\n')), mark)) {
			free(line);
			return slice_make(bytes.p, bytes.n);
		}
		for (ssize_t i = 0; i < n; i++)
			*(char *)vec_push(r->arena, &bytes) = line[i];
	}
	reader_die(r, "the policy has no end");
}

void
reader_need(const struct reader *r, bool condition, const char *why)
{
	if (!condition)
		reader_die(r, why);
}

void
reader_tri(const struct reader *r, const struct words *w, const char *key,
    enum tri *out)
{
	struct slice v;

	if (words_value(w, key, &v))
		reader_need(r, word_tri(v, out),
		    "yes, no or unknown is wanted");
}

/* ---- what a case leaves unsaid ---- */

static void
open_case(struct reader *r, struct slice name)
{
	struct test_case *c = &r->open;
	struct policy_facts *p = &c->facts.policy;

	arena_clear(r->arena);
	*c = (struct test_case){
		.file = r->path,
		.line = r->line,
		.name = arena_slice(r->arena, name),
		.mx = VEC_OF(struct mx_rr),
		.sts = VEC_OF(struct txt_rr),
		.rpt = VEC_OF(struct txt_rr),
		.want = VEC_OF(struct want),
		.others = VEC_OF(struct policy_other),
	};
	c->facts.name = GOOD_DOMAIN;
	c->facts.now = CASE_NOW;
	c->facts.mx.lookup = (struct lookup){ .outcome = OUTCOME_OK,
		.secure = TRI_YES };
	c->facts.sts_txt.lookup.outcome = OUTCOME_OK;
	c->facts.tlsrpt_txt.lookup.outcome = OUTCOME_OK;
	p->a.lookup.outcome = OUTCOME_OK;
	p->a.n = 1;
	p->aaaa.lookup.outcome = OUTCOME_NODATA;
	p->outcome = OUTCOME_OK;
	p->tls = case_good_session(r->arena);
	p->http_status = 200;
	p->has_content_type = true;
	p->content_type = SLICE_LIT("text/plain");
	p->has_body = true;
	p->body = GOOD_POLICY;
	r->probe = NULL;
	r->is_open = true;
}

static struct txt_rr
one_txt(struct slice text)
{
	return (struct txt_rr){ .joined = text };
}

static void
build_answers(struct arena *a, struct test_case *c)
{
	if (!c->own_mx)
		*(struct mx_rr *)vec_push(a, &c->mx) =
		    (struct mx_rr){ 10, GOOD_HOST };
	if (!c->own_sts)
		*(struct txt_rr *)vec_push(a, &c->sts) =
		    one_txt(SLICE_LIT("v=STSv1; id=1"));
	if (!c->own_rpt)
		*(struct txt_rr *)vec_push(a, &c->rpt) = one_txt(
		    SLICE_LIT("v=TLSRPTv1; rua=mailto:tls@a.example"));
	c->facts.mx.mx = c->mx.p;
	c->facts.mx.n = c->mx.n;
	c->facts.sts_txt.txt = c->sts.p;
	c->facts.sts_txt.n = c->sts.n;
	c->facts.tlsrpt_txt.txt = c->rpt.p;
	c->facts.tlsrpt_txt.n = c->rpt.n;
}

static struct host_state
state_of(struct test_case *c, struct slice name)
{
	for (size_t i = 0; i < c->n_host; i++) {
		struct case_host *h = &c->host[i];

		if (!slice_eq(h->name, name))
			continue;
		if (!h->probed)
			return h->state;
		h->facts.address = h->address.p;
		h->facts.n_address = h->address.n;
		h->facts.tlsa.tlsa = h->tlsa.p;
		h->facts.tlsa.n = h->tlsa.n;
		return judge_host(&h->facts);
	}
	return (struct host_state){
		.starttls = STARTTLS_STATUS_OK,
		.tls = TLS_VERSION_1_3,
		.trusted = TRI_YES,
		.name_ok = TRI_YES,
		.time_ok = TRI_YES,
		.has_address = TRI_YES,
		.not_before = CASE_NOW - 30 * CASE_DAY,
		.not_after = CASE_NOW + 60 * CASE_DAY,
	};
}

static void
add_host(struct test_case *c, uint16_t preference, struct slice name)
{
	struct domain_host *h = &c->facts.host[c->facts.n_host++];

	h->preference = preference;
	h->host = name;
	h->state = state_of(c, name);
}

void
case_build(struct arena *a, struct test_case *c)
{
	struct domain_facts *f = &c->facts;
	struct sts_rrset sts;

	build_answers(a, c);
	f->host = arena_array(a, f->mx.n + 1, sizeof(*f->host));
	for (size_t i = 0; i < f->mx.n; i++)
		if (!slice_eq(f->mx.mx[i].host, SLICE_LIT(".")))
			add_host(c, f->mx.mx[i].preference,
			    f->mx.mx[i].host);
	if (f->mx.lookup.outcome == OUTCOME_NODATA)
		add_host(c, 0, f->name);
	sts = sts_rrset_judge(&f->sts_txt);
	f->policy.host = judge_wants_policy(&sts) || c->probes_policy ?
	    SLICE_LIT("mta-sts.a.example") : SLICE_EMPTY;
}

/* ---- files ---- */

static void
close_case(struct reader *r)
{
	if (!r->is_open)
		return;
	case_build(r->arena, &r->open);
	r->run(r->ctx, r->arena, &r->open);
	r->n_cases++;
	r->is_open = false;
}

static void
take_line(struct reader *r, struct slice line)
{
	const struct case_line *known;
	struct words w;

	if (slice_starts(line, SLICE_LIT("case "))) {
		close_case(r);
		open_case(r, slice_trim(slice_from(line, 5)));
		return;
	}
	if (!r->is_open)
		reader_die(r, "a line before the first case");
	/* Words live as long as the case, the line does not. */
	w = words_of(r->arena, arena_slice(r->arena, line));
	if (w.error != NULL)
		reader_die(r, w.error);
	known = case_line(w.word[0]);
	if (known == NULL)
		reader_die(r, "no such line");
	known->take(r, &w);
}

size_t
case_file_run(const char *path, case_fn *run, void *ctx)
{
	struct reader r = { .path = path, .run = run, .ctx = ctx };
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	r.file = fopen(path, "r");
	if (r.file == NULL)
		reader_die(&r, "cannot be read");
	r.arena = arena_new();
	while ((n = getline(&line, &cap, r.file)) >= 0) {
		struct slice s = slice_make(line, (size_t)n);

		r.line++;
		if (slice_ends(s, SLICE_LIT("\n")))
			s.n--;
		s = slice_trim(s);
		if (s.n > 0 && s.p[0] != '#')
			take_line(&r, s);
	}
	close_case(&r);
	free(line);
	arena_free(r.arena);
	(void)fclose(r.file);
	return r.n_cases;
}
