/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_out.h: many datagrams with few system calls.
 *
 * Queries of one length to one resolver leave as one piece, which the kernel
 * cuts up (UDP_SEGMENT, Linux 4.18): most of what a datagram costs is its way
 * through the kernel.  Several pieces go with one sendmmsg().  Where a device
 * cannot do it, each datagram leaves alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define DNS_OUT_BATCH 128
/* Datagrams a piece: what every kernel that knows UDP_SEGMENT cuts up. */
#define DNS_OUT_PIECE 64

struct dns_out {
	unsigned n;              /* datagrams */
	bool alone;              /* this machine cannot cut pieces up */
	/* The rest is its own business. */
	unsigned n_piece;
	unsigned datagrams[DNS_OUT_BATCH]; /* of each piece */
	struct iovec part[DNS_OUT_BATCH];
	struct mmsghdr header[DNS_OUT_BATCH];
	/* A struct cmsghdr and the length. */
	_Alignas(max_align_t) uint8_t
	    control[DNS_OUT_BATCH][CMSG_SPACE(sizeof(uint16_t))];
};

/* Forgets what it holds. */
void dns_out_clear(struct dns_out *o);
/*
 * The next datagram; its bytes stay in place until it was sent.  At most
 * DNS_OUT_BATCH, those of equal length one behind the other.
 */
void dns_out_add(struct dns_out *o, const uint8_t *bytes, size_t n);
/*
 * Sends them over a connected socket, the first ones first; how many went
 * out, or -1 with errno and none did.
 */
int dns_out_send(struct dns_out *o, int fd);
