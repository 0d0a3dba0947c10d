/* SPDX-License-Identifier: Apache-2.0
 *
 * policy_fetch.c: libcurl's options, callbacks and results for one policy.
 *
 * The socket is connected already (workers/dial.c), so that libcurl only
 * speaks TLS and HTTP; URL, Host and SNI name the policy host at its standard
 * port, whatever address and port stand behind.  Environment, cookies and
 * redirects have no say.  The certificate is judged between handshake and
 * request and never ends the transfer.  The answer is collected on the heap,
 * bounded, and copied to the job's arena at the end.
 * RFC 8461 3.2, 3.3 and 7.1.
 */
#include "workers/policy_fetch.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "scanner/base/limits.h"
#include "workers/reach.h"

#include "scanner/base/banned.h"

#define BODY_FIRST_BYTES 1024
/* Header bytes read before we give up; libcurl's own cap is far above. */
#define HEADERS_MAX_BYTES 65536
#define HTTPS_PORT 443
#define STATUS_OK 200

enum stop { /* why a callback ended the transfer */
	STOP_NONE,
	STOP_KNOWN,     /* the status says all there is to know */
	STOP_TOO_LARGE, /* body */
	STOP_HEADERS,   /* endless headers */
};

struct policy_fetch {
	struct policy_fetch_params p;
	CURL *easy;
	struct curl_slist *connect_to;
	struct tls_watch watch;
	int fd;            /* -1: libcurl has it */
	bool tls_stands;
	enum stop stop;
	uint32_t status;   /* of the response being read */
	bool in_body;
	size_t header_bytes;
	char *body;
	size_t body_n, body_cap;
	char error[CURL_ERROR_SIZE];
};

/* ---- connection ---- */

static curl_socket_t
on_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct policy_fetch *f = ctx;
	int fd = f->fd;

	(void)purpose;
	(void)address;
	f->fd = -1; /* once: a second connection is refused */
	return fd >= 0 ? fd : CURL_SOCKET_BAD;
}

static int
on_socket(void *ctx, curl_socket_t fd, curlsocktype purpose)
{
	(void)ctx;
	(void)fd;
	(void)purpose;
	return CURL_SOCKOPT_ALREADY_CONNECTED;
}

static CURLcode
on_ssl_ctx(CURL *easy, void *ssl_ctx, void *ctx)
{
	struct policy_fetch *f = ctx;

	(void)easy;
	tls_relax(f->p.tls, ssl_ctx);
	tls_watch(ssl_ctx, &f->watch);
	return CURLE_OK;
}

/* Between the handshake and the request. */
static int
on_ready(void *ctx, char *to, char *from, int to_port, int from_port)
{
	struct curl_tlssessioninfo *session = NULL;
	struct policy_fetch *f = ctx;

	(void)to;
	(void)from;
	(void)to_port;
	(void)from_port;
	curl_easy_getinfo(f->easy, CURLINFO_TLS_SSL_PTR, &session);
	if (session == NULL || session->internals == NULL)
		return CURL_PREREQFUNC_ABORT;
	tls_judge(f->p.tls, f->p.arena, session->internals,
	    f->p.facts->host, (int64_t)time(NULL), &f->p.facts->tls);
	f->tls_stands = true;
	return CURL_PREREQFUNC_OK;
}

/* ---- answer ---- */

/* The value of header `name` in a line, without white space around it. */
static bool
header_value(struct slice line, struct slice name, struct slice *value)
{
	if (line.n <= name.n || line.p[name.n] != ':' ||
	    !slice_starts_nocase(line, name))
		return false;
	*value = slice_from(line, name.n + 1);
	while (value->n > 0 && (value->p[value->n - 1] == '\n' ||
	    value->p[value->n - 1] == '\r'))
		value->n--;
	*value = slice_upto(slice_trim(*value), LIMIT_HTTP_HEADER_BYTES);
	return true;
}

