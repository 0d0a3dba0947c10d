/* SPDX-License-Identifier: Apache-2.0
 *
 * facts_sample.c: three kinds of domain, two kinds of MX host, certificates.
 * Names and addresses are reserved for examples.
 */
#include "tests/unit/facts_sample.h"

#include <stdio.h>
#include <string.h>

#include "scanner/base/banned.h"

#define STARTED_MS INT64_C(1700000000000)

static struct rrset
answer(enum outcome outcome, uint32_t ttl)
{
	return (struct rrset){ .lookup = { .outcome = outcome, .ttl = ttl,
		.secure = TRI_NO, .attempts = 1, .elapsed_ms = 17,
		.resolver = SLICE_LIT("192.0.2.53") } };
}

static struct slice *
slices(struct arena *a, const char *const *text, size_t n)
{
	struct slice *s = arena_array(a, n, sizeof(*s));

	for (size_t i = 0; i < n; i++)
		s[i] = slice_of(text[i]);
	return s;
}

static void
one_txt(struct arena *a, struct rrset *set, const char *const *part, size_t n)
{
	struct txt_rr *rr = arena_alloc(a, sizeof(*rr));

	rr->part = slices(a, part, n);
	rr->n_part = n;
	rr->joined = SLICE_EMPTY;
	for (size_t i = 0; i < n; i++)
		rr->joined = arena_fmt(a, "%.*s%s", SLICE_ARG(rr->joined),
		    part[i]);
	set->txt = rr;
	set->n = 1;
}

static struct domain_meta
meta_of(uint64_t line)
{
	return (struct domain_meta){ .line = line, .rank = line,
		.started_ms = STARTED_MS + (int64_t)(line / 3),
		.elapsed_ms = 20 + (uint32_t)(line * 7919 % 64),
		.single_resolver = true };
}

void
sample_nxdomain(struct sample_domain *d, uint64_t line, struct slice name)
{
	*d = (struct sample_domain){ .meta = meta_of(line) };
	d->facts.name = name;
	d->facts.mx = answer(OUTCOME_NXDOMAIN, 900);
	d->facts.sts_txt = answer(OUTCOME_NXDOMAIN, 900);
	d->facts.tlsrpt_txt = answer(OUTCOME_NXDOMAIN, 900);
	d->judgement.sts.status = RECORD_STATUS_ABSENT;
	d->judgement.policy_status = POLICY_STATUS_NONE_TRIED;
	d->judgement.tlsrpt.status = RECORD_STATUS_ABSENT;
	d->judgement.mx_status = MX_STATUS_NXDOMAIN;
	d->judgement.verdict = VERDICT_NONE;
	d->judgement.verdict_dane = VERDICT_NONE;
}

static void
add_hosts(struct arena *a, struct sample_domain *d, struct slice host)
{
	struct host_judgement *h = arena_array(a, 2, sizeof(*h));

	for (size_t i = 0; i < 2; i++)
		h[i] = (struct host_judgement){
			.preference = (uint16_t)(10 * (i + 1)),
			.host = arena_fmt(a, "mx%zu.%.*s", i + 1,
			    SLICE_ARG(host)),
			.starttls = STARTTLS_STATUS_OK,
			.tls = TLS_VERSION_1_3, .trusted = TRI_YES,
			.name_ok = TRI_YES, .time_ok = TRI_YES,
			.dane = DANE_STATUS_ABSENT };
	d->judgement.host = h;
	d->judgement.n_host = 2;
}

void
sample_mail(struct arena *a, struct sample_domain *d, uint64_t line,
    struct slice name, struct slice host)
{
	const uint32_t ttls[] = { 300, 3600, 900, 14400, 1799 };

	sample_nxdomain(d, line, name);
	d->facts.mx = answer(OUTCOME_OK, ttls[line % 5]);
	d->facts.mx.lookup.elapsed_ms = (uint32_t)(line * 31 % 40);
	d->facts.mx.n = 2;
	d->judgement.mx_status = MX_STATUS_OK;
	add_hosts(a, d, host);
}

