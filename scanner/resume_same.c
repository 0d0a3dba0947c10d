/* SPDX-License-Identifier: Apache-2.0
 *
 * resume_same.c: the scan record of a file against the run that would go on
 * with it.
 */
#include "scanner/resume_same.h"

#include <string.h>

#include "scanner/base/banned.h"

/*
 * Options that may differ: how fast and how politely, what is said about it,
 * who is left out from here on; and those whose effect is compared instead
 * (stages, ca-file), or told by the session record (resolver).
 */
static const char *const may_differ[] = { "force", "resume", "frame-ms",
	"level", "status-file", "quiet", "verbose", "dry-run", "resolver",
	"dns-rate", "resolver-rate", "dns-window", "dns-0x20", "smtp-window",
	"policy-window", "exclude",
	"per-net", "per-operator", "rest-ms", "policy-rest-ms", "workers",
	"window", "max-parked", "drain-ms", "stages", "ca-file",
	"min-success" };

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

static bool
is_free(struct slice option)
{
	struct slice name = slice_upto(option, slice_find(option, '='));

	for (size_t i = 0; i < sizeof(may_differ) / sizeof(may_differ[0]); i++)
		if (slice_eq(name, slice_of(may_differ[i])))
			return true;
	return false;
}

static bool
holds(const struct slice *v, size_t n, struct slice one)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(v[i], one))
			return true;
	return false;
}

/* The first of `one` that matters and is not among `other`. */
static struct slice
missing(const struct slice *one, size_t n_one, const struct slice *other,
    size_t n_other)
{
	for (size_t i = 0; i < n_one; i++)
		if (!is_free(one[i]) && !holds(other, n_other, one[i]))
			return one[i];
	return SLICE_EMPTY;
}

static const char *
say(struct arena *a, const char *what, struct slice option)
{
	size_t n = slice_find(option, '=');
	struct slice value = slice_from(option, n < option.n ? n + 1 : n);

	return arena_fmt(a, "was begun %s --%.*s%s%.*s", what, (int)n,
	    option.p, slice_eq(value, SLICE_LIT("yes")) ? "" : " ",
	    slice_eq(value, SLICE_LIT("yes")) ? 0 : (int)value.n, value.p).p;
}

static const char *
option_difference(struct arena *a, const struct scan_meta *m,
    const struct options *o)
{
	struct texts now = { a, VEC_OF(struct slice) };
	struct slice found;

	options_changed(o, add_text, &now);
	found = missing(m->option, m->n_option, now.v.p, now.v.n);
	if (found.n > 0)
		return say(a, "with", found);
	found = missing(now.v.p, now.v.n, m->option, m->n_option);
	return found.n > 0 ? say(a, "without", found) : NULL;
}

static bool
same_stages(const struct scan_meta *m, const struct run *r)
{
	return holds(m->stage, m->n_stage, SLICE_LIT("policy")) ==
	    r->wants_policy &&
	    holds(m->stage, m->n_stage, SLICE_LIT("smtp")) == r->wants_smtp;
}

static const char *
list_difference(struct arena *a, const struct scan_meta *m, const char *path,
    const struct list_facts *list)
{
	const char *slash = strrchr(path, '/');
	struct slice name = slice_of(slash == NULL ? path : slash + 1);

	if (!m->has_list_digest)
		return "was scanned from standard input";
	if (memcmp(m->list_sha256, list->sha256, sizeof(list->sha256)) != 0)
		return arena_fmt(a, "was begun with another list, %.*s of "
		    "%llu lines (%.*s has %llu, or other bytes)",
		    SLICE_ARG(m->list), (unsigned long long)m->list_lines,
		    SLICE_ARG(name), (unsigned long long)list->lines).p;
	if (!slice_eq(m->list, name))
		return arena_fmt(a, "was begun with a list named %.*s",
		    SLICE_ARG(m->list)).p;
	return NULL;
}

/* With DNS alone there are none. */
static bool
same_trust(const struct scan_meta *m, const struct tls *tls)
{
	uint8_t trust[32];

	if (tls == NULL)
		return true;
	tls_trust_digest(tls, trust);
	return m->has_trust &&
	    memcmp(m->trust_sha256, trust, sizeof(trust)) == 0;
}

const char *
resume_difference(struct arena *a, const msgpack_object *scan,
    struct run *r, const struct list_facts *list)
{
	struct scan_meta m;
	uint64_t format;
	const char *other;

	if (!unpack_scan(a, scan, &format, &m) || format != RECORD_FORMAT)
		return "has a format that this version does not write";
	if (m.is_judged_again)
		return "was made by `mxcensus judge`";
	other = list_difference(a, &m, r->options->list, list);
	if (other != NULL)
		return other;
	if (!same_stages(&m, r))
		return "was begun with other --stages";
	other = option_difference(a, &m, r->options);
	if (other != NULL)
		return other;
	if (!same_trust(&m, r->worker[0]->tls))
		return "was begun with other trusted roots (--ca-file)";
	if (m.ipv6 != r->ipv6)
		return m.ipv6 ? "was begun where IPv6 could be contacted" :
		    "was begun where IPv6 could not be contacted";
	return NULL;
}
