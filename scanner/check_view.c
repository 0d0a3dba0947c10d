/* SPDX-License-Identifier: Apache-2.0
 *
 * check_view.c: out of unpacked records, with every word back to its enum.
 *
 * Records of a file come in the order cert, mx, domain, so that a domain
 * finds its hosts and they their certificates among those met.
 */
#include "scanner/check_view.h"

#include <string.h>

#include "scanner/base/banned.h"

#define SHOWN_BYTES 2048 /* of one text */

void
check_views_init(struct check_views *v)
{
	v->arena = arena_new();
	v->certs = VEC_OF(struct check_cert);
	v->hosts = VEC_OF(struct check_host);
	v->views = VEC_OF(struct check_view);
}

void
check_views_release(struct check_views *v)
{
	arena_free(v->arena);
}

/* ---- words and texts ---- */

/* Words stand in vocabulary.def in the order of their enum. */
static int
word_index(const char *set, struct slice word, int none)
{
	size_t n;
	const struct vocabulary_word *w = vocabulary_words(&n);
	int index = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(w[i].set, set) != 0)
			continue;
		if (slice_eq(word, slice_of(w[i].word)))
			return index;
		index++;
	}
	return none;
}

const char *
check_sentence(const char *set, int value)
{
	size_t n;
	const struct vocabulary_word *w = vocabulary_words(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(w[i].set, set) == 0 && value-- == 0)
			return w[i].sentence;
	return "";
}

static enum outcome
read_outcome(const msgpack_object *map)
{
	struct slice word = object_text(map, "outcome");

	for (int o = 0; o < OUTCOME_COUNT; o++)
		if (slice_eq(word, slice_of(outcome_word((enum outcome)o))))
			return (enum outcome)o;
	return OUTCOME_NONE;
}

static enum tri
read_tri(const msgpack_object *map, const char *key)
{
	const msgpack_object *o = object_get(map, key);

	if (o == NULL || o->type != MSGPACK_OBJECT_BOOLEAN)
		return TRI_UNKNOWN;
	return o->via.boolean ? TRI_YES : TRI_NO;
}

static uint64_t
read_uint(const msgpack_object *map, const char *key)
{
	uint64_t n = 0;

	object_uint(map, key, &n);
	return n;
}

static struct slice
clean(struct arena *a, struct slice s)
{
	char *p;

	s = slice_upto(s, SHOWN_BYTES);
	p = arena_alloc(a, s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] < 0x20 || s.p[i] > 0x7e ? '?' : s.p[i];
	return slice_make(p, s.n);
}

static struct slice
read_text(struct arena *a, const msgpack_object *map, const char *key)
{
	return clean(a, object_text(map, key));
}

/* Elements of a list; none for anything else. */
static const msgpack_object *
list_of(const msgpack_object *map, const char *key, size_t *n)
{
	const msgpack_object *o = object_get(map, key);

	*n = 0;
	if (o == NULL || o->type != MSGPACK_OBJECT_ARRAY)
		return NULL;
	*n = o->via.array.size;
	return o->via.array.ptr;
}

static struct check_texts
read_texts(struct arena *a, const msgpack_object *map, const char *key)
{
	struct check_texts out;
	const msgpack_object *list = list_of(map, key, &out.n);
	struct slice *v = arena_array(a, out.n + 1, sizeof(*v));

	for (size_t i = 0; i < out.n; i++)
		v[i] = clean(a, object_bytes(&list[i]));
	out.v = v;
	return out;
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
	const msgpack_object *names = list_of(record, "dns_names", &n);

	c->sha256 = arena_slice(v->arena, object_text(record, "sha256"));
	c->n_name = n;
	c->name = n > 0 ? clean(v->arena, object_bytes(&names[0])) :
	    SLICE_EMPTY;
	c->issuer = read_text(v->arena, record, "issuer");
	c->not_before = read_uint(record, "not_before");
	c->not_after = read_uint(record, "not_after");
}

static struct check_cert *
leaf_of(struct check_views *v, const msgpack_object *tls)
{
	size_t n;
	const msgpack_object *chain = list_of(tls, "chain", &n);
	struct check_cert *c = v->certs.p;

	for (size_t i = 0; n > 0 && i < v->certs.n; i++)
		if (slice_eq(c[i].sha256, object_bytes(&chain[0])))
			return &c[i];
	return NULL;
}

