/* SPDX-License-Identifier: Apache-2.0
 *
 * stats.h: counters of one worker.  Its thread adds, the progress thread
 * reads; all are relaxed atomics and none steers anything.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct stats {
	_Atomic uint64_t dns_queries;      /* datagrams and TCP queries sent */
	_Atomic uint64_t dns_answers;      /* accepted */
	_Atomic uint64_t dns_bare;         /* of them: a header alone */
	_Atomic uint64_t dns_dropped;      /* datagrams that matched nothing */
	_Atomic uint64_t dns_retries;
	_Atomic uint64_t dns_tcp;          /* queries over TCP */
	_Atomic uint64_t dns_in_flight;    /* gauge: questions */
	_Atomic uint64_t policy_connects;
	_Atomic uint64_t policy_in_flight; /* gauge */
	_Atomic uint64_t smtp_connects;
	_Atomic uint64_t smtp_retries;
	_Atomic uint64_t smtp_in_flight;   /* gauge: open sessions */
	_Atomic uint64_t smtp_waiting;     /* gauge: for a slot or a retry */
};

#define STAT_GET(field) atomic_load_explicit(&(field), memory_order_relaxed)
/* One thread adds: no need to lock the bus for it. */
#define STAT_ADD(field, n) atomic_store_explicit(&(field), \
	STAT_GET(field) + (uint64_t)(n), memory_order_relaxed)
#define STAT_SUB(field, n) STAT_ADD(field, -(uint64_t)(n))
