/* SPDX-License-Identifier: Apache-2.0
 *
 * pace.c: a rate limit as arithmetic.
 *
 * Pure: no clock, no memory of its own.  Used by the DNS pool for queries a
 * second; whoever holds the struct owns it.
 */
#include "workers/pace.h"

#include "scanner/base/banned.h"

#define NS_PER_SECOND 1000000000u
#define NS_PER_MS 1000000u

void
pace_init(struct pace *p, uint32_t per_second, uint32_t burst_ms)
{
	p->interval_ns = per_second == 0 ? 0 : NS_PER_SECOND / per_second;
	p->burst_ns = (uint64_t)burst_ms * NS_PER_MS;
	p->due_ns = 0;
}

uint64_t
pace_wait(const struct pace *p, uint64_t now_ns)
{
	if (p->interval_ns == 0 || p->due_ns < now_ns + p->burst_ns)
		return 0;
	return p->due_ns - now_ns - p->burst_ns;
}

uint64_t
pace_take(struct pace *p, uint64_t now_ns)
{
	uint64_t wait_ns = pace_wait(p, now_ns);

	if (p->interval_ns == 0 || wait_ns > 0)
		return wait_ns;
	if (p->due_ns < now_ns)
		p->due_ns = now_ns;
	p->due_ns += p->interval_ns;
	return 0;
}
