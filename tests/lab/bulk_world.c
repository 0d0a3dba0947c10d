/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_world.c: the rules of BULK.md, a function for each of its tables.
 */
#include "tests/lab/bulk_world.h"

#include <string.h>

#include "scanner/base/banned.h"

#define HOUSES 5000
#define DIGITS_MAX 18 /* of a domain's number */
#define POLICY_HOSTS (127u << 24 | 32u << 16)
#define GOOD_HOSTS (127u << 24 | 60u << 16)
#define HOSTS (127u << 24 | 64u << 16)

/* ---- draws ---- */

static uint64_t
fnv(uint64_t x, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		x = (x ^ (uint8_t)s.p[i]) * 1099511628211u;
	return x;
}

uint64_t
bulk_draw(const char *what, struct slice name)
{
	uint64_t x = fnv(14695981039346656037u, slice_of(what));

	x = fnv(fnv(x, SLICE_LIT("/")), name);
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

unsigned
bulk_share(const char *what, struct slice name)
{
	return (unsigned)(bulk_draw(what, name) % 1000);
}

/* ---- what kind of name it is ---- */

enum where {
	NOWHERE,
	TOP,    /* above domains and houses: the root, TLDs, bulk.test */
	DOMAIN,
	HOUSE,
};

struct place {
	enum where where;
	struct slice zone;  /* the domain or house */
	struct slice below; /* the labels before it, without the last dot */
	char house;         /* a, b or h */
};

static const char *const tlds[] = { "com", "net", "org", "de", "io" };
#define N_TLDS (sizeof(tlds) / sizeof(tlds[0]))

/* Offset of the last n labels. */
static size_t
last_labels(struct slice name, unsigned n)
{
	size_t at = name.n;

	while (at > 0 && (name.p[at - 1] != '.' || --n > 0))
		at--;
	return at;
}

/* A decimal number without leading zeros. */
static bool
is_number(struct slice s, uint64_t *out)
{
	return slice_to_u64(s, DIGITS_MAX, out) &&
	    (s.n == 1 || s.p[0] != '0');
}

static bool
is_domain(struct slice name)
{
	size_t dot = slice_find(name, '.');
	struct slice label = slice_upto(name, dot);
	uint64_t i;

	if (!slice_starts(label, SLICE_LIT("d")) ||
	    !is_number(slice_from(label, 1), &i))
		return false;
	return slice_eq(slice_from(name, dot + 1),
	    slice_of(tlds[bulk_draw("tld", label) % N_TLDS]));
}

static bool
is_house(struct slice label)
{
	uint64_t k;

	if (slice_eq(label, SLICE_LIT("a")) || slice_eq(label, SLICE_LIT("b")))
		return true;
	return slice_starts(label, SLICE_LIT("h")) &&
	    is_number(slice_from(label, 1), &k) && k < HOUSES;
}

static bool
is_top(struct slice name)
{
	for (size_t i = 0; i < N_TLDS; i++)
		if (slice_eq(name, slice_of(tlds[i])))
			return true;
	return name.n == 0 || slice_eq(name, SLICE_LIT("test")) ||
	    slice_eq(name, SLICE_LIT("bulk.test"));
}

static struct place
place_of(struct slice name)
{
	struct place p = { .where = NOWHERE };
	size_t at = last_labels(name, 2);

	if (is_top(name)) {
		p.where = TOP;
		return p;
	}
	if (is_domain(slice_from(name, at)))
		p.where = DOMAIN;
	else if (slice_eq(slice_from(name, at), SLICE_LIT("bulk.test"))) {
		at = last_labels(name, 3);
		p.house = name.p[at];
		if (is_house(slice_make(name.p + at, name.n - at -
		    strlen(".bulk.test"))))
			p.where = HOUSE;
	}
	p.zone = slice_from(name, at);
	p.below = slice_upto(name, at > 0 ? at - 1 : 0);
	return p;
}

static bool
is_mx_label(struct slice s)
{
	return slice_eq(s, SLICE_LIT("mx1")) || slice_eq(s, SLICE_LIT("mx2"));
}

/* ---- a domain ---- */

enum mail {
	GONE,
	NO_MAIL,
	NULL_MX,
	IMPLICIT_MX,
	MX_FAILS,
	MX,
};

static enum mail
mail_of(struct slice d)
{
	unsigned share = bulk_share("mail", d);

	return share < 60 ? GONE : share < 250 ? NO_MAIL :
	    share < 275 ? NULL_MX : share < 305 ? IMPLICIT_MX :
	    share < 310 ? MX_FAILS : MX;
}

static bool
is_signed(const struct place *p)
{
	if (p->where == DOMAIN)
		return bulk_share("signed", p->zone) < 100;
	return p->where == HOUSE && p->house == 'a' && p->below.n > 0;
}

static bool
has_sts(struct slice d)
{
	return mail_of(d) != GONE && bulk_share("sts", d) < 100;
}

static void
set_hosts(struct bulk_hosts *h, unsigned n, struct slice zone)
{
	h->n = n;
	for (unsigned i = 0; i < n; i++) {
		struct strbuf b = strbuf_of(h->name[i], BULK_NAME_CAP);

		strbuf_add(&b, i == 0 ? SLICE_LIT("mx1.") : SLICE_LIT("mx2."));
		strbuf_add(&b, zone);
	}
}

/* The MX hosts of a domain that has some. */
static void
mx_hosts(struct slice d, struct bulk_hosts *h)
{
	unsigned share = bulk_share("operator", d);
	char house[BULK_NAME_CAP];
	struct strbuf b = strbuf_of(house, sizeof(house));

	if (share < 450) {
		set_hosts(h, bulk_share("second", d) < 350 ? 2 : 1, d);
		return;
	}
	if (share < 800)
		strbuf_add(&b, share < 650 ? SLICE_LIT("a.bulk.test") :
		    SLICE_LIT("b.bulk.test"));
	else
		strbuf_fmt(&b, "h%u.bulk.test",
		    (unsigned)(bulk_draw("house", d) % HOUSES));
	set_hosts(h, 2, strbuf_slice(&b));
}

/* ---- a host ---- */

static bool
is_host(const struct place *p, struct slice label)
{
	if (p->where == DOMAIN && label.n == 0)
		return mail_of(p->zone) == IMPLICIT_MX;
	return is_mx_label(label);
}

/* Hosts of these two operators are always well. */
static bool
is_sure(const struct place *p)
{
	return p->where == HOUSE && p->house != 'h';
}

static uint32_t
host_address(const struct place *p, struct slice host)
{
	uint64_t draw = bulk_draw("place", host);

	if (is_sure(p))
		return GOOD_HOSTS + (uint32_t)(draw & 0xffff);
	if (bulk_share("address", host) < 10)
		return 0;
	return HOSTS + (uint32_t)(draw & 0x3fffff);
}

/* ---- nodes ---- */

static void
add_txt(struct bulk_node *o, struct slice before, struct slice text)
{
	struct strbuf b = strbuf_of(o->txt[o->n_txt++], BULK_TXT_CAP);

	strbuf_add(&b, before);
	strbuf_add(&b, text);
	o->exists = true;
}

static void
sts_record(struct slice d, struct bulk_node *o)
{
	struct slice version = SLICE_LIT("v=STSv1;");
	unsigned share = bulk_share("record", d);

	if (!has_sts(d))
		return;
	if (share < 900)
		add_txt(o, version, SLICE_LIT(" id=20240101000000Z;"));
	else if (share < 950)
		add_txt(o, version, SLICE_EMPTY);
	else {
		add_txt(o, version, SLICE_LIT(" id=1;"));
		add_txt(o, version, SLICE_LIT(" id=2;"));
	}
}

static void
tlsrpt_record(struct slice d, struct bulk_node *o)
{
	if (bulk_share("tlsrpt", d) < (has_sts(d) ? 720 : 30))
		add_txt(o, SLICE_LIT("v=TLSRPTv1; rua=mailto:tls@"), d);
}

static void
policy_host(struct slice d, struct bulk_node *o)
{
	o->exists = has_sts(d);
	if (o->exists && bulk_share("policy-address", d) >= 20)
		o->a = POLICY_HOSTS +
		    (uint32_t)(bulk_draw("policy-host", d) & 0xfffff);
}

/* The name is _25._tcp.HOST, or the empty _tcp.HOST above it. */
static void
tlsa_of(const struct place *p, struct slice host, struct bulk_node *o)
{
	bool sure = is_sure(p);

	o->exists = is_signed(p) && (sure || bulk_share("tlsa", host) < 500);
	o->has_tlsa = o->exists;
	o->tlsa_right = sure || bulk_share("tlsa-right", host) >= 50;
}

static void
domain_node(struct slice d, struct bulk_node *o)
{
	o->exists = true;
	switch (mail_of(d)) {
	case GONE: /* is not asked for */
	case NO_MAIL:
		break;
	case NULL_MX:
		o->null_mx = true;
		break;
	case IMPLICIT_MX:
		o->a = host_address(&(struct place){ .where = DOMAIN }, d);
		break;
	case MX_FAILS:
		o->mx_fails = true;
		break;
	case MX:
		mx_hosts(d, &o->mx);
		break;
	}
}

/* Drops the prefix of TLSA's owner, if it is there. */
static bool
takes_prefix(struct slice *below, struct slice prefix)
{
	if (!slice_starts(*below, prefix) ||
	    (below->n > prefix.n && below->p[prefix.n] != '.'))
		return false;
	*below = slice_from(*below, prefix.n + 1);
	return true;
}

static void
record_node(struct place p, struct bulk_node *o)
{
	if (slice_eq(p.below, SLICE_LIT("_mta-sts")))
		sts_record(p.zone, o);
	else if (slice_eq(p.below, SLICE_LIT("mta-sts")))
		policy_host(p.zone, o);
	else if (slice_eq(p.below, SLICE_LIT("_smtp._tls")))
		tlsrpt_record(p.zone, o);
	else if (slice_eq(p.below, SLICE_LIT("_tls"))) {
		tlsrpt_record(p.zone, o);
		o->n_txt = 0;
	}
}

static void
zone_node(struct place p, struct slice name, struct bulk_node *o)
{
	struct slice host = p.below;
	bool is_tlsa = takes_prefix(&host, SLICE_LIT("_25._tcp"));
	bool is_tcp = !is_tlsa && takes_prefix(&host, SLICE_LIT("_tcp"));

	if (is_tlsa || is_tcp) {
		/* the host is a tail of this name */
		const char *tail = host.n > 0 ? host.p : p.zone.p;

		if (is_host(&p, host))
			tlsa_of(&p, slice_from(name, (size_t)(tail - name.p)),
			    o);
		o->has_tlsa = o->has_tlsa && is_tlsa;
	} else if (p.below.n == 0) {
		o->exists = true;
		if (p.where == DOMAIN)
			domain_node(p.zone, o);
	} else if (is_mx_label(p.below)) {
		o->exists = true;
		o->a = host_address(&p, name);
	} else if (p.where == DOMAIN)
		record_node(p, o);
}

void
bulk_node(struct slice name, struct bulk_node *o)
{
	struct place p = place_of(name);

	memset(o, 0, sizeof(*o));
	o->ad = is_signed(&p);
	if (p.where == TOP) {
		o->exists = true;
		return;
	}
	if (p.where == NOWHERE) {
		/* no TLD of ours, or nothing below one */
		o->zone_at = last_labels(name, 1);
		if (!is_top(slice_from(name, o->zone_at)))
			o->zone_at = name.n;
		return;
	}
	o->zone_at = (size_t)(p.zone.p - name.p);
	if (p.where == DOMAIN && mail_of(p.zone) == GONE)
		o->zone_at = last_labels(name, 1);
	else
		zone_node(p, name, o);
}

/* ---- servers ---- */

enum bulk_smtp_way
bulk_smtp_way(uint32_t address)
{
	char text[sizeof("255.255.255.255")];
	struct strbuf b = strbuf_of(text, sizeof(text));
	unsigned share;

	strbuf_fmt(&b, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
	    address >> 8 & 255, address & 255);
	share = bulk_share("smtp", strbuf_slice(&b));
	if ((address & 0xffff0000u) != GOOD_HOSTS && share < 60)
		return share < 30 ? BULK_NO_STARTTLS :
		    share < 40 ? BULK_BUSY :
		    share < 50 ? BULK_NOT_NOW : BULK_CLOSES;
	return bulk_share("tls", strbuf_slice(&b)) < 200 ? BULK_TLS12 :
	    BULK_TLS13;
}

enum bulk_leaf
bulk_host_leaf(struct slice host)
{
	struct place p = place_of(host);
	unsigned share = bulk_share("certificate", host);

	/* longer names are not of this world, and no leaf is made for them */
	if (host.n == 0 || host.n >= BULK_NAME_CAP)
		return BULK_WRONG_NAME;
	if (is_sure(&p) || share < 700)
		return BULK_GOOD;
	return share < 900 ? BULK_SELF_SIGNED : share < 950 ? BULK_WRONG_NAME :
	    share < 970 ? BULK_EXPIRED : BULK_OTHER_ROOT;
}

/* The domain of a policy host; false where the host does not exist. */
static bool
is_policy_host(struct slice host, struct slice *d)
{
	struct place p = place_of(host);

	*d = p.zone;
	return p.where == DOMAIN && slice_eq(p.below, SLICE_LIT("mta-sts")) &&
	    has_sts(p.zone);
}

enum bulk_leaf
bulk_policy_leaf(struct slice host)
{
	struct slice d;
	unsigned share;

	if (host.n == 0 || host.n >= BULK_NAME_CAP)
		return BULK_WRONG_NAME;
	if (!is_policy_host(host, &d))
		return BULK_GOOD;
	share = bulk_share("policy", d);
	return share >= 50 && share < 70 ? BULK_SELF_SIGNED :
	    share >= 70 && share < 90 ? BULK_WRONG_NAME : BULK_GOOD;
}

static void
add_patterns(struct strbuf *b, struct slice d)
{
	enum mail mail = mail_of(d);
	struct bulk_hosts h;

	if (bulk_share("patterns", d) >= 900)
		strbuf_add(b, SLICE_LIT("mx: mail.elsewhere.example\r\n"));
	else if (mail == MX) {
		mx_hosts(d, &h);
		for (unsigned i = 0; i < h.n; i++)
			strbuf_fmt(b, "mx: %s\r\n", h.name[i]);
	} else
		strbuf_fmt(b, "mx: %s%.*s\r\n",
		    mail == IMPLICIT_MX ? "" : "mail.", SLICE_ARG(d));
}

size_t
bulk_policy(struct slice host, char *out)
{
	struct strbuf b = strbuf_of(out, BULK_POLICY_CAP);
	struct slice d;
	unsigned share, mode;

	if (!is_policy_host(host, &d))
		return 0;
	share = bulk_share("policy", d);
	mode = bulk_share("mode", d);
	if (share < 50)
		return 0;
	if (share < 90 || share >= 110)
		strbuf_add(&b, SLICE_LIT("version: STSv1\r\n"));
	strbuf_fmt(&b, "mode: %s\r\n", mode < 300 ? "enforce" :
	    mode < 900 ? "testing" : "none");
	add_patterns(&b, d);
	strbuf_add(&b, SLICE_LIT("max_age: 604800\r\n"));
	return b.n;
}
