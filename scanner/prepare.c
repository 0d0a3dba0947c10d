/* SPDX-License-Identifier: Apache-2.0
 *
 * prepare.c: options to a run, in the order in which a user would repair what
 * is wrong with them, and the run itself.
 */
#include "scanner/prepare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <curl/curl.h>

#include "scanner/base/log.h"
#include "scanner/preflight.h"
#include "scanner/resume.h"
#include "scanner/rules/also.h"
#include "scanner/shard.h"
#include "scanner/stream.h"

#include "scanner/base/banned.h"

#define FILES_BESIDE 128 /* descriptors of ours beside the windows */
#define REST_MAX_MS 60000
#define NETS_MAX OPTION_LIST_MAX

struct run *
prepare_new(const struct options *o)
{
	struct run *r = xcalloc(1, sizeof(*r));

	r->options = o;
	r->control = loop_new();
	pthread_mutex_init(&r->_shared.lock, NULL);
	pthread_cond_init(&r->_shared.room, NULL);
	if (getrandom(r->hash_key, sizeof(r->hash_key), 0) < 0)
		log_fatal("no random numbers: %s", strerrordesc_np(errno));
	curl_global_init(CURL_GLOBAL_ALL);
	return r;
}

/* ---- options to settings ---- */

static bool
parse_stages(struct run *r, const char *text)
{
	struct slice rest = slice_of(text);
	bool dns = false;

	while (rest.n > 0) {
		size_t comma = slice_find(rest, ',');
		struct slice word = slice_trim(slice_upto(rest, comma));

		rest = slice_from(rest, comma + 1);
		if (slice_eq(word, SLICE_LIT("dns")))
			dns = true;
		else if (slice_eq(word, SLICE_LIT("policy")))
			r->wants_policy = true;
		else if (slice_eq(word, SLICE_LIT("smtp")))
			r->wants_smtp = true;
		else {
			log_error("--stages %s: unknown stage %.*s; give some "
			    "of dns,policy,smtp", text, SLICE_ARG(word));
			return false;
		}
	}
	if (!dns)
		log_error("--stages %s: dns is needed by all others", text);
	return dns;
}

static bool
parse_also(struct run *r, const char *text)
{
	struct slice bad;

	if (text == NULL || also_parse(slice_of(text), &r->also, &bad))
		return true;
	log_error("--also %s: unknown question \"%.*s\"; give some of "
	    "ns,ds,spf,dmarc,caa,bimi,a", text, SLICE_ARG(bad));
	return false;
}

static bool
parse_probe_policy(struct run *r, const char *text)
{
	struct slice word = slice_of(text);

	r->probes_policy = slice_eq(word, SLICE_LIT("always"));
	if (r->probes_policy || slice_eq(word, SLICE_LIT("record")))
		return true;
	log_error("--probe-policy %s: give record or always", text);
	return false;
}

static bool
parse_nets(const char *option, const struct option_list *l,
    struct netrange *out)
{
	for (size_t i = 0; i < l->n; i++)
		if (!netrange_parse(slice_of(l->v[i]), &out[i])) {
			log_error("--%s %s: give a network such as "
			    "192.0.2.0/24 or 2001:db8::/32", option, l->v[i]);
			return false;
		}
	return true;
}

static bool
has_family(const struct netrange *nets, size_t n, uint8_t family)
{
	for (size_t i = 0; i < n; i++)
		if (nets[i].network.family == family)
			return true;
	return false;
}