/* "HTTP/1.1 200 OK": a response begins, what came before was interim. */
static void
begin_response(struct policy_fetch *f, struct slice line)
{
	struct policy_facts *facts = f->p.facts;
	struct slice rest = slice_from(line, slice_find(line, ' ') + 1);
	uint64_t status = 0;

	slice_to_u64(slice_upto(rest, 3), 3, &status);
	f->status = (uint32_t)status;
	facts->content_type = SLICE_EMPTY;
	facts->has_content_type = false;
	facts->location = SLICE_EMPTY;
	facts->server = SLICE_EMPTY;
	facts->content_encoding = SLICE_EMPTY;
	facts->cache_control = SLICE_EMPTY;
}

/* The first of its name counts. */
static void
keep_first(struct policy_fetch *f, struct slice line, struct slice name,
    struct slice *kept)
{
	struct slice v;

	if (kept->n == 0 && header_value(line, name, &v))
		*kept = arena_slice(f->p.arena, v);
}

static void
keep_header(struct policy_fetch *f, struct slice line)
{
	struct policy_facts *facts = f->p.facts;
	struct slice v;

	if (header_value(line, SLICE_LIT("content-type"), &v) &&
	    !facts->has_content_type) {
		facts->content_type = arena_slice(f->p.arena, v);
		facts->has_content_type = true;
	}
	keep_first(f, line, SLICE_LIT("location"), &facts->location);
	keep_first(f, line, SLICE_LIT("server"), &facts->server);
	keep_first(f, line, SLICE_LIT("content-encoding"),
	    &facts->content_encoding);
	keep_first(f, line, SLICE_LIT("cache-control"), &facts->cache_control);
}

static size_t
on_header(char *p, size_t size, size_t count, void *ctx)
{
	struct slice line = slice_make(p, size * count);
	struct policy_fetch *f = ctx;

	f->header_bytes += line.n;
	if (f->header_bytes > HEADERS_MAX_BYTES) {
		f->stop = STOP_HEADERS;
		return 0;
	}
	if (f->in_body)
		return line.n; /* a trailer */
	if (slice_starts(line, SLICE_LIT("HTTP/")))
		begin_response(f, line);
	else
		keep_header(f, line);
	return line.n;
}

static size_t
on_body(char *p, size_t size, size_t count, void *ctx)
{
	struct policy_fetch *f = ctx;
	size_t n = size * count, room = LIMIT_POLICY_BODY_BYTES - f->body_n;
	size_t take = n < room ? n : room;

	f->in_body = true;
	if (f->status != STATUS_OK) {
		f->stop = STOP_KNOWN;
		return 0;
	}
	while (f->body_n + take > f->body_cap) {
		f->body_cap = f->body_cap ? 2 * f->body_cap :
		    BODY_FIRST_BYTES;
		f->body = xrealloc(f->body, f->body_cap);
	}
	if (take > 0)
		memcpy(f->body + f->body_n, p, take);
	f->body_n += take;
	if (take < n) {
		f->stop = STOP_TOO_LARGE;
		return 0;
	}
	return n;
}

/* ---- set-up ---- */

bool
policy_fetch_takes(struct slice host)
{
	for (size_t i = 0; i < host.n; i++)
		if (!ascii_is_alnum(host.p[i]) && host.p[i] != '-' &&
		    host.p[i] != '.' && host.p[i] != '_')
			return false;
	return host.n > 0 && host.n <= LIMIT_NAME_BYTES;
}

static void
set_target(struct policy_fetch *f)
{
	const struct policy_fetch_params *p = &f->p;
	struct slice host = p->facts->host;
	const char *open = p->address.family == 6 ? "[" : "";
	const char *close = p->address.family == 6 ? "]" : "";
	char address[64], text[LIMIT_NAME_BYTES + 128];
	struct strbuf b = strbuf_of(text, sizeof(text));

	strbuf_fmt(&b, "https://%.*s/.well-known/mta-sts.txt",
	    SLICE_ARG(host));
	curl_easy_setopt(f->easy, CURLOPT_URL, text);
	address_format(&p->address, address, sizeof(address));
	b = strbuf_of(text, sizeof(text));
	strbuf_fmt(&b, "%.*s:%d:%s%s%s:%u", SLICE_ARG(host), HTTPS_PORT,
	    open, address, close, p->port);
	f->connect_to = curl_slist_append(NULL, text);
	curl_easy_setopt(f->easy, CURLOPT_CONNECT_TO, f->connect_to);
	curl_easy_setopt(f->easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(f->easy, CURLOPT_OPENSOCKETDATA, f);
	curl_easy_setopt(f->easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
}

/* Nothing of the environment, nothing of an earlier transfer. */
static void
set_isolation(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
}

static void
set_tls(struct policy_fetch *f)
{
	CURL *easy = f->easy;

	/* A CApath would be read anew for every transfer. */
	curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, f);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_ready);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, f);
}

