/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_dns.h: a validating resolver that knows the bulk lab's world.
 *
 * Over UDP; an answer is never truncated, and nothing is ever signed: AD is
 * what the resolver says of what it saw.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define BULK_DNS_BYTES 1232 /* the longest message, either way */

/*
 * The answer to the n bytes of a question into out (BULK_DNS_BYTES bytes);
 * its length, 0 where it is not worth one.  key_hash: SHA-256 of the leaves'
 * SubjectPublicKeyInfo.
 */
size_t bulk_dns_answer(const uint8_t *question, size_t n,
	const uint8_t key_hash[32], uint8_t *out);

struct bulk_dns {
	int fd;
	const uint8_t *key_hash;
	atomic_bool *stop_shared;
	uint64_t n_query;  /* for who has joined the thread */
	uint64_t cpu_us;
};

/* A UDP socket on the address (network byte order); -1 and errno on error. */
int bulk_dns_open(uint32_t address, uint16_t port);
/* Thread: answers on d->fd until stop_shared; d is a struct bulk_dns. */
void *bulk_dns_run(void *d);