static bool
make_reach(struct run *r)
{
	const struct options *o = r->options;
	struct netrange allow[NETS_MAX], only[NETS_MAX];
	struct reach_config c = { .allow = allow, .n_allow = o->allow_net.n,
		.only = only, .n_only = o->only_net.n };
	char error[512];

	if (!parse_nets("allow-net", &o->allow_net, allow) ||
	    !parse_nets("only-net", &o->only_net, only))
		return false;
	if (o->ipv4_only && o->ipv6_only) {
		log_error("-4 and -6 exclude each other; give one or none");
		return false;
	}
	/* From one address means from its family. */
	if (o->source_ip != NULL &&
	    !address_parse(slice_of(o->source_ip), &r->smtp.source)) {
		log_error("--source-ip %s: give an IP address of this machine",
		    o->source_ip);
		return false;
	}
	c.ipv4 = !o->ipv6_only && r->smtp.source.family != 6;
	c.ipv6 = !o->ipv4_only && r->smtp.source.family != 4 &&
	    (preflight_has_ipv6() || has_family(allow, c.n_allow, 6) ||
	    has_family(only, c.n_only, 6));
	r->ipv6 = c.ipv6;
	r->reach = reach_new(&c);
	if (o->exclude.n > 0 && !reach_exclude_files(r->reach, o->exclude.v,
	    o->exclude.n, error, sizeof(error))) {
		log_error("%s", error);
		return false;
	}
	return true;
}

bool
prepare_reach(struct run *r)
{
	return parse_stages(r, r->options->stages) &&
	    parse_also(r, r->options->also) &&
	    parse_probe_policy(r, r->options->probe_policy) &&
	    make_reach(r);
}

static bool
is_header_safe(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x21 || (unsigned char)*text > 0x7e)
			return false;
	return true;
}

/*
 * One worker's part of a limit for all: together they stay within it, since
 * there are no more workers than the smallest limit has units.
 */
static uint32_t
share(uint64_t limit, uint32_t n)
{
	return (uint32_t)(limit / n);
}

/*
 * One a core: sessions are cryptography.  DNS alone is not: a worker asks more
 * than a resolver answers, and leaves the next core to it, the reader and the
 * writer.
 */
static size_t
wanted_workers(const struct run *r)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (r->options->workers > 0)
		return (size_t)r->options->workers;
	if (!r->wants_policy && !r->wants_smtp)
		cores /= 2;
	if (cores < 1)
		return 1;
	return cores < RUN_WORKERS_MAX ? (size_t)cores : RUN_WORKERS_MAX;
}

/* Few enough workers that each has a part of every limit. */
static size_t
fit_workers(const struct options *o, size_t n)
{
	const uint64_t limits[] = { o->dns_rate, o->resolver_rate,
		o->dns_window, o->policy_window, o->smtp_window };

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (limits[i] > 0 && limits[i] < n) /* 0: no limit */
			n = (size_t)limits[i];
	return n;
}

static bool
make_pool_configs(struct run *r)
{
	const struct options *o = r->options;
	struct strbuf agent = strbuf_of(r->user_agent, sizeof(r->user_agent));
	uint32_t n = (uint32_t)fit_workers(o, wanted_workers(r));

	if ((o->contact != NULL && !is_header_safe(o->contact)) ||
	    (o->ehlo_name != NULL && !is_header_safe(o->ehlo_name))) {
		log_error("--contact and --ehlo-name take printable ASCII "
		    "without spaces");
		return false;
	}
	strbuf_fmt(&agent, "mxcensus/%s", MXCENSUS_VERSION);
	if (o->contact != NULL)
		strbuf_fmt(&agent, " (+%s)", o->contact);
	r->n_worker = n;
	r->dns.window = share(o->dns_window, n);
	r->dns.sharers = (uint32_t)n;
	r->dns.rate = share(o->dns_rate, n);
	r->dns.resolver_rate = share(o->resolver_rate, n);
	r->dns.mix_case = o->dns_0x20;
	r->dns.timeout_ms = (uint32_t)o->dns_timeout_ms;
	r->policy = (struct policy_config){
		.port = (uint16_t)o->https_port,
		.window = share(o->policy_window, n),
		.connect_timeout_ms = (uint32_t)o->connect_timeout_ms,
		.timeout_ms = (uint32_t)o->policy_timeout_ms,
		.retry_wait_ms = (uint32_t)o->retry_wait_ms,
		.user_agent = r->user_agent,
		.source_ip = o->source_ip,
	};
	r->smtp.port = (uint16_t)o->smtp_port;
	r->smtp.window = share(o->smtp_window, n);
	r->smtp.connect_timeout_ms = (uint32_t)o->connect_timeout_ms;
	r->smtp.greeting_timeout_ms = (uint32_t)o->greeting_timeout_ms;
	r->smtp.session_timeout_ms = (uint32_t)o->session_timeout_ms;
	r->smtp.retry_wait_ms = (uint32_t)o->retry_wait_ms;
	r->smtp.retries = 1;
	r->smtp.tls_versions = o->tls_versions;
	r->smtp.ehlo_name = o->ehlo_name == NULL ? "localhost" : o->ehlo_name;
	r->tls.ca_file = o->ca_file;
	return true;
}

