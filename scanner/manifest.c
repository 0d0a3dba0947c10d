/* SPDX-License-Identifier: Apache-2.0
 *
 * manifest.c: the scan record, first in every file: who scanned what, how,
 * with which program, list, resolvers and trust store; and the session record
 * where a scan is gone on with.
 */
#include "scanner/manifest.h"

#include <openssl/crypto.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>
#include <uv.h>
#include <zstd.h>

#include "scanner/preflight.h"
#include "scanner/resume.h"

#include "scanner/base/banned.h"

struct texts {
	struct arena *arena;
	struct vec v; /* of struct slice */
};

static void
add_text(void *ctx, const char *text)
{
	struct texts *t = ctx;
	struct slice *to = vec_push(t->arena, &t->v);

	*to = arena_slice(t->arena, slice_of(text));
}

static void
add_libraries(struct texts *t)
{
	char line[128];
	struct strbuf b;

	b = strbuf_of(line, sizeof(line));
	strbuf_fmt(&b, "libuv %s", uv_version_string());
	add_text(t, line);
	b = strbuf_of(line, sizeof(line));
	strbuf_fmt(&b, "libcurl %s", curl_version_info(CURLVERSION_NOW)->
	    version);
	add_text(t, line);
	add_text(t, OpenSSL_version(OPENSSL_VERSION));
	b = strbuf_of(line, sizeof(line));
	strbuf_fmt(&b, "zstd %s", ZSTD_versionString());
	add_text(t, line);
}

static struct slice
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slice_of(slash == NULL ? path : slash + 1);
}

static void
add_resolvers(struct texts *t, const struct run *r)
{
	char text[80];

	for (size_t i = 0; i < r->dns.n_resolver; i++) {
		preflight_resolver_text(&r->dns, i, text, sizeof(text));
		add_text(t, text);
	}
}

static bool
is_unvalidated(const struct run *r)
{
	for (size_t i = 0; i < r->dns.n_resolver; i++)
		if (r->dns.trusted[i])
			return false;
	return true;
}

void
manifest_post_session(struct run *r, const struct resume *from)
{
	struct arena *a = arena_new();
	struct texts resolvers = { a, VEC_OF(struct slice) };
	char vantage[256] = "";
	struct session_meta m = { .version = slice_of(MXCENSUS_VERSION),
		.started_ms = r->started_ms, .domains = from->tally.domains,
		.cut_bytes = from->cut_bytes,
		.unvalidated = is_unvalidated(r),
		.previous = from->has_end ? &from->end : NULL };
	struct record *record;

	add_resolvers(&resolvers, r);
	m.resolver = resolvers.v.p, m.n_resolver = resolvers.v.n;
	gethostname(vantage, sizeof(vantage) - 1);
	m.vantage = slice_of(vantage);
	record = record_session(&m);
	sink_post(r->sink, &record, 1, NULL, NULL);
	arena_free(a);
}

void
manifest_post(struct run *r, const struct list_facts *list)
{
	const struct options *o = r->options;
	struct arena *a = arena_new();
	struct texts libraries = { a, VEC_OF(struct slice) };
	struct texts changed = { a, VEC_OF(struct slice) };
	struct texts stages = { a, VEC_OF(struct slice) };
	struct texts resolvers = { a, VEC_OF(struct slice) };
	struct record *record;
	char vantage[256] = "";
	struct scan_meta m = { .version = slice_of(MXCENSUS_VERSION),
		.list = base_name(o->list), .ehlo_name = slice_of(o->ehlo_name),
		.contact = slice_of(o->contact), .notes = slice_of(o->notes),
		.has_list_digest = list->regular, .list_lines = list->lines,
		.trust_ad = o->trust_ad,
		.has_trust = r->worker[0]->tls != NULL,
		.started_ms = r->started_ms };

	add_libraries(&libraries);
	options_changed(o, add_text, &changed);
	add_text(&stages, "dns");
	if (r->wants_policy)
		add_text(&stages, "policy");
	if (r->wants_smtp)
		add_text(&stages, "smtp");
	add_resolvers(&resolvers, r);
	gethostname(vantage, sizeof(vantage) - 1);
	m.vantage = slice_of(vantage);
	m.library = libraries.v.p, m.n_library = libraries.v.n;
	m.option = changed.v.p, m.n_option = changed.v.n;
	m.stage = stages.v.p, m.n_stage = stages.v.n;
	m.resolver = resolvers.v.p, m.n_resolver = resolvers.v.n;
	m.ipv6 = r->ipv6;
	m.unvalidated = is_unvalidated(r);
	memcpy(m.list_sha256, list->sha256, sizeof(m.list_sha256));
	if (m.has_trust) {
		tls_trust_digest(r->worker[0]->tls, m.trust_sha256);
		m.trust_certificates = tls_trust_count(r->worker[0]->tls);
	}
	record = record_scan(&m);
	sink_post(r->sink, &record, 1, NULL, NULL);
	arena_free(a);
}
