/* SPDX-License-Identifier: Apache-2.0
 *
 * check_view.c: out of unpacked records, a domain with its hosts.
 *
 * Records of a file come in the order cert, mx, domain, so that a domain
 * finds its hosts and they their certificates among those met.
 */
#include "scanner/check_view.h"

#include <inttypes.h>
#include <string.h>

#include "scanner/base/banned.h"

void
check_views_init(struct check_views *v)
{
	v->arena = arena_new();
	v->certs = VEC_OF(struct check_cert);
	v->hosts = VEC_OF(struct check_host);
	v->views = VEC_OF(struct check_view);
	v->run = (struct check_run){ .started_ms = 0 };
}

void
check_views_release(struct check_views *v)
{
	arena_free(v->arena);
}

/* ---- cert and mx ---- */

/*
 * A vector that grows leaves its old place in the arena, so that pointers
 * into it stay good; nothing here is changed once read.
 */

static void
take_cert(struct check_views *v, const msgpack_object *record)
{
	struct check_cert *c = vec_push(v->arena, &v->certs);
	size_t n;
	const msgpack_object *names = read_list(record, "dns_names", &n);

	c->sha256 = arena_slice(v->arena, object_text(record, "sha256"));
	c->n_name = n;
	c->name = n > 0 ? read_clean(v->arena, object_bytes(&names[0])) :
	    SLICE_EMPTY;
	c->issuer = read_text(v->arena, record, "issuer");
	c->not_before = read_uint(record, "not_before");
	c->not_after = read_uint(record, "not_after");
}

static struct check_cert *
leaf_of(struct check_views *v, const msgpack_object *tls)
{
	size_t n;
	const msgpack_object *chain = read_list(tls, "chain", &n);
	struct check_cert *c = v->certs.p;

	for (size_t i = 0; n > 0 && i < v->certs.n; i++)
		if (slice_eq(c[i].sha256, object_bytes(&chain[0])))
			return &c[i];
	return NULL;
}

static struct slice
read_first(struct arena *a, const msgpack_object *map, const char *key)
{
	size_t n;
	const msgpack_object *list = read_list(map, key, &n);

	return n == 0 ? SLICE_EMPTY : read_clean(a, object_bytes(&list[0]));
}

static void
read_session(struct arena *a, const msgpack_object *tls,
    struct check_address *out)
{
	size_t n;

	out->tls = read_text(a, tls, "version");
	out->alert = read_text(a, tls, "alert");
	out->tls_error = read_text(a, tls, "error");
	out->trusted = read_tri(tls, "trusted");
	out->name_ok = read_tri(tls, "name_ok");
	out->time_ok = read_tri(tls, "time_ok");
	out->expired = read_tri(tls, "expired") == TRI_YES;
	out->not_yet = read_tri(tls, "not_yet") == TRI_YES;
	out->self_signed = read_tri(tls, "self_signed") == TRI_YES;
	read_list(tls, "chain", &n);
	out->has_chain = n > 0;
}

/* "3 1 1" */
static struct slice
read_parameters(struct arena *a, const msgpack_object *rr)
{
	if (rr == NULL)
		return SLICE_EMPTY;
	return arena_fmt(a, "%" PRIu64 " %" PRIu64 " %" PRIu64,
	    read_uint(rr, "usage"), read_uint(rr, "selector"),
	    read_uint(rr, "mtype"));
}

static void
read_dane(struct arena *a, const msgpack_object *dane,
    struct check_address *out)
{
	out->alternative = read_parameters(a, object_get(dane, "alternative"));
	out->has_dane = dane != NULL;
	out->dane_usable = read_uint(dane, "usable");
	out->dane_matched = read_tri(dane, "matched");
	out->ta_name_failed = read_tri(dane, "ta_name_failed") == TRI_YES;
}

static void
read_address(struct check_views *v, const msgpack_object *o,
    struct check_address *out)
{
	const msgpack_object *tls = object_get(o, "tls");