/* Windows must fit into the descriptors that are to be had. */
static bool
fit_files(struct run *r)
{
	uint64_t files = preflight_files();
	uint64_t beside = FILES_BESIDE + 64 * r->n_worker;
	uint64_t wanted = (uint64_t)r->smtp.window * r->n_worker +
	    2 * (uint64_t)r->policy.window * r->n_worker;

	if (files < beside + 16) {
		log_error("only %llu open files are allowed and at least %llu "
		    "are needed; raise the limit (ulimit -n)",
		    (unsigned long long)files,
		    (unsigned long long)beside + 16);
		return false;
	}
	if (files - beside >= wanted)
		return true;
	log_warn("only %llu open files are allowed: fewer sessions at once",
	    (unsigned long long)files);
	r->smtp.window = (uint32_t)((double)r->smtp.window *
	    (double)(files - beside) / (double)wanted) + 1;
	r->policy.window = (uint32_t)((double)r->policy.window *
	    (double)(files - beside) / (double)wanted) + 1;
	return true;
}

/* Regular files are read once before, for their digest and length. */
static bool
survey_list(const char *path, struct list_facts *out)
{
	char error[1024];
	struct stream *s;
	enum stream_result result;
	struct slice line;
	struct stat st;
	bool cut;

	if (strcmp(path, "-") == 0 ||
	    (stat(path, &st) == 0 && !S_ISREG(st.st_mode) &&
	    !S_ISDIR(st.st_mode)))
		return true;
	s = stream_open(path, error, sizeof(error));
	if (s == NULL) {
		log_error("%s", error);
		return false;
	}
	while ((result = stream_line(s, &line, &cut)) == STREAM_LINE)
		continue;
	if (result == STREAM_FAILED)
		log_error("%s", stream_error(s));
	out->regular = true;
	out->lines = stream_line_number(s);
	stream_digest(s, out->sha256);
	stream_close(s);
	return result == STREAM_END;
}

bool
prepare_pools(struct run *r, struct list_facts *list)
{
	char error[1024];

	if (!make_pool_configs(r) || !fit_files(r) ||
	    !survey_list(r->options->list, list))
		return false;
	r->list_lines = list->lines;
	r->source = source_open(r->options->list, error, sizeof(error));
	if (r->source == NULL) {
		log_error("%s", error);
		return false;
	}
	if (!source_take_shard(r->source, r->options->shard)) {
		log_error("--shard %s: give I/N with I from 1 to N, and N up "
		    "to %d", r->options->shard, SHARD_MAX);
		return false;
	}
	return true;
}

/* ---- the run ---- */

static bool
make_workers(struct run *r)
{
	for (size_t i = 0; i < r->n_worker; i++) {
		r->worker[i] = worker_new(r);
		if (r->worker[i] == NULL)
			return false;
	}
	return true;
}