/* One that serves what another one does, and one that does not answer. */
static void
add_others(struct arena *a, struct policy_facts *p)
{
	struct policy_other *o = arena_array(a, 3, sizeof(*o));

	o[0] = (struct policy_other){ { 4, { 192, 0, 2, 8 } }, OUTCOME_OK,
		.tls = OUTCOME_OK, .trusted = TRI_YES, .name_ok = TRI_NO,
		.time_ok = TRI_YES, .has_leaf = true, .http_status = 200,
		.same = TRI_NO, .has_body = true, .body_cut = true,
		.body = SLICE_LIT("mode: none\n\xff") };
	memset(o[0].leaf.sha256, 3, sizeof(o[0].leaf.sha256));
	o[1] = o[0];
	o[1].address.bytes[3] = 9;
	o[2] = (struct policy_other){ .address = { 6, { 0x20, 1 } },
		.outcome = OUTCOME_CONNECT_TIMEOUT };
	p->other = o;
	p->n_other = 3;
	p->others_cut = true;
}

static void
add_policy(struct arena *a, struct sample_domain *d)
{
	static const char *const patterns[] = { "mx1.example.com",
		"*.example.net" };
	struct policy_facts *p = &d->facts.policy;
	struct sts_policy *parsed = &d->judgement.policy;
	struct address *address = arena_alloc(a, sizeof(*address));
	struct policy_attempt *attempt = arena_alloc(a, sizeof(*attempt));

	*address = (struct address){ 4, { 192, 0, 2, 7 } };
	*attempt = (struct policy_attempt){ *address, OUTCOME_OK,
		1700000000123 };
	*p = (struct policy_facts){ .host = SLICE_LIT("mta-sts.example.com"),
		.a = answer(OUTCOME_OK, 60), .aaaa = answer(OUTCOME_NODATA, 0),
		.attempt = attempt, .n_attempt = 1, .outcome = OUTCOME_OK,
		.http_status = 200, .has_content_type = true,
		.content_type = SLICE_LIT("text/plain"),
		.location = SLICE_LIT("https://example.com/"),
		.server = SLICE_LIT("nginx"), .has_body = true,
		.body_cut = true, .elapsed_ms = 44,
		.body = SLICE_LIT("version: STSv1\nmode: enforce\n\xff\n") };
	p->a.n = 1;
	p->a.address = address;
	p->size = 70000;
	p->content_encoding = SLICE_LIT("gzip");
	p->cache_control = SLICE_LIT("max-age=600");
	add_others(a, p);
	d->judgement.policy_probed = true;
	*parsed = (struct sts_policy){ .valid = true, .ambiguous = true,
		.mode = POLICY_MODE_ENFORCE, .has_max_age = true,
		.max_age = 604800, .mx = slices(a, patterns, 2), .n_mx = 2 };
	d->judgement.policy_status = POLICY_STATUS_OK;
	d->judgement.policy_valid = TRI_YES;
	d->judgement.policy_valid_lenient = TRI_YES;
	d->judgement.mx_match = MX_MATCH_NONE;
	d->judgement.mx_class = MX_CLASS_THIRD_LABEL;
	d->judgement.policy_provider = SLICE_LIT("Another Provider");
}

