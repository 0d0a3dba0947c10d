/* SPDX-License-Identifier: Apache-2.0
 *
 * preflight.c: resolvers, IPv6 and descriptors, looked at once.
 */
#include "scanner/preflight.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "scanner/base/log.h"
#include "workers/reach.h"

#include "scanner/base/banned.h"

#define DNS_PORT 53
#define ASK_TIMEOUT_MS 350 /* six attempts: some three seconds in all */
#define ASK_OTHERS_MS 1000 /* once one has answered */

static void
set_sockaddr(struct sockaddr_storage *out, const struct address *a,
    uint16_t port)
{
	memset(out, 0, sizeof(*out));
	if (a->family == 4) {
		struct sockaddr_in *v4 = (struct sockaddr_in *)out;

		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, a->bytes, 4);
	} else {
		struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		memcpy(&v6->sin6_addr, a->bytes, 16);
	}
}

static bool
is_loopback(const struct address *a)
{
	static const uint8_t v6_loopback[16] = { [15] = 1 };

	if (a->family == 4)
		return a->bytes[0] == 127;
	return memcmp(a->bytes, v6_loopback, 16) == 0;
}

/* 192.0.2.1, 192.0.2.1:5353, 2001:db8::1, [2001:db8::1]:5353 */
static bool
parse_endpoint(struct slice s, struct address *a, uint16_t *port)
{
	struct slice host = s;
	size_t colon = slice_find(s, ':');
	uint64_t number = DNS_PORT;

	if (s.n > 0 && s.p[0] == '[') {
		size_t close = slice_find(s, ']');

		if (close == s.n)
			return false;
		host = slice_make(s.p + 1, close - 1);
		s = slice_from(s, close + 1);
		colon = slice_find(s, ':');
		if (s.n > 0 && colon != 0)
			return false;
	} else if (colon < s.n &&
	    slice_find(slice_from(s, colon + 1), ':') < s.n - colon - 1) {
		return address_parse(host, a); /* bare IPv6 */
	} else {
		host = slice_upto(s, colon);
	}
	if (colon < s.n && (!slice_to_u64(slice_from(s, colon + 1), 5,
	    &number) || number == 0 || number > 65535))
		return false;
	*port = (uint16_t)number;
	return address_parse(host, a);
}

static bool
add_resolver(struct dns_config *c, struct slice text, bool trust_ad)
{
	struct address a;
	uint16_t port = DNS_PORT;

	if (!parse_endpoint(text, &a, &port)) {
		log_error("--resolver %.*s: give an address, or address:port, "
		    "or [IPv6]:port", SLICE_ARG(text));
		return false;
	}
	if (c->n_resolver == DNS_RESOLVERS_MAX) {
		log_error("more than %d resolvers; give the best of them",
		    DNS_RESOLVERS_MAX);
		return false;
	}
	c->trusted[c->n_resolver] = trust_ad || is_loopback(&a);
	set_sockaddr(&c->resolver[c->n_resolver++], &a, port);
	return true;
}

static bool
read_resolv_conf(struct dns_config *c, bool trust_ad)
{
	static const char path[] = "/etc/resolv.conf";
	FILE *f = fopen(path, "re");
	char line[512];

	if (f == NULL) {
		log_errno(errno, "cannot read %s; name a resolver with "
		    "--resolver ADDR", path);
		return false;
	}
	while (fgets(line, sizeof(line), f) != NULL &&
	    c->n_resolver < DNS_RESOLVERS_MAX) {
		struct slice s = slice_trim(slice_upto(slice_of(line),
		    slice_find(slice_of(line), '\n')));
		struct address a;

		if (!slice_starts(s, SLICE_LIT("nameserver")))
			continue;
		s = slice_trim(slice_from(s, 10));
		if (address_parse(s, &a))
			add_resolver(c, s, trust_ad);
	}
	fclose(f);
	if (c->n_resolver > 0)
		return true;
	log_error("%s names no resolver; name one with --resolver ADDR", path);
	return false;
}