	out->address = read_text(v->arena, o, "address");
	out->starttls = (enum starttls_status)read_word("starttls",
	    object_text(o, "starttls"), STARTTLS_STATUS_INCONCLUSIVE);
	out->outcome = read_outcome(o);
	out->banner_code = read_uint(o, "banner_code");
	out->starttls_code = read_uint(o, "starttls_code");
	out->reply = read_text(v->arena, o, "starttls_reply");
	out->banner = read_first(v->arena, o, "banner");
	read_session(v->arena, tls, out);
	read_dane(v->arena, object_get(o, "dane"), out);
	out->verify_error = read_text(v->arena, tls, "verify_error");
	out->cert = leaf_of(v, tls);
}

/* RFC 6698 2.2, the presentation form. */
static struct slice
read_tlsa_rr(struct arena *a, const msgpack_object *rr)
{
	struct slice data = object_text(rr, "data");
	char *hex = arena_alloc(a, 2 * data.n + 1);

	hex_encode((const uint8_t *)data.p, data.n, hex);
	return arena_fmt(a, "%.*s %s", SLICE_ARG(read_parameters(a, rr)), hex);
}

static void
read_tlsa(struct arena *a, const msgpack_object *tlsa, struct check_host *out)
{
	const msgpack_object *lookup = object_get(tlsa, "lookup");
	const msgpack_object *list = read_list(tlsa, "rr", &out->tlsa.n);
	struct slice *text = arena_array(a, out->tlsa.n + 1, sizeof(*text));

	out->tlsa_lookup = read_outcome(lookup);
	out->tlsa_secure = read_tri(lookup, "ad");
	for (size_t i = 0; i < out->tlsa.n; i++) {
		text[i] = read_tlsa_rr(a, &list[i]);
		out->n_tlsa_usable += read_tri(&list[i], "usable") == TRI_YES;
	}
	out->tlsa.v = text;
}

static void
take_mx(struct check_views *v, const msgpack_object *record)
{
	struct check_host *h = vec_push(v->arena, &v->hosts);
	const msgpack_object *list = read_list(record, "addresses",
	    &h->n_address);
	struct check_address *address = arena_array(v->arena,
	    h->n_address + 1, sizeof(*address));

	h->host = read_text(v->arena, record, "host");
	h->a = read_outcome(object_get(record, "a"));
	h->aaaa = read_outcome(object_get(record, "aaaa"));
	h->tlsa_base = read_text(v->arena, record, "tlsa_base");
	read_tlsa(v->arena, object_get(record, "tlsa"), h);
	for (size_t i = 0; i < h->n_address; i++)
		read_address(v, &list[i], &address[i]);
	h->address = address;
}

/* ---- domain ---- */

static void
read_host(struct check_views *v, const msgpack_object *o,
    struct check_host *out)
{
	const struct check_host *met = v->hosts.p;
	struct slice name = read_text(v->arena, o, "host");

	for (size_t i = 0; i < v->hosts.n; i++)
		if (slice_eq(met[i].host, name))
			*out = met[i];
	out->host = name;
	out->preference = read_uint(o, "preference");
	out->in_policy = read_tri(o, "in_policy");
	out->trusted = read_tri(o, "trusted");
	out->name_ok = read_tri(o, "name_ok");
	out->time_ok = read_tri(o, "time_ok");
	out->starttls = (enum starttls_status)read_word("starttls",
	    object_text(o, "starttls"), STARTTLS_STATUS_INCONCLUSIVE);
	out->tls = read_text(v->arena, o, "tls");
	out->dane = (enum dane_status)read_word("dane",
	    object_text(o, "dane"), DANE_STATUS_INCONCLUSIVE);
}

static void
read_hosts(struct check_views *v, const msgpack_object *record,
    struct check_view *out)
{
	const msgpack_object *list = read_list(record, "mx", &out->n_host);
	struct check_host *host = arena_array(v->arena, out->n_host + 1,
	    sizeof(*host));

	for (size_t i = 0; i < out->n_host; i++)
		read_host(v, &list[i], &host[i]);
	out->host = host;
}

