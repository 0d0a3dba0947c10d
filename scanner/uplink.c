/* SPDX-License-Identifier: Apache-2.0
 *
 * uplink.c: what workers see, to the two outages that may come of it.
 */
#include "scanner/uplink.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "scanner/base/arena.h"
#include "scanner/base/log.h"
#include "scanner/outage.h"
#include "scanner/rules/name.h"
#include "workers/dns_message.h"

#include "scanner/base/banned.h"

/*
 * A stretch of failures lasts five times as long as a silent question does
 * (which is eight times its first attempt), or four connects: a resolver that
 * is started again, or a route that flaps, is back before.
 */
#define DNS_STRETCH_TIMEOUTS 40
#define SMTP_STRETCH_TIMEOUTS 4
/* A question may take so many, the last one by TCP. */
#define DNS_QUESTION_TIMEOUTS 20

enum what { WHAT_DNS, WHAT_SMTP, WHATS };

struct uplink {
	struct uplink_config config;
	uint64_t hash_key[2];
	/* Mirrors of the outages, for who need not take the lock. */
	_Atomic uint64_t alive_ms_shared[WHATS];
	_Atomic bool suspected_shared[WHATS];
	struct {
		pthread_mutex_t lock;
		struct outage outage[WHATS];
		bool failed;
		struct uplink_story story;
	} _shared;
};

struct uplink *
uplink_new(const struct uplink_config *c)
{
	struct uplink *u = xcalloc(1, sizeof(*u));
	struct outage_config rule[WHATS] = {
		[WHAT_DNS] = { c->percent,
		    (uint64_t)c->dns_timeout_ms * DNS_STRETCH_TIMEOUTS },
		[WHAT_SMTP] = { c->percent,
		    (uint64_t)c->connect_timeout_ms * SMTP_STRETCH_TIMEOUTS },
	};

	u->config = *c;
	if (getrandom(u->hash_key, sizeof(u->hash_key), 0) < 0)
		log_fatal("no random numbers");
	pthread_mutex_init(&u->_shared.lock, NULL);
	for (int i = 0; i < WHATS; i++)
		outage_init(&u->_shared.outage[i], &rule[i]);
	return u;
}

void
uplink_free(struct uplink *u)
{
	if (u == NULL)
		return;
	for (int i = 0; i < WHATS; i++)
		outage_release(&u->_shared.outage[i]);
	pthread_mutex_destroy(&u->_shared.lock);
	free(u);
}

/* ---- what workers tell ---- */

/* The commonest case by far: a look at two numbers, now and then a store. */
static void
answered(struct uplink *u, enum what what, uint64_t begun_ms)
{
	struct outage *o = &u->_shared.outage[what];

	if (!atomic_load_explicit(&u->suspected_shared[what],
	    memory_order_relaxed)) {
		if (begun_ms > atomic_load_explicit(&u->alive_ms_shared[what],
		    memory_order_relaxed))
			atomic_store_explicit(&u->alive_ms_shared[what],
			    begun_ms, memory_order_relaxed);
		return;
	}
	pthread_mutex_lock(&u->_shared.lock);
	outage_answered(o, begun_ms);
	atomic_store(&u->suspected_shared[what], outage_is_suspected(o));
	pthread_mutex_unlock(&u->_shared.lock);
}

/* Where both fail, the records of both go. */
static void
tell(struct uplink *u, enum what what)
{
	const struct outage *o = &u->_shared.outage[what];
	struct uplink_story *story = &u->_shared.story;

	*story = (struct uplink_story){ what == WHAT_DNS, o->since_ms,
		o->since_ms, o->n_failed + o->n_answered, o->n_answered };
	for (int i = 0; i < WHATS; i++) {
		o = &u->_shared.outage[i];
		if (outage_is_grave(o) && o->since_ms < story->withhold_ms)
			story->withhold_ms = o->since_ms;
	}
}

static void
failed(struct uplink *u, enum what what, uint64_t key, uint64_t group,
    uint64_t begun_ms)
{
	struct outage *o = &u->_shared.outage[what];
	bool is_first = false;

	pthread_mutex_lock(&u->_shared.lock);
	if (!outage_is_suspected(o))
		outage_answered(o, atomic_load(&u->alive_ms_shared[what]));
	if (outage_failed(o, key, group, begun_ms) && !u->_shared.failed) {
		is_first = u->_shared.failed = true;
		tell(u, what);
	}
	atomic_store(&u->suspected_shared[what], outage_is_suspected(o));
	pthread_mutex_unlock(&u->_shared.lock);
	if (is_first)
		u->config.failed(u->config.ctx);
}

