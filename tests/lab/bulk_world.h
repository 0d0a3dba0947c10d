/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_world.h: what is true of a name in the bulk lab (BULK.md).
 *
 * Pure: a name or an address goes in, what it has comes out.  No sockets, no
 * memory of its own, no state.  Names are in lower case, without the final
 * dot; the root is the empty name.  Addresses are in host byte order.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/text.h"

#define BULK_NAME_CAP 64    /* of every name that exists, its NUL included */
#define BULK_TXT_CAP 128    /* of a TXT string, NUL included */
#define BULK_POLICY_CAP 320 /* of a policy body, NUL included */

/* What all shares are drawn from, and a thousandth of it. */
uint64_t bulk_draw(const char *what, struct slice name);
unsigned bulk_share(const char *what, struct slice name);

/* MX hosts in order of preference; preferences are 10 and 20. */
struct bulk_hosts {
	unsigned n;
	char name[2][BULK_NAME_CAP];
};

struct bulk_node {
	bool exists;
	bool ad;         /* answers are validated */
	bool mx_fails;   /* SERVFAIL to a question for MX */
	bool null_mx;
	struct bulk_hosts mx;
	uint32_t a;      /* 0: no address */
	unsigned n_txt;
	char txt[2][BULK_TXT_CAP];
	bool has_tlsa, tlsa_right;
	size_t zone_at;  /* offset in the name of the zone it belongs to */
};

void bulk_node(struct slice name, struct bulk_node *out);

enum bulk_smtp_way {
	BULK_NO_STARTTLS, /* EHLO does not offer it */
	BULK_BUSY,        /* 421 for a greeting */
	BULK_NOT_NOW,     /* 454 to STARTTLS */
	BULK_CLOSES,      /* hangs up instead of a ServerHello */
	BULK_TLS12,       /* TLS, no later than 1.2 */
	BULK_TLS13,
};

enum bulk_smtp_way bulk_smtp_way(uint32_t address);

enum bulk_leaf {
	BULK_GOOD,        /* for the name, by the intermediate */
	BULK_SELF_SIGNED,
	BULK_WRONG_NAME,  /* trusted, for wrong.example.net */
	BULK_EXPIRED,     /* trusted but for its dates */
	BULK_OTHER_ROOT,  /* by a root that nobody trusts */
	BULK_LEAVES,      /* how many there are */
};

/* By the server name of the handshake; the empty name: BULK_WRONG_NAME. */
enum bulk_leaf bulk_host_leaf(struct slice host);
enum bulk_leaf bulk_policy_leaf(struct slice host);

/*
 * The policy that the host mta-sts.D serves, into out (BULK_POLICY_CAP bytes):
 * its bytes without the NUL, 0 where the status is 404.
 */
size_t bulk_policy(struct slice host, char *out);