static void
add_tls(struct arena *a, struct tls_facts *t)
{
	static const char *const wrong[] = { "self-signed certificate",
		"certificate has expired" };
	struct cert_der *chain = arena_array(a, 2, sizeof(*chain));

	memset(chain[0].sha256, 1, 32);
	memset(chain[1].sha256, 2, 32);
	*t = (struct tls_facts){ .outcome = OUTCOME_OK,
		.version = TLS_VERSION_1_3,
		.cipher = SLICE_LIT("TLS_AES_256_GCM_SHA384"),
		.group = SLICE_LIT("X25519"),
		.signature = SLICE_LIT("ecdsa_secp256r1_sha256"),
		.alert = SLICE_LIT("close_notify"),
		.error = SLICE_LIT("none"), .chain = chain, .n_chain = 2,
		.trusted = TRI_NO, .name_ok = TRI_YES, .time_ok = TRI_NO,
		.expired = true, .not_yet = true, .self_signed = true,
		.verify_error = SLICE_LIT("self-signed certificate"),
		.incomplete = true, .name_by = NAME_BY_WILDCARD_SUFFIX,
		.not_before = -86400, .not_after = 1800000000,
		.alert_sent = SLICE_LIT("illegal parameter"),
		.sni = SLICE_LIT("mx1.example.com"), .bytes_read = 2345,
		.bytes_written = 512, .n_verify_errors = 2 };
	t->verify_errors = slices(a, wrong, 2);
}

static void
add_lookup_rest(struct arena *a, struct rrset *set)
{
	static const char *const cname[] = { "x.example.net" };
	struct ede *ede = arena_alloc(a, sizeof(*ede));

	*ede = (struct ede){ 22, SLICE_LIT("no reachable authority") };
	set->lookup.cname = slices(a, cname, 1);
	set->lookup.n_cname = 1;
	set->lookup.ede = ede;
	set->lookup.n_ede = 1;
	set->lookup.attempts = 3;
	set->lookup.n_tried = 3;
	set->lookup.tried[0] = OUTCOME_DNS_TIMEOUT;
	set->lookup.tried[1] = OUTCOME_SERVFAIL;
	set->lookup.tried[2] = OUTCOME_OK;
	set->cut = true;
}

static void
add_also(struct arena *a, struct sample_domain *d)
{
	static const char *const ns[] = { "ns1.example.net",
		"ns2.example.net" };
	static const char *const ds[] = { "12345 13 2 00FF" };
	static const char *const spf[] = { "v=spf1 ", "-all" };
	struct rrset *also = arena_array(a, ALSO_COUNT, sizeof(*also));

	also[ALSO_NS] = answer(OUTCOME_OK, 60);
	also[ALSO_NS].text = slices(a, ns, 2);
	also[ALSO_NS].n = 2;
	also[ALSO_DS] = answer(OUTCOME_OK, 60);
	also[ALSO_DS].text = slices(a, ds, 1);
	also[ALSO_DS].n = 1;
	also[ALSO_SPF] = answer(OUTCOME_OK, 60);
	one_txt(a, &also[ALSO_SPF], spf, 2);
	also[ALSO_DMARC] = answer(OUTCOME_SERVFAIL, 0);
	also[ALSO_BIMI] = answer(OUTCOME_NXDOMAIN, 0);
	also[ALSO_CAA] = answer(OUTCOME_NODATA, 0);
	also[ALSO_A] = answer(OUTCOME_OK, 60);
	also[ALSO_A].n = 1;
	also[ALSO_A].address = arena_alloc(a, sizeof(struct address));
	*also[ALSO_A].address = (struct address){ 4, { 192, 0, 2, 80 } };
	d->facts.also = also;
	d->judgement.also = arena_array(a, ALSO_COUNT,
	    sizeof(*d->judgement.also));
	for (size_t q = 0; q < ALSO_COUNT; q++)
		d->judgement.also[q] = also_judge((enum also)q, &also[q]);
}