/* A name on the wire as text; odd bytes matter to nobody here. */
static struct slice
text_of(struct slice wire, char text[DNS_NAME_WIRE_MAX])
{
	struct cursor c = cursor_of(wire.p, wire.n);
	size_t n = 0, label;

	while ((label = cursor_u8(&c)) > 0 && label <= cursor_left(&c)) {
		struct slice bytes = cursor_bytes(&c, label);

		if (n > 0)
			text[n++] = '.';
		for (size_t i = 0; i < bytes.n; i++)
			text[n++] = bytes.p[i] >= 'A' && bytes.p[i] <= 'Z' ?
			    (char)(bytes.p[i] - 'A' + 'a') : bytes.p[i];
	}
	return slice_make(text, n);
}

static void
on_question(void *ctx, struct slice wire, enum outcome o, uint64_t begun_ms)
{
	struct uplink *u = ctx;
	char text[DNS_NAME_WIRE_MAX];
	struct slice domain;

	if (outcome_class(o) == CLASS_ANSWER || o == OUTCOME_CNAME_LOOP) {
		answered(u, WHAT_DNS, begun_ms);
		return;
	}
	domain = name_registrable(text_of(wire, text));
	failed(u, WHAT_DNS, slice_hash(domain, u->hash_key), 0, begun_ms);
}

/* A SYN-ACK or RST is an answer, whatever came of the session. */
static bool
is_silence(enum outcome o)
{
	return o == OUTCOME_CONNECT_TIMEOUT || o == OUTCOME_UNREACHABLE ||
	    o == OUTCOME_LOCAL;
}

static void
on_session(void *ctx, const struct address *a, enum outcome o,
    uint64_t begun_ms)
{
	struct uplink *u = ctx;
	const char *bytes = (const char *)a->bytes;
	bool is_v4 = a->family == 4;

	if (!is_silence(o)) {
		answered(u, WHAT_SMTP, begun_ms);
		return;
	}
	/* /24 or /48, and no more than a few of each /16 or /32 */
	failed(u, WHAT_SMTP,
	    slice_hash(slice_make(bytes, is_v4 ? 3 : 6), u->hash_key),
	    slice_hash(slice_make(bytes, is_v4 ? 2 : 4), u->hash_key) | 1,
	    begun_ms);
}

void
uplink_watch(struct uplink *u, struct dns_config *dns,
    struct smtp_config *smtp)
{
	if (u == NULL)
		return;
	dns->decided = on_question;
	dns->decided_ctx = u;
	smtp->decided = on_session;
	smtp->decided_ctx = u;
}

/* ---- what is asked ---- */

uint64_t
uplink_settled_ms(struct uplink *u, uint64_t now_ms)
{
	uint64_t longest, settled;

	if (u == NULL)
		return now_ms;
	/* What failed may have begun so long ago, and nobody knows yet. */
	longest = (uint64_t)u->config.dns_timeout_ms * DNS_QUESTION_TIMEOUTS +
	    u->config.connect_timeout_ms;
	settled = now_ms > longest ? now_ms - longest : 0;
	pthread_mutex_lock(&u->_shared.lock);
	for (int i = 0; i < WHATS; i++) {
		const struct outage *o = &u->_shared.outage[i];

		if (outage_is_suspected(o) && !outage_is_stale(o, settled) &&
		    o->since_ms < settled)
			settled = o->since_ms;
	}
	pthread_mutex_unlock(&u->_shared.lock);
	return settled;
}

bool
uplink_doubts_dns(struct uplink *u)
{
	bool doubts;

	if (u == NULL)
		return false;
	pthread_mutex_lock(&u->_shared.lock);
	doubts = outage_is_grave(&u->_shared.outage[WHAT_DNS]);
	pthread_mutex_unlock(&u->_shared.lock);
	return doubts;
}

void
uplink_confirm_dns(struct uplink *u)
{
	pthread_mutex_lock(&u->_shared.lock);
	if (!u->_shared.failed)
		tell(u, WHAT_DNS);
	u->_shared.failed = true;
	pthread_mutex_unlock(&u->_shared.lock);
}

bool
uplink_story(struct uplink *u, struct uplink_story *out)
{
	bool is_told;

	if (u == NULL)
		return false;
	pthread_mutex_lock(&u->_shared.lock);
	is_told = u->_shared.failed;
	*out = u->_shared.story;
	pthread_mutex_unlock(&u->_shared.lock);
	return is_told;
}