/* Behind what `from` found, or from the beginning. */
static bool
open_sink(struct run *r, struct resume *from)
{
	const struct options *o = r->options;
	struct sink_config c = { .path = o->output, .level = (int)o->level,
		.force = o->force, .frame_ms = (uint32_t)o->frame_ms,
		.failed = run_sink_failed, .ctx = r };
	char error[1024];

	if (!resume_cut(from))
		return false;
	if (from->writer != NULL) {
		c.writer = from->writer;
		c.certs = &from->certs;
		c.tally = &from->tally;
		from->writer = NULL;
	}
	r->sink = sink_open(&c, error, sizeof(error));
	if (r->sink == NULL)
		log_error("%s", error);
	return r->sink != NULL;
}

/* From the preflight to the end, once it is known where to begin. */
static int
scan_from(struct run *r, const struct list_facts *list, struct resume *from,
    bool is_resumed)
{
	int status;

	/* As for an outage on the way: another time it may go on. */
	if (!preflight_dns(&r->dns))
		return r->options->min_success > 0 ? 2 : 3;
	if (!open_sink(r, from))
		return 1;
	r->started_ms = clock_wall_ms();
	r->started_mono_ms = clock_mono_ms();
	if (is_resumed)
		manifest_post_session(r, from);
	else
		manifest_post(r, list);
	status = run_scan(r);
	if (!sink_close(r->sink) && status != 3)
		status = 3;
	if (status == 0 && atomic_load(&r->_shared.admitted) == 0 &&
	    atomic_load(&r->_shared.skipped) == 0) {
		log_error("the list %s held no domain name", r->options->list);
		status = 1;
	}
	return status;
}

static int
scan_or_resume(struct run *r, const struct list_facts *list)
{
	struct resume from = { .arena = NULL };
	enum resume_result result = r->options->resume ?
	    resume_read(r, list, &from) : RESUME_FRESH;
	int status = 0;

	switch (result) {
	case RESUME_FRESH:
	case RESUME_ON:
		status = scan_from(r, list, &from, result == RESUME_ON);
		break;
	case RESUME_COMPLETE:
		break;
	case RESUME_REFUSED:
		status = 1;
		break;
	case RESUME_FAILED:
		status = 3;
		break;
	}
	resume_release(&from);
	return status;
}

int
prepared_scan(struct run *r, const struct list_facts *list)
{
	struct gate_config gate = {
		.per_network = (uint32_t)r->options->per_net,
		.per_operator = (uint32_t)r->options->per_operator,
		.rest_ms = (uint32_t)r->options->rest_ms,
		.rest_max_ms = REST_MAX_MS,
	};

	r->smtp_gate = gate_new(&gate);
	gate.rest_ms = (uint32_t)r->options->policy_rest_ms;
	r->policy_gate = gate_new(&gate);
	r->addresses = addressbook_new(
	    (uint32_t)r->options->names_per_address);
	if (!preflight_resolvers(r->options->resolver.v,
	    r->options->resolver.n, r->options->trust_ad, &r->dns))
		return 1;
	if (r->options->min_success > 0)
		r->uplink = uplink_new(&(struct uplink_config){
			.percent = (uint32_t)r->options->min_success,
			.dns_timeout_ms = (uint32_t)r->options->dns_timeout_ms,
			.connect_timeout_ms =
			    (uint32_t)r->options->connect_timeout_ms,
			.failed = run_uplink_failed, .ctx = r });
	return make_workers(r) ? scan_or_resume(r, list) : 3;
}

void
prepare_free(struct run *r)
{
	for (size_t i = 0; i < r->n_worker; i++)
		worker_free(r->worker[i]);
	uplink_free(r->uplink);
	gate_free(r->smtp_gate);
	gate_free(r->policy_gate);
	addressbook_free(r->addresses);
	reach_free(r->reach);
	source_close(r->source);
	line_set_release(&r->finished);
	loop_free(r->control);
	pthread_cond_destroy(&r->_shared.room);
	pthread_mutex_destroy(&r->_shared.lock);
	free(r);
	curl_global_cleanup();
}