/* Errors first; the order of the catalogue within. */
static void
read_findings(struct check_views *v, const msgpack_object *record,
    struct check_view *out)
{
	static const char *const severities[] = { "error", "warning", "info" };
	size_t n;
	const msgpack_object *list = read_list(record, "findings", &n);
	const struct finding_row **rows = arena_array(v->arena, n + 1,
	    sizeof(struct finding_row *));

	for (size_t s = 0; s < 3; s++)
		for (size_t i = 0; i < n; i++) {
			const struct finding_row *row =
			    finding_find(object_bytes(&list[i]));

			if (row != NULL &&
			    strcmp(row->severity, severities[s]) == 0)
				rows[out->n_finding++] = row;
		}
	out->finding = rows;
}

static void
read_policy(struct arena *a, const msgpack_object *policy,
    struct check_view *out)
{
	out->policy = (enum policy_status)read_word("policy_status",
	    object_text(policy, "status"), POLICY_STATUS_NONE_TRIED);
	out->mode = (enum policy_mode)read_word("policy_mode",
	    object_text(policy, "mode"), POLICY_MODE_NULL);
	out->max_age = read_uint(policy, "max_age");
	out->patterns = read_texts(a, policy, "mx");
	out->policy_lines = read_lines(a, policy, "body");
	out->policy_provider = read_text(a, policy, "provider");
	out->policy_not_after = read_uint(object_get(policy, "tls"),
	    "not_after");
	out->policy_outcome = read_outcome(policy);
	out->http_status = read_uint(policy, "http_status");
	out->location = read_text(a, policy, "location");
}

static enum record_status
read_record_status(const msgpack_object *map)
{
	return (enum record_status)read_word("record_status",
	    object_text(map, "status"), RECORD_STATUS_INCONCLUSIVE);
}

static void
take_domain(struct check_views *v, const msgpack_object *record)
{
	struct arena *a = v->arena;
	struct check_view *out = vec_push(a, &v->views), view;
	struct check_view *all = v->views.p;
	const msgpack_object *sts = object_get(record, "sts");
	const msgpack_object *txt = object_get(sts, "record");
	const msgpack_object *tlsrpt = object_get(record, "tlsrpt");
	const msgpack_object *mx = object_get(record, "mx_lookup");

	out->line = read_uint(record, "line");
	out->name = read_text(a, record, "name");
	out->excluded = read_tri(record, "excluded") == TRI_YES;
	out->verdict = (enum verdict)read_word("verdict",
	    object_text(record, "verdict"), VERDICT_INCONCLUSIVE);
	out->verdict_dane = (enum verdict)read_word("verdict",
	    object_text(record, "verdict_dane"), VERDICT_INCONCLUSIVE);
	out->sts = read_record_status(txt);
	out->sts_lookup = read_outcome(object_get(txt, "lookup"));
	out->sts_txt = read_texts(a, txt, "txt");
	out->sts_provider = read_text(a, txt, "provider");
	read_policy(a, object_get(sts, "policy"), out);
	out->tlsrpt = read_record_status(tlsrpt);
	out->tlsrpt_lookup = read_outcome(object_get(tlsrpt, "lookup"));
	out->tlsrpt_txt = read_texts(a, tlsrpt, "txt");
	out->rua = read_texts(a, tlsrpt, "rua");
	out->mx_status = (enum mx_status)read_word("mx_status",
	    object_text(record, "mx_status"), MX_STATUS_INCONCLUSIVE);
	out->mx_lookup = read_outcome(mx);
	out->mx_secure = read_tri(mx, "ad");
	read_hosts(v, record, out);
	read_findings(v, record, out);
	/* Domains end in any order; people read theirs. */
	for (size_t i = v->views.n - 1; i > 0 &&
	    all[i].line < all[i - 1].line; i--) {
		view = all[i];
		all[i] = all[i - 1];
		all[i - 1] = view;
	}
}

