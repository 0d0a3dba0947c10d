/* SPDX-License-Identifier: Apache-2.0
 *
 * parking.c: facts to a block and back, by way of the domain record.
 */
#include "scanner/parking.h"

#include <stdlib.h>
#include <string.h>

#include "output/blob.h"
#include "output/unpack.h"
#include "scanner/base/log.h"
#include "scanner/rules/judge.h"

#include "scanner/base/banned.h"

struct parked {
	uint32_t n_byte;
	uint16_t n_null;      /* MX records for the root */
	uint16_t n_host;
	uint16_t preference[]; /* of each host; the record behind them */
};

static char *
record_of(const struct parked *p)
{
	return (char *)(uintptr_t)&p->preference[p->n_host];
}

static size_t
size_of(size_t n_host, size_t n_byte)
{
	return offsetof(struct parked, preference) +
	    n_host * sizeof(uint16_t) + n_byte;
}

static uint16_t
count_null_mx(const struct rrset *set)
{
	uint16_t n = 0;

	for (size_t i = 0; i < set->n; i++)
		n += slice_eq(set->mx[i].host, SLICE_LIT("."));
	return n;
}

struct parked *
parked_new(const struct domain_meta *meta, const struct domain_facts *facts)
{
	struct arena *work = arena_new();
	struct judgement j;
	struct record *r;
	struct parked *p;

	/* What it says of hosts and findings is judged when it is opened. */
	judge_domain(work, facts, &j);
	j.n_host = 0;
	j.findings = (struct finding_set){ { 0 } };
	r = record_domain(meta, facts, &j);
	p = xmalloc(size_of(facts->n_host, r->n));
	p->n_byte = (uint32_t)r->n;
	p->n_null = count_null_mx(&facts->mx);
	p->n_host = (uint16_t)facts->n_host;
	for (size_t i = 0; i < facts->n_host; i++)
		p->preference[i] = facts->host[i].preference;
	memcpy(record_of(p), r->bytes, r->n);
	record_free(r);
	arena_free(work);
	return p;
}

void
parked_free(struct parked *p)
{
	free(p);
}

size_t
parked_bytes(const struct parked *p)
{
	return size_of(p->n_host, p->n_byte);
}

/* As unpack_domain() makes them of a record that names the hosts. */
static void
open_hosts(const struct parked *p, struct arena *a,
    const struct host_question *question, struct domain_facts *f)
{
	f->n_host = p->n_host;
	f->host = arena_array(a, f->n_host, sizeof(*f->host));
	for (size_t i = 0; i < f->n_host; i++) {
		f->host[i].host = question[i].host;
		f->host[i].preference = p->preference[i];
	}
	if (f->mx.lookup.outcome != OUTCOME_OK)
		return;
	f->mx.n = p->n_null + f->n_host;
	f->mx.mx = arena_array(a, f->mx.n, sizeof(*f->mx.mx));
	for (size_t i = 0; i < p->n_null; i++)
		f->mx.mx[i].host = SLICE_LIT(".");
	for (size_t i = 0; i < f->n_host; i++)
		f->mx.mx[p->n_null + i] = (struct mx_rr){
			f->host[i].preference, f->host[i].host };
}

void
parked_open(const struct parked *p, struct arena *a,
    const struct host_question *question, struct domain_meta *meta,
    struct domain_facts *facts)
{
	struct slice bytes = arena_slice(a,
	    slice_make(record_of(p), p->n_byte));
	msgpack_unpacked u;
	size_t at = 0;

	msgpack_unpacked_init(&u);
	if (msgpack_unpack_next(&u, bytes.p, bytes.n, &at) !=
	    MSGPACK_UNPACK_SUCCESS ||
	    !unpack_domain(a, &u.data, meta, facts))
		log_fatal("a parked domain cannot be opened again");
	msgpack_unpacked_destroy(&u);
	open_hosts(p, a, question, facts);
}
