/* SPDX-License-Identifier: Apache-2.0
 *
 * trust.c: path validation by OpenSSL, dates apart, verdicts cached.
 *
 * A chain is validated as a sender would, at the time asked.  Where that
 * fails it is validated again with dates ignored, so that "not trusted" and
 * "out of date" stay two facts, and once more to hear all that is wrong.  A
 * verdict depends on the time only through the dates of the certificates
 * involved, so it is kept together with the span between the nearest of those
 * dates, and is right at any time asked.
 * RFC 5280 6, RFC 8461 4.2.
 */
#include "workers/trust.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scanner/base/arena.h"
#include "workers/x509_facts.h"

#include "scanner/base/banned.h"

/* Chains remembered per worker; 168 bytes each.  A power of two. */
#define VERDICTS_MAX 4096
#define BUCKETS (2 * VERDICTS_MAX)
#define NOBODY UINT32_MAX

struct entry {
	uint8_t digest[32];
	struct trust_verdict verdict;
	uint32_t next_in_bucket;
	uint32_t newer, older; /* by last use */
};

struct trust {
	X509_STORE *store;
	size_t n_roots;
	uint8_t digest[32];
	struct entry *entry;
	uint32_t n_entry;
	uint32_t newest, oldest;
	uint32_t *bucket;
	uint64_t verifications;
};

/* ---- the store ---- */

/* Where distributions keep the bundle, after what the library itself says. */
static const char *const bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
};

static const char *
system_bundle(void)
{
	const char *path = getenv(X509_get_default_cert_file_env());

	if (path != NULL)
		return path;
	path = X509_get_default_cert_file();
	if (access(path, R_OK) == 0)
		return path;
	for (size_t i = 0; i < sizeof(bundles) / sizeof(bundles[0]); i++)
		if (access(bundles[i], R_OK) == 0)
			return bundles[i];
	return NULL;
}

static bool
load_bundle(struct trust *t, const char *ca_file, char *error, size_t cap)
{
	const char *path = ca_file != NULL ? ca_file : system_bundle();

	if (path == NULL) {
		snprintf(error, cap, "no trust store found: install the "
		    "package ca-certificates or name a PEM file with "
		    "--ca-file");
		return false;
	}
	if (access(path, R_OK) != 0) {
		snprintf(error, cap, "%s: cannot read the trust store: %s; "
		    "name a readable PEM file with --ca-file", path,
		    strerror(errno));
		return false;
	}
	if (X509_STORE_load_file(t->store, path) != 1) {
		snprintf(error, cap, "%s: no certificates could be read; "
		    "a trust store is a file of PEM certificates", path);
		return false;
	}
	return true;
}

static int
digest_cmp(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

static void
count_roots(struct trust *t)
{
	STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(t->store);
	size_t n = (size_t)sk_X509_OBJECT_num(objects);
	uint8_t (*sha256)[32] = xcalloc(n + 1, sizeof(*sha256));

	for (size_t i = 0; i < n; i++) {
		const X509_OBJECT *o = sk_X509_OBJECT_value(objects, (int)i);
		const X509 *x = X509_OBJECT_get0_X509(o);

		if (x != NULL)
			X509_digest(x, EVP_sha256(), sha256[t->n_roots++],
			    NULL);
	}
	qsort(sha256, t->n_roots, sizeof(*sha256), digest_cmp);
	EVP_Digest(sha256, t->n_roots * sizeof(*sha256), t->digest, NULL,
	    EVP_sha256(), NULL);
	free(sha256);
}

struct trust *
trust_new(const char *ca_file, char *error, size_t cap)
{
	struct trust *t = xcalloc(1, sizeof(*t));

	t->newest = t->oldest = NOBODY;
	t->store = X509_STORE_new();
	if (t->store == NULL || !load_bundle(t, ca_file, error, cap)) {
		ERR_clear_error();
		trust_free(t);
		return NULL;
	}
	count_roots(t);
	t->entry = xcalloc(VERDICTS_MAX, sizeof(*t->entry));
	t->bucket = xmalloc(BUCKETS * sizeof(*t->bucket));
	memset(t->bucket, 0xff, BUCKETS * sizeof(*t->bucket));
	ERR_clear_error();
	return t;
}

void
trust_free(struct trust *t)
{
	if (t == NULL)
		return;
	X509_STORE_free(t->store);
	free(t->entry);
	free(t->bucket);
	free(t);
}

void
trust_digest(const struct trust *t, uint8_t out[32])
{
	memcpy(out, t->digest, 32);
}

size_t
trust_count(const struct trust *t)
{
	return t->n_roots;
}

uint64_t
trust_verifications(const struct trust *t)
{
	return t->verifications;
}

/* ---- verification ---- */

/* Dates of one certificate, folded into a verdict at a time. */
static void
fold_dates(struct trust_verdict *v, const X509 *x, bool counts, int64_t now)
{
	int64_t begins, ends;

	if (!x509_period(x, &begins, &ends)) {
		if (counts)
			v->in_date = false;
		return;
	}
	if (counts && now < begins)
		v->not_yet = true;
	if (counts && now >= ends)
		v->expired = true;
	if (begins <= now && begins > v->from)
		v->from = begins;
	if (begins > now && begins < v->until)
		v->until = begins;
	if (ends <= now && ends > v->from)
		v->from = ends;
	if (ends > now && ends < v->until)
		v->until = ends;
}

/* NULL: no memory. */
static X509_STORE_CTX *
verification(struct trust *t, STACK_OF(X509) *chain, int64_t now,
    bool ignore_dates)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;

	if (ctx == NULL || X509_STORE_CTX_init(ctx, t->store,
	    sk_X509_value(chain, 0), chain) != 1 ||
	    X509_STORE_CTX_set_default(ctx, "ssl_server") != 1) {
		X509_STORE_CTX_free(ctx);
		return NULL;
	}
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_auth_level(param, 0);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_TRUSTED_FIRST);
	X509_VERIFY_PARAM_clear_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	/* A time that was set would win over the flag. */
	if (ignore_dates)
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME);
	else
		X509_VERIFY_PARAM_set_time(param, (time_t)now);
	return ctx;
}

