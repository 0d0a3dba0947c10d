/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_out.c: datagrams into pieces, pieces into one system call.
 */
#include "workers/dns_out.h"

#include <assert.h>
#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

#include "scanner/base/banned.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef SOL_UDP
#define SOL_UDP 17
#endif

void
dns_out_clear(struct dns_out *o)
{
	o->n = 0;
}

void
dns_out_add(struct dns_out *o, const uint8_t *bytes, size_t n)
{
	o->part[o->n++] = (struct iovec){ (void *)(uintptr_t)bytes, n };
}

/* The datagrams from `at` on that can go as one piece. */
static unsigned
piece_datagrams(const struct dns_out *o, unsigned at)
{
	unsigned n = 1;

	while (!o->alone && n < DNS_OUT_PIECE && at + n < o->n &&
	    o->part[at + n].iov_len == o->part[at].iov_len)
		n++;
	return n;
}

/* Says how long each datagram of the piece is. */
static void
cut_at(struct dns_out *o, unsigned i, uint16_t bytes)
{
	struct msghdr *m = &o->header[i].msg_hdr;
	struct cmsghdr *c = (struct cmsghdr *)(void *)o->control[i];

	static_assert(sizeof(o->control[0]) % _Alignof(struct cmsghdr) == 0,
	    "each is aligned");
	c->cmsg_level = SOL_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof(bytes));
	memcpy(CMSG_DATA(c), &bytes, sizeof(bytes));
	m->msg_control = o->control[i];
	m->msg_controllen = sizeof(o->control[i]);
}

static void
make_pieces(struct dns_out *o)
{
	o->n_piece = 0;
	for (unsigned at = 0; at < o->n;) {
		unsigned n = piece_datagrams(o, at), i = o->n_piece++;

		o->datagrams[i] = n;
		o->header[i].msg_hdr = (struct msghdr){
			.msg_iov = &o->part[at], .msg_iovlen = n };
		if (n > 1)
			cut_at(o, i, (uint16_t)o->part[at].iov_len);
		at += n;
	}
}

/* Does the refusal speak of pieces, not of this datagram? */
static bool
is_about_pieces(const struct dns_out *o, int error)
{
	return o->datagrams[0] > 1 && (error == EIO || error == EINVAL ||
	    error == EOPNOTSUPP || error == ENOPROTOOPT || error == EMSGSIZE);
}

int
dns_out_send(struct dns_out *o, int fd)
{
	int pieces, sent = 0;

	do {
		make_pieces(o);
		pieces = sendmmsg(fd, o->header, o->n_piece,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (pieces < 0 && is_about_pieces(o, errno))
			o->alone = true;
	} while (pieces < 0 && o->alone && o->datagrams[0] > 1);
	if (pieces < 0)
		return -1;
	for (int i = 0; i < pieces; i++)
		sent += (int)o->datagrams[i];
	return sent;
}