void
sample_full(struct arena *a, struct sample_domain *d)
{
	static const char *const sts[] = { "v=STSv1; ", "id=20240101" };
	static const char *const rpt[] = { "v=TLSRPTv1; ",
		"rua=mailto:\xe4@example.com" };

	sample_mail(a, d, 1, SLICE_LIT("example.com"),
	    SLICE_LIT("example.com"));
	d->meta.input = SLICE_LIT("EXAMPLE.com.");
	d->meta.excluded = true;
	d->meta.single_resolver = false;
	add_lookup_rest(a, &d->facts.mx);
	d->facts.mx.mx = arena_array(a, 2, sizeof(*d->facts.mx.mx));
	d->facts.mx.mx[0].host = SLICE_LIT(".");
	d->facts.mx.mx[1].host = SLICE_LIT("mx1.example.com");
	d->facts.hosts_cut = true;
	d->facts.sts_txt = answer(OUTCOME_OK, 300);
	one_txt(a, &d->facts.sts_txt, sts, 2);
	d->facts.tlsrpt_txt = answer(OUTCOME_OK, 300);
	one_txt(a, &d->facts.tlsrpt_txt, rpt, 2);
	d->judgement.sts = (struct sts_rrset){ .status = RECORD_STATUS_OK,
		.id = SLICE_LIT("20240101"), .ambiguous = true,
		.valid_lenient = true, .id_lenient = SLICE_LIT("20240102") };
	d->judgement.has_id_time = true;
	d->judgement.id_time = 1704067200;
	d->judgement.sts_provider = SLICE_LIT("Provider");
	d->judgement.tlsrpt = (struct tlsrpt_rrset){ .ambiguous = true,
		.status = RECORD_STATUS_OK, .valid_lenient = true,
		.rua = slices(a, &rpt[1], 1), .n_rua = 1 };
	add_policy(a, d);
	add_also(a, d);
	add_tls(a, &d->facts.policy.tls);
	d->judgement.host[0].in_policy = TRI_YES;
	d->judgement.host[1].in_policy = TRI_NO;
	d->judgement.host[1].tls = TLS_VERSION_NONE;
	d->judgement.host[1].shared = true;
	d->judgement.verdict = VERDICT_ENFORCE_DEGRADED;
	d->judgement.verdict_dane = VERDICT_ENFORCE_OK;
	finding_raise(&d->judgement.findings, FINDING_STS_RECORD_SPACE);
	finding_raise(&d->judgement.findings, FINDING_STARTTLS_ABSENT);
}

static struct smtp_facts
silent_session(void)
{
	return (struct smtp_facts){ .outcome = OUTCOME_CONNECT_TIMEOUT,
		.address = { 6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } },
		.n_attempt = 0 };
}

static void
add_session(struct arena *a, struct smtp_facts *f)
{
	static const char *const banner[] = { "220 mx1.example.com ESMTP" };
	static const char *const ehlo[] = { "250-mx1.example.com",
		"250 STARTTLS" };
	struct smtp_attempt *tried = arena_array(a, 2, sizeof(*tried));
	struct tls_try *versions = arena_array(a, 3, sizeof(*versions));

	tried[0].outcome = OUTCOME_SMTP_4YZ;
	tried[1].outcome = OUTCOME_OK;
	tried[0].started_ms = STARTED_MS + 40;
	tried[0].elapsed_ms = 30;
	tried[1].started_ms = STARTED_MS + 60070;
	tried[1].elapsed_ms = 210;
	*f = (struct smtp_facts){ .address = { 4, { 192, 0, 2, 25 } },
		.outcome = OUTCOME_OK, .attempt = tried, .n_attempt = 2,
		.banner_code = 220, .banner = slices(a, banner, 1),
		.n_banner = 1, .ehlo_code = 250, .ehlo = slices(a, ehlo, 2),
		.n_ehlo = 2, .helo = true, .offers_starttls = true,
		.starttls_reply = SLICE_LIT("220 go ahead"),
		.starttls_code = 220, .injection = true,
		.ehlo_tls = slices(a, ehlo, 1), .n_ehlo_tls = 1, .quit = true,
		.dane = { .n_usable = 2, .checked = true, .matched = true,
		    .ta_name_failed = true, .matched_index = 1,
		    .ta_not_sent = true, .has_alternative = true,
		    .alternative = { 2, 0, 1 } },
		.elapsed_ms = 210, .tls_try = versions, .n_tls_try = 3 };
	versions[0] = (struct tls_try){ .version = TLS_VERSION_1_0,
		.outcome = OUTCOME_TLS_ALERT, .started_ms = STARTED_MS + 70000,
		.elapsed_ms = 9, .alert = SLICE_LIT("protocol version") };
	versions[1] = (struct tls_try){ .version = TLS_VERSION_1_1,
		.outcome = OUTCOME_LOCAL };
	versions[2] = (struct tls_try){ .version = TLS_VERSION_1_2,
		.outcome = OUTCOME_OK, .cipher = SLICE_LIT("AES128-SHA") };
	add_tls(a, &f->tls);
}