static bool
verify_once(struct trust *t, STACK_OF(X509) *chain, int64_t now,
    bool ignore_dates, STACK_OF(X509) **path, int *error)
{
	X509_STORE_CTX *ctx = verification(t, chain, now, ignore_dates);
	bool ok;

	*path = NULL;
	*error = X509_V_ERR_OUT_OF_MEM;
	if (ctx == NULL)
		return false;
	ok = X509_verify_cert(ctx) == 1;
	*error = X509_STORE_CTX_get_error(ctx);
	if (ok)
		*path = X509_STORE_CTX_get1_chain(ctx);
	X509_STORE_CTX_free(ctx);
	return ok;
}

/* What the leaf itself says, and what the chain lacks behind it. */
static void
read_leaf(struct trust_verdict *v, STACK_OF(X509) *chain)
{
	X509 *leaf = sk_X509_value(chain, 0);

	if (!x509_period(leaf, &v->not_before, &v->not_after))
		v->not_before = v->not_after = 0;
	v->self_signed = !v->trusted && x509_signs_itself(leaf);
	v->incomplete = !v->trusted && sk_X509_num(chain) == 1 &&
	    !x509_is_self_issued(leaf);
}

/* What is wrong and how far from the leaf. */
struct wrong {
	int error[LIMIT_VERIFY_ERRORS];
	int depth[LIMIT_VERIFY_ERRORS];
	size_t n;
};

static void
wrong_drop(struct wrong *w, size_t i)
{
	w->n--;
	memmove(&w->error[i], &w->error[i + 1],
	    (w->n - i) * sizeof(w->error[0]));
	memmove(&w->depth[i], &w->depth[i + 1],
	    (w->n - i) * sizeof(w->depth[0]));
}

/* Nearest to the leaf first; an error counts where it is nearest. */
static void
wrong_add(struct wrong *w, int error, int depth)
{
	size_t at = 0;

	for (size_t i = 0; i < w->n; i++) {
		if (w->error[i] != error)
			continue;
		if (w->depth[i] <= depth)
			return;
		wrong_drop(w, i);
		break;
	}
	if (w->n == LIMIT_VERIFY_ERRORS) {
		if (w->depth[w->n - 1] <= depth)
			return;
		w->n--;
	}
	while (at < w->n && w->depth[at] <= depth)
		at++;
	memmove(&w->error[at + 1], &w->error[at],
	    (w->n - at) * sizeof(w->error[0]));
	memmove(&w->depth[at + 1], &w->depth[at],
	    (w->n - at) * sizeof(w->depth[0]));
	w->error[at] = error;
	w->depth[at] = depth;
	w->n++;
}

static int
on_wrong(int ok, X509_STORE_CTX *ctx)
{
	if (!ok)
		wrong_add(X509_STORE_CTX_get_app_data(ctx),
		    X509_STORE_CTX_get_error(ctx),
		    X509_STORE_CTX_get_error_depth(ctx));
	return 1;
}

