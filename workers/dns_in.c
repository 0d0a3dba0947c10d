/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_in.c: one system call, many datagrams.
 */
#include "workers/dns_in.h"

#include "scanner/base/banned.h"

int
dns_in_receive(struct dns_in *in, int fd)
{
	for (size_t i = 0; i < DNS_IN_BATCH; i++) {
		struct msghdr *h = &in->header[i].msg_hdr;

		in->part[i] = (struct iovec){ in->bytes[i], DNS_IN_BYTES };
		*h = (struct msghdr){ .msg_iov = &in->part[i],
			.msg_iovlen = 1 };
	}
	return recvmmsg(fd, in->header, DNS_IN_BATCH, MSG_DONTWAIT, NULL);
}

struct slice
dns_in_datagram(const struct dns_in *in, unsigned i)
{
	return slice_make(in->bytes[i], in->header[i].msg_len);
}

bool
dns_in_is_cut(const struct dns_in *in, unsigned i)
{
	return (in->header[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
}