void
sample_host_full(struct arena *a, struct sample_host *h)
{
	static const char digest[32] = "association data";
	static const char *const rpt[] = { "v=TLSRPTv1; ",
		"rua=mailto:tls@example.net" };
	struct host_facts *f = &h->facts;
	struct address *address = arena_array(a, 2, sizeof(*address));

	*h = (struct sample_host){ .meta = { STARTED_MS, 300, false },
		.state = { .starttls = STARTTLS_STATUS_OK,
		    .tls = TLS_VERSION_1_2, .trusted = TRI_YES,
		    .name_ok = TRI_YES, .time_ok = TRI_NO,
		    .dane = DANE_STATUS_OK } };
	f->host = SLICE_LIT("mx1.example.com");
	f->a = answer(OUTCOME_OK, 60);
	f->aaaa = answer(OUTCOME_OK, 60);
	add_lookup_rest(a, &f->a);
	f->n_address = 2;
	f->address = arena_array(a, 2, sizeof(*f->address));
	f->address[0] = silent_session(); /* IPv6: written second */
	add_session(a, &f->address[1]);
	address[0] = f->address[1].address;
	address[1] = f->address[0].address;
	f->a.address = &address[0];
	f->aaaa.address = &address[1];
	f->a.n = f->aaaa.n = 1;
	f->tlsa_base = SLICE_LIT("mx1.example.net");
	f->tlsa = answer(OUTCOME_OK, 60);
	f->tlsa.n = 1;
	f->tlsa.tlsa = arena_alloc(a, sizeof(*f->tlsa.tlsa));
	*f->tlsa.tlsa = (struct tlsa_rr){ 3, 1, 1,
		slice_make(digest, sizeof(digest)) };
	f->tlsrpt_txt = answer(OUTCOME_OK, 60);
	one_txt(a, &f->tlsrpt_txt, rpt, 2);
	f->addresses_cut = true;
	f->alias = arena_alloc(a, sizeof(*f->alias));
	*f->alias = answer(OUTCOME_OK, 60);
	f->address[0].shared = true;
}

void
sample_host_silent(struct sample_host *h, struct slice host)
{
	*h = (struct sample_host){ .meta = { STARTED_MS, 5, true },
		.state = { .starttls = STARTTLS_STATUS_UNREACHABLE } };
	h->facts.host = host;
	h->facts.a = answer(OUTCOME_NXDOMAIN, 0);
	h->facts.aaaa = answer(OUTCOME_NXDOMAIN, 0);
}

void
sample_cert(struct arena *a, struct cert_facts *c, uint8_t seed)
{
	static const char *const names[] = { "mx1.example.com",
		"*.example.com" };

	*c = (struct cert_facts){ .der = arena_fmt(a, "DER of %u", seed),
		.subject_cn = SLICE_LIT("mx1.example.com"),
		.subject = SLICE_LIT("CN=mx1.example.com"),
		.issuer = SLICE_LIT("CN=Example CA"),
		.dns_name = slices(a, names, 2), .n_dns_name = 2,
		.not_before = -86400, .not_after = 1800000000,
		.serial = SLICE_LIT("0a1b"), .key_type = SLICE_LIT("EC"),
		.key_bits = 256,
		.signature_algorithm = SLICE_LIT("ecdsa-with-SHA256"),
		.self_issued = true, .is_ca = false };
	memset(c->sha256, seed, 32);
	memset(c->spki_sha256, seed + 100, 32);
}