static void
take_scan(struct check_views *v, const msgpack_object *record)
{
	v->run.started_ms = read_uint(record, "started");
	v->run.ehlo_name = read_text(v->arena, record, "ehlo_name");
	v->run.contact = read_text(v->arena, record, "contact");
	v->run.vantage = read_text(v->arena, record, "vantage");
}

void
check_views_take(struct check_views *v, const msgpack_object *record)
{
	if (object_is(record, SLICE_LIT("cert")))
		take_cert(v, record);
	else if (object_is(record, SLICE_LIT("mx")))
		take_mx(v, record);
	else if (object_is(record, SLICE_LIT("domain")))
		take_domain(v, record);
	else if (object_is(record, SLICE_LIT("scan")))
		take_scan(v, record);
	else if (object_is(record, SLICE_LIT("end")))
		v->run.ended_ms = read_uint(record, "ended");
}

/* ---- what it means ---- */

bool
check_view_has(const struct check_view *v, enum finding f)
{
	for (size_t i = 0; i < v->n_finding; i++)
		if (v->finding[i] == finding_row(f))
			return true;
	return false;
}

bool
check_tls_is_old(struct slice version)
{
	return version.n > 0 && !slice_eq(version, SLICE_LIT("1.2")) &&
	    !slice_eq(version, SLICE_LIT("1.3"));
}

enum tri
check_host_tls(const struct check_host *h)
{
	switch (h->starttls) {
	case STARTTLS_STATUS_OK:
		break;
	case STARTTLS_STATUS_NOT_OFFERED:
	case STARTTLS_STATUS_REFUSED:
	case STARTTLS_STATUS_TLS_FAILED:
		return TRI_NO;
	case STARTTLS_STATUS_BLOCKED:
	case STARTTLS_STATUS_UNREACHABLE:
	case STARTTLS_STATUS_INCONCLUSIVE:
	case STARTTLS_STATUS_COUNT:
		return TRI_UNKNOWN;
	}
	if (h->trusted == TRI_NO || h->name_ok == TRI_NO ||
	    h->time_ok == TRI_NO || check_tls_is_old(h->tls))
		return TRI_NO;
	return h->trusted == TRI_YES && h->name_ok == TRI_YES &&
	    h->time_ok == TRI_YES && h->tls.n > 0 ? TRI_YES : TRI_UNKNOWN;
}

bool
check_view_is_dnssec_blind(const struct check_view *v)
{
	return v->mx_secure == TRI_UNKNOWN && (v->mx_lookup == OUTCOME_OK ||
	    v->mx_lookup == OUTCOME_NODATA ||
	    v->mx_lookup == OUTCOME_NXDOMAIN);
}

bool
check_view_is_open(const struct check_view *v)
{
	if (v->verdict == VERDICT_INCONCLUSIVE ||
	    v->sts == RECORD_STATUS_INCONCLUSIVE ||
	    v->policy == POLICY_STATUS_INCONCLUSIVE ||
	    v->tlsrpt == RECORD_STATUS_INCONCLUSIVE ||
	    v->mx_status == MX_STATUS_INCONCLUSIVE)
		return true;
	for (size_t i = 0; i < v->n_host; i++) {
		if (v->host[i].starttls == STARTTLS_STATUS_BLOCKED ||
		    v->host[i].starttls == STARTTLS_STATUS_INCONCLUSIVE)
			return true;
		/* Without a resolver to believe, no run finds out. */
		if (!check_view_is_dnssec_blind(v) &&
		    v->host[i].dane == DANE_STATUS_INCONCLUSIVE)
			return true;
	}
	return false;
}

static bool
is_broken(enum verdict v)
{
	return v == VERDICT_INVALID || v == VERDICT_TESTING_FAIL ||
	    v == VERDICT_ENFORCE_DEGRADED || v == VERDICT_ENFORCE_FAIL;
}

bool
check_view_is_wrong(const struct check_view *v)
{
	for (size_t i = 0; i < v->n_finding; i++)
		if (strcmp(v->finding[i]->severity, "error") == 0)
			return true;
	return is_broken(v->verdict) || is_broken(v->verdict_dane);
}