bool
preflight_resolvers(const char *const *text, size_t n, bool trust_ad,
    struct dns_config *out)
{
	if (n == 0)
		return read_resolv_conf(out, trust_ad);
	for (size_t i = 0; i < n; i++)
		if (!add_resolver(out, slice_of(text[i]), trust_ad))
			return false;
	return true;
}

void
preflight_resolver_text(const struct dns_config *c, size_t i, char *out,
    size_t cap)
{
	const struct sockaddr_storage *ss = &c->resolver[i];
	struct strbuf b = strbuf_of(out, cap);
	char host[INET6_ADDRSTRLEN] = "";

	if (ss->ss_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)ss;

		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
		strbuf_fmt(&b, "%s:%u", host, ntohs(v4->sin_port));
	} else {
		const struct sockaddr_in6 *v6 =
		    (const struct sockaddr_in6 *)ss;

		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
		strbuf_fmt(&b, "[%s]:%u", host, ntohs(v6->sin6_port));
	}
}

struct asking {
	struct loop *loop;
	size_t open;
	bool some; /* has answered */
};

/* A dead one among others must not hold the scan up for long. */
static void
on_late(void *ctx)
{
	struct asking *a = ctx;

	loop_stop(a->loop);
}

static void
on_answer(void *ctx)
{
	struct asking *a = ctx;

	if (--a->open == 0)
		loop_stop(a->loop);
	else if (!a->some)
		loop_post_at(a->loop, loop_clock_ms() + ASK_OTHERS_MS, on_late,
		    a);
	a->some = true;
}

/* One pool a resolver, so that each answers for itself. */
size_t
preflight_answers(const struct dns_config *config, bool say)
{
	struct asking asking = { loop_new(), config->n_resolver, false };
	struct arena *arena = arena_new();
	struct stats stats = { .dns_queries = 0 };
	struct dns_pool *pool[DNS_RESOLVERS_MAX] = { NULL };
	struct rrset set[DNS_RESOLVERS_MAX];
	size_t good = 0;

	memset(set, 0, sizeof(set));
	for (size_t i = 0; i < config->n_resolver; i++) {
		struct dns_config one = *config;

		one.resolver[0] = config->resolver[i];
		one.n_resolver = 1;
		one.timeout_ms = ASK_TIMEOUT_MS;
		pool[i] = dns_pool_new(asking.loop, &one, &stats);
		if (pool[i] == NULL) {
			log_errno(errno, "cannot open a DNS socket");
			set[i].lookup.outcome = OUTCOME_LOCAL;
			on_answer(&asking);
			continue;
		}
		dns_pool_ask(pool[i], arena, SLICE_LIT("."), DNS_TXT, &set[i],
		    on_answer, &asking);
	}
	loop_run(asking.loop);
	for (size_t i = 0; i < config->n_resolver; i++) {
		enum outcome *o = &set[i].lookup.outcome;
		char text[80];

		preflight_resolver_text(config, i, text, sizeof(text));
		if (*o == OUTCOME_NONE)
			*o = OUTCOME_DNS_TIMEOUT;
		if (outcome_class(*o) == CLASS_ANSWER)
			good++;
		else if (say)
			log_warn("the resolver %s does not answer (%s)", text,
			    outcome_word(*o));
		dns_pool_free(pool[i]);
	}
	arena_free(arena);
	loop_free(asking.loop);
	return good;
}

bool
preflight_dns(const struct dns_config *config)
{
	if (preflight_answers(config, true) > 0)
		return true;
	log_error("no resolver answers; name a working one with "
	    "--resolver ADDR[:PORT]");
	return false;
}

bool
preflight_has_ipv6(void)
{
	/* Connecting a datagram socket looks up a route and sends nothing. */
	struct address global = { .family = 6, .bytes = { 0x20 } };
	struct sockaddr_storage ss;
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok;

	if (fd < 0)
		return false;
	set_sockaddr(&ss, &global, DNS_PORT);
	ok = connect(fd, (struct sockaddr *)&ss,
	    sizeof(struct sockaddr_in6)) == 0;
	close(fd);
	return ok;
}

uint64_t
preflight_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return 0;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	getrlimit(RLIMIT_NOFILE, &r);
	return (uint64_t)r.rlim_cur;
}