static void
set_transfer(struct policy_fetch *f)
{
	CURL *easy = f->easy;
	long timeout_ms = (long)f->p.timeout_ms;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, f->p.ctx);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, f->error);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, f->p.user_agent);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, f);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, f);
}

struct policy_fetch *
policy_fetch_new(const struct policy_fetch_params *p)
{
	struct policy_fetch *f = xcalloc(1, sizeof(*f));

	f->p = *p;
	f->fd = p->fd;
	f->watch = TLS_WATCH_NONE;
	f->easy = curl_easy_init();
	if (f->easy == NULL) {
		policy_fetch_free(f);
		return NULL;
	}
	f->p.facts->tls.sni = arena_slice(p->arena, p->facts->host);
	set_target(f);
	set_isolation(f->easy);
	set_tls(f);
	set_transfer(f);
	return f;
}

CURL *
policy_fetch_easy(struct policy_fetch *f)
{
	return f->easy;
}

void
policy_fetch_free(struct policy_fetch *f)
{
	if (f == NULL)
		return;
	curl_easy_cleanup(f->easy);
	curl_slist_free_all(f->connect_to);
	if (f->fd >= 0)
		close(f->fd);
	free(f->body);
	free(f);
}

/* ---- end ---- */

/*
 * The TLS library's reason out of libcurl's message, which ends in
 * "error:0A00010B:SSL routines::wrong version number".
 */
static struct slice
library_words(const struct policy_fetch *f)
{
	struct slice s = slice_of(f->error);
	size_t colon;

	if (!slice_contains_nocase(s, SLICE_LIT("error:")))
		return SLICE_EMPTY;
	while ((colon = slice_find(s, ':')) < s.n)
		s = slice_from(s, colon + 1);
	return slice_trim(s);
}

static enum outcome
end_in_tls(struct policy_fetch *f, CURLcode code)
{
	struct tls_facts *tls = &f->p.facts->tls;

	if (code == CURLE_OPERATION_TIMEDOUT)
		tls->outcome = OUTCOME_TLS_TIMEOUT;
	else
		tls_watch_failure(f->p.arena, &f->watch, library_words(f),
		    tls);
	return tls->outcome;
}

static void
keep_body(struct policy_fetch *f, bool cut)
{
	struct policy_facts *facts = f->p.facts;
	curl_off_t announced = -1;

	curl_easy_getinfo(f->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
	    &announced);
	facts->has_body = true;
	if (!cut)
		facts->size = f->body_n;
	else if (announced > 0)
		facts->size = (uint64_t)announced;
	facts->body_cut = cut;
	facts->body = arena_slice(f->p.arena, slice_make(
	    f->body != NULL ? f->body : "", f->body_n));
}

static enum outcome
end_in_http(struct policy_fetch *f, CURLcode code)
{
	f->p.facts->http_status = f->status;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return OUTCOME_TIMEOUT;
	switch (f->stop) {
	case STOP_KNOWN:
		return OUTCOME_OK;
	case STOP_TOO_LARGE:
		keep_body(f, true);
		return OUTCOME_TOO_LARGE;
	case STOP_HEADERS:
		return OUTCOME_HTTP_FAILED;
	case STOP_NONE:
		break;
	}
	if (code != CURLE_OK)
		return OUTCOME_HTTP_FAILED;
	if (f->status == STATUS_OK)
		keep_body(f, false);
	return OUTCOME_OK;
}

enum outcome
policy_fetch_end(struct policy_fetch *f, CURLcode code)
{
	if (code == CURLE_OUT_OF_MEMORY || code == CURLE_FAILED_INIT ||
	    f->fd >= 0)
		return OUTCOME_LOCAL; /* it never spoke on our socket */
	if (f->tls_stands)
		return end_in_http(f, code);
	return end_in_tls(f, code);
}