/* Goes on after each error, so that all of them are told. */
static void
find_all_wrong(struct trust *t, STACK_OF(X509) *chain, int64_t now,
    struct trust_verdict *v)
{
	X509_STORE_CTX *ctx = verification(t, chain, now, false);
	STACK_OF(X509) *path;
	struct wrong w = { .n = 0 };

	if (ctx == NULL)
		return;
	X509_STORE_CTX_set_app_data(ctx, &w);
	X509_STORE_CTX_set_verify_cb(ctx, on_wrong);
	(void)X509_verify_cert(ctx);
	/* A certificate of the store, on a path that fails, has dates too. */
	path = X509_STORE_CTX_get0_chain(ctx);
	for (int i = 0; i < sk_X509_num(path); i++)
		fold_dates(v, sk_X509_value(path, i), false, now);
	X509_STORE_CTX_free(ctx);
	memcpy(v->errors, w.error, sizeof(v->errors));
	v->n_errors = w.n;
}

static struct trust_verdict
verify(struct trust *t, STACK_OF(X509) *chain, int64_t now)
{
	struct trust_verdict v = {
		.in_date = true, .from = INT64_MIN, .until = INT64_MAX,
	};
	STACK_OF(X509) *path;

	t->verifications++;
	v.trusted = verify_once(t, chain, now, false, &path, &v.error);
	if (!v.trusted) {
		find_all_wrong(t, chain, now, &v);
		v.trusted = verify_once(t, chain, now, true, &path, &v.error);
	}
	if (v.trusted)
		v.error = X509_V_OK;
	for (int i = 0; i < sk_X509_num(path); i++)
		fold_dates(&v, sk_X509_value(path, i), true, now);
	/* Another path may open or close when a certificate sent does. */
	for (int i = 0; i < sk_X509_num(chain); i++)
		fold_dates(&v, sk_X509_value(chain, i), !v.trusted && i == 0,
		    now);
	if (v.expired || v.not_yet)
		v.in_date = false;
	read_leaf(&v, chain);
	sk_X509_pop_free(path, X509_free);
	ERR_clear_error();
	return v;
}

/* ---- the cache: a hash table threaded by a list of last use ---- */

static uint32_t *
bucket_of(struct trust *t, const uint8_t digest[32])
{
	uint32_t h;

	memcpy(&h, digest, sizeof(h)); /* a digest is its own hash */
	return &t->bucket[h % BUCKETS];
}

static struct entry *
find(struct trust *t, const uint8_t digest[32])
{
	uint32_t i = *bucket_of(t, digest);

	while (i != NOBODY && memcmp(t->entry[i].digest, digest, 32) != 0)
		i = t->entry[i].next_in_bucket;
	return i == NOBODY ? NULL : &t->entry[i];
}

static void
unlink_use(struct trust *t, struct entry *e)
{
	if (e->newer != NOBODY)
		t->entry[e->newer].older = e->older;
	else
		t->newest = e->older;
	if (e->older != NOBODY)
		t->entry[e->older].newer = e->newer;
	else
		t->oldest = e->newer;
}

static void
link_newest(struct trust *t, struct entry *e)
{
	uint32_t i = (uint32_t)(e - t->entry);

	e->newer = NOBODY;
	e->older = t->newest;
	if (t->newest != NOBODY)
		t->entry[t->newest].newer = i;
	else
		t->oldest = i;
	t->newest = i;
}

static void
unlink_bucket(struct trust *t, struct entry *e)
{
	uint32_t *link = bucket_of(t, e->digest);

	while (&t->entry[*link] != e)
		link = &t->entry[*link].next_in_bucket;
	*link = e->next_in_bucket;
}

/* An entry for this digest, in the table and newest; the verdict is not set. */
static struct entry *
make_room(struct trust *t, const uint8_t digest[32])
{
	uint32_t *bucket = bucket_of(t, digest);
	struct entry *e;

	if (t->n_entry < VERDICTS_MAX) {
		e = &t->entry[t->n_entry++];
	} else {
		e = &t->entry[t->oldest];
		unlink_use(t, e);
		unlink_bucket(t, e);
	}
	memcpy(e->digest, digest, 32);
	e->next_in_bucket = *bucket;
	*bucket = (uint32_t)(e - t->entry);
	link_newest(t, e);
	return e;
}

struct trust_verdict
trust_judge(struct trust *t, STACK_OF(X509) *chain, const uint8_t digest[32],
    int64_t now)
{
	struct entry *e = find(t, digest);

	if (e == NULL) {
		e = make_room(t, digest);
		e->verdict = verify(t, chain, now);
		return e->verdict;
	}
	unlink_use(t, e);
	link_newest(t, e);
	if (now < e->verdict.from || now >= e->verdict.until)
		e->verdict = verify(t, chain, now);
	return e->verdict;
}