static void
read_address(struct check_views *v, const msgpack_object *o,
    struct check_address *out)
{
	const msgpack_object *tls = object_get(o, "tls");

	out->address = read_text(v->arena, o, "address");
	out->starttls = (enum starttls_status)word_index("starttls",
	    object_text(o, "starttls"), STARTTLS_STATUS_INCONCLUSIVE);
	out->outcome = read_outcome(o);
	out->banner_code = read_uint(o, "banner_code");
	out->starttls_code = read_uint(o, "starttls_code");
	out->reply = read_text(v->arena, o, "starttls_reply");
	out->verify_error = read_text(v->arena, tls, "verify_error");
	out->cert = leaf_of(v, tls);
}

static void
take_mx(struct check_views *v, const msgpack_object *record)
{
	struct check_host *h = vec_push(v->arena, &v->hosts);
	const msgpack_object *list = list_of(record, "addresses",
	    &h->n_address);
	struct check_address *address = arena_array(v->arena,
	    h->n_address + 1, sizeof(*address));

	h->host = read_text(v->arena, record, "host");
	h->a = read_outcome(object_get(record, "a"));
	h->aaaa = read_outcome(object_get(record, "aaaa"));
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
	out->starttls = (enum starttls_status)word_index("starttls",
	    object_text(o, "starttls"), STARTTLS_STATUS_INCONCLUSIVE);
	out->tls = read_text(v->arena, o, "tls");
	out->dane = (enum dane_status)word_index("dane",
	    object_text(o, "dane"), DANE_STATUS_INCONCLUSIVE);
}

static void
read_hosts(struct check_views *v, const msgpack_object *record,
    struct check_view *out)
{
	const msgpack_object *list = list_of(record, "mx", &out->n_host);
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
	const msgpack_object *list = list_of(record, "findings", &n);
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
	out->policy = (enum policy_status)word_index("policy_status",
	    object_text(policy, "status"), POLICY_STATUS_NONE_TRIED);
	out->mode = (enum policy_mode)word_index("policy_mode",
	    object_text(policy, "mode"), POLICY_MODE_NULL);
	out->max_age = read_uint(policy, "max_age");
	out->patterns = read_texts(a, policy, "mx");
	out->policy_outcome = read_outcome(policy);
	out->http_status = read_uint(policy, "http_status");
	out->location = read_text(a, policy, "location");
}

static enum record_status
read_record_status(const msgpack_object *map)
{
	return (enum record_status)word_index("record_status",
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
	out->verdict = (enum verdict)word_index("verdict",
	    object_text(record, "verdict"), VERDICT_INCONCLUSIVE);
	out->verdict_dane = (enum verdict)word_index("verdict",
	    object_text(record, "verdict_dane"), VERDICT_INCONCLUSIVE);
	out->sts = read_record_status(txt);
	out->sts_lookup = read_outcome(object_get(txt, "lookup"));
	out->sts_txt = read_texts(a, txt, "txt");
	read_policy(a, object_get(sts, "policy"), out);
	out->tlsrpt = read_record_status(tlsrpt);
	out->tlsrpt_lookup = read_outcome(object_get(tlsrpt, "lookup"));
	out->tlsrpt_txt = read_texts(a, tlsrpt, "txt");
	out->rua = read_texts(a, tlsrpt, "rua");
	out->mx_status = (enum mx_status)word_index("mx_status",
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

void
check_views_take(struct check_views *v, const msgpack_object *record)
{
	if (object_is(record, SLICE_LIT("cert")))
		take_cert(v, record);
	else if (object_is(record, SLICE_LIT("mx")))
		take_mx(v, record);
	else if (object_is(record, SLICE_LIT("domain")))
		take_domain(v, record);
}

/* ---- what it means ---- */

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
	    h->time_ok == TRI_NO || (h->tls.n > 0 &&
	    !slice_eq(h->tls, SLICE_LIT("1.2")) &&
	    !slice_eq(h->tls, SLICE_LIT("1.3"))))
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
