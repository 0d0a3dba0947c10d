/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_in.h: datagrams from a socket, many with one system call.
 *
 * Counterpart of dns_out.h; of the DNS pool's thread.
 */
#pragma once

#include <sys/socket.h>

#include "scanner/base/text.h"

#define DNS_IN_BATCH 64
/* Larger than what we allow resolvers to send; more counts as truncated. */
#define DNS_IN_BYTES 2048

struct dns_in {
	struct mmsghdr header[DNS_IN_BATCH];
	struct iovec part[DNS_IN_BATCH];
	uint8_t bytes[DNS_IN_BATCH][DNS_IN_BYTES];
};

/* How many came, without waiting; -1: none, errno is set. */
int dns_in_receive(struct dns_in *in, int fd);
/* Datagram i, which lives until the next dns_in_receive(). */
struct slice dns_in_datagram(const struct dns_in *in, unsigned i);
/* Was it longer than that? */
bool dns_in_is_cut(const struct dns_in *in, unsigned i);
