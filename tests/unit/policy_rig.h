/* SPDX-License-Identifier: Apache-2.0
 *
 * policy_rig.h: a policy pool with its surroundings, for tests: loop, gate,
 * reach, trust store, and a good server's certificate.
 */
#pragma once

#include "tests/unit/https_made.h"
#include "tests/unit/pki.h"
#include "workers/policy_pool.h"

#define POLICY_HOST "mta-sts.a.example"
#define POLICY_BODY \
	"version: STSv1\nmode: enforce\nmx: mx.a.example\nmax_age: 9\n"
#define POLICY_OK "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
#define POLICY_END "Connection: close\r\n\r\n"
#define POLICY_ANSWER POLICY_OK "Server: made\r\n" POLICY_END POLICY_BODY
#define POLICY_FETCHES_MAX 32

/* Addresses of a policy host, up to four. */
#define AT(...) ((const char *const[4]){ __VA_ARGS__ })

struct policy_rig {
	struct loop *loop;
	struct gate *gate;
	struct reach *reach;
	struct tls *tls;
	struct stats stats;
	struct policy_pool *pool;
	struct arena *arena;
	struct policy_facts facts[POLICY_FETCHES_MAX];
	size_t addresses; /* for fetches begun from here on; 1 */
	size_t n_started, n_done;
};

/* Group set-up and tear-down: keys, and an environment full of traps. */
int policy_rig_set_up(void **state);
int policy_rig_tear_down(void **state);
const struct pki *policy_rig_pki(void);

void policy_rig_init(struct policy_rig *b, uint32_t window);
void policy_rig_release(struct policy_rig *b);
/* addresses: up to four, in any order; the loop must be run. */
struct policy_facts *policy_rig_begin(struct policy_rig *b,
    const char *const addresses[4]);
/* The same, and runs the loop until all that was begun is done. */
struct policy_facts *policy_rig_fetch(struct policy_rig *b,
    const char *const addresses[4]);

/* A server with a good certificate and this answer. */
struct https_made *policy_rig_server(const char *address, enum https_act act,
    struct slice answer);
void policy_rig_assert_text(const char *what, struct slice s,
    const char *expected);
