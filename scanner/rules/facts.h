/* SPDX-License-Identifier: Apache-2.0
 *
 * facts.h: what the wire told us, as plain structs.
 *
 * Workers fill them, the judge reads them, the encoder writes them down.
 * Everything a pointer or slice names lives in the arena of the job (or of
 * the host entry) that owns the facts.  Names are lower-case A-labels in
 * presentation form without the root dot.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "scanner/base/limits.h"
#include "scanner/base/text.h"
#include "scanner/rules/vocabulary.h"

/* ---- DNS ---- */

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_DS = 43,
	DNS_TLSA = 52,
	DNS_CAA = 257,
};

struct ede { /* RFC 8914 */
	uint16_t code;
	struct slice text;
};

/* One question, all its attempts. */
struct lookup {
	enum outcome outcome; /* NONE: not asked */
	enum tri secure;      /* AD; UNKNOWN: no trusted validation */
	struct slice *cname;  /* targets of the alias chain, in order */
	size_t n_cname;
	struct ede *ede;
	size_t n_ede;
	uint32_t ttl;         /* seconds, smallest of the answer */
	uint32_t attempts;    /* queries sent */
	uint32_t elapsed_ms;
	struct slice resolver; /* address that gave the answer; may be empty */
	/* Of each query, in the order sent, an enum outcome. */
	uint8_t tried[LIMIT_DNS_ATTEMPTS];
	uint8_t n_tried;
};

/* Present or proven absent; anything else could not be determined. */
static inline bool
lookup_is_answer(const struct lookup *l)
{
	return l->outcome == OUTCOME_OK || l->outcome == OUTCOME_NODATA ||
	    l->outcome == OUTCOME_NXDOMAIN;
}

struct mx_rr {
	uint16_t preference;
	struct slice host; /* "." for the root */
};

struct txt_rr {
	struct slice joined; /* RFC 8461 3.1: strings joined without spaces */
	struct slice *part;  /* the character-strings as sent */
	size_t n_part;
};

struct address {
	uint8_t family; /* 4 or 6 */
	uint8_t bytes[16]; /* network order; the first 4 for IPv4 */
};

static inline bool
address_same(const struct address *a, const struct address *b)
{
	return a->family == b->family &&
	    memcmp(a->bytes, b->bytes, a->family == 4 ? 4 : 16) == 0;
}

struct tlsa_rr { /* RFC 6698 2.1 */
	uint8_t usage;
	uint8_t selector;
	uint8_t mtype;
	struct slice data;
};

/*
 * An answer: n elements of the array that belongs to the type asked, sorted
 * and without duplicates (MX by preference then host, TXT and text by bytes,
 * addresses and TLSA by bytes) *before* any cap is applied.
 */
struct rrset {
	struct lookup lookup;
	size_t n;
	bool cut; /* more were there than the cap */
	struct mx_rr *mx;
	struct txt_rr *txt;
	struct address *address;
	struct tlsa_rr *tlsa;
	/*
	 * NS, CNAME: the target; DS, CAA: presentation form, "12345 13 2 AB",
	 * "0 issue \"ca.example\"".  Of CNAME one, lookup.cname as well.
	 */
	struct slice *text;
};

/* ---- TLS and certificates ---- */

/* One certificate as sent. */
struct cert_der {
	uint8_t sha256[32];
	struct slice der;
	const struct cert_facts *facts; /* NULL: not read so far */
};

/* What is written once per distinct certificate. */
struct cert_facts {
	uint8_t sha256[32];
	uint8_t spki_sha256[32];
	struct slice der;
	struct slice subject_cn; /* UTF-8 or empty */
	struct slice subject;    /* RFC 2253 */
	struct slice issuer;
	struct slice *dns_name;  /* subjectAltName dNSName, as presented */
	size_t n_dns_name;
	int64_t not_before;      /* seconds since 1970 */
	int64_t not_after;
	struct slice serial;     /* hexadecimal */
	struct slice key_type;   /* "RSA", "EC", ... */
	uint32_t key_bits;
	struct slice signature_algorithm;
	bool self_issued;        /* subject equals issuer */
	bool is_ca;
};

/* One TLS session and the chain behind it. */
struct tls_facts {
	enum outcome outcome;    /* NONE: never got that far; OK: stands */
	enum tls_version version;
	struct slice cipher;
	struct slice group;
	struct slice signature;  /* of the peer's handshake */
	struct slice alert;      /* received fatal alert, or empty */
	struct slice error;      /* library's words for a failure, or empty */
	struct slice sni;
	struct cert_der *chain;  /* as sent, leaf first; n_chain 0: none */
	size_t n_chain;
	/* Independent of each other (statistics: separable reasons). */
	enum tri trusted;        /* path to a root, dates and name ignored */
	enum tri name_ok;        /* DNS-ID of the leaf matches sni */
	enum tri time_ok;        /* every certificate of the path in date */
	bool expired;            /* some certificate of the path: past */
	bool not_yet;            /* some certificate of the path: future */
	bool self_signed;        /* leaf signed by itself and untrusted */
	/*
	 * Untrusted, and nothing but a leaf that names another issuer was sent:
	 * the intermediates may be missing (RFC 5246 7.4.2, RFC 8446 4.4.2).
	 */
	bool incomplete;
	enum name_by name_by;    /* what of the leaf matches sni */
	int64_t not_before;      /* of the leaf, seconds since 1970 */
	int64_t not_after;       /* 0: no leaf, or it cannot be read */
	struct slice verify_error; /* library's word for trusted == NO */
	/* All that a sender's library would find wrong, from the leaf on. */
	struct slice *verify_errors;
	size_t n_verify_errors;
	struct slice alert_sent; /* fatal alert that we raised, or empty */
	uint32_t bytes_read;     /* of the handshake, both ways; 0: unknown */
	uint32_t bytes_written;
};

/* ---- Policy ---- */

struct policy_attempt {
	struct address address;
	enum outcome outcome;
	int64_t started_ms; /* since 1970; 0: not contacted */
};

/* Another address of the policy host: what a sender would get from it. */
struct policy_other {
	struct address address;
	enum outcome outcome;
	enum outcome tls;       /* NONE: never got that far; OK: stands */
	enum tri trusted, name_ok, time_ok; /* as in tls_facts */
	bool has_leaf;
	struct cert_der leaf;
	uint32_t http_status;   /* 0: none came */
	enum tri same;          /* its body is the policy's own; UNKNOWN: one
	                           of the two has none */
	bool has_body;          /* one came, and it is not the same */
	bool body_cut;          /* at LIMIT_POLICY_OTHER_BYTES */
	struct slice body;
};

struct policy_facts {
	struct slice host;        /* mta-sts.<domain>; empty: not tried */
	struct rrset a, aaaa;
	struct policy_attempt *attempt; /* in the order made */
	size_t n_attempt;
	enum outcome outcome;     /* of the last; NONE: no address to try */
	struct tls_facts tls;
	uint32_t http_status;     /* 0: none came */
	struct slice content_type; /* as sent */
	bool has_content_type;
	struct slice location;    /* of a redirect, never followed */
	struct slice server;
	bool has_body;            /* a complete or cut body came */
	bool body_cut;            /* at LIMIT_POLICY_BODY_BYTES */
	struct slice body;
	uint32_t elapsed_ms;
	uint64_t size;            /* bytes of the body, where announced or
	                             complete; 0: not known */
	struct slice content_encoding;
	struct slice cache_control;
	/*
	 * Where a connection stood: the other addresses, those of the two
	 * families by turns, in the order of the answers.
	 */
	struct policy_other *other;
	size_t n_other;
	bool others_cut;          /* there are more addresses than were asked */
};

/* ---- SMTP ---- */

/* The parameters of a TLSA record (RFC 6698 2.1). */
struct tlsa_parameters {
	uint8_t usage, selector, mtype;
};

/* TLSA set against one chain (RFC 6698, 7671, 7672). */
struct dane_facts {
	uint32_t n_usable;       /* usable records in the set */
	bool checked;            /* a chain was there to compare */
	bool matched;            /* authenticated, name included where needed */
	bool ta_name_failed;     /* DANE-TA path stands, only the name fails */
	/*
	 * Then: the names of the leaf that another reference name may match,
	 * its common name where it has no DNS name (RFC 7672 3.2.2, 3.2.3).
	 */
	struct slice *ta_name;
	size_t n_ta_name;
	uint32_t matched_index;  /* into the set, when matched */
	uint32_t matched_depth;  /* 0 is the leaf */
	/*
	 * Matched by a trust anchor that only the TLSA record holds, 2 x 0, and
	 * the handshake did not send: clients may be unable (RFC 7672 3.1.2).
	 */
	bool ta_not_sent;
	/*
	 * Nothing matched, but the data of a record belong to a certificate of
	 * the chain under other parameters: those.
	 */
	bool has_alternative;
	struct tlsa_parameters alternative;
};

struct smtp_attempt {
	enum outcome outcome;
	uint32_t elapsed_ms;
	int64_t started_ms;        /* the connect, since 1970; 0: not known */
};

/* One protocol version, offered alone in a session of its own. */
struct tls_try {
	int64_t started_ms;        /* since 1970; 0: no session */
	uint32_t elapsed_ms;
	enum tls_version version;
	enum outcome outcome;      /* of the session; LOCAL: none was made */
	struct slice alert;        /* received fatal alert, or empty */
	struct slice cipher;       /* where TLS stood */
};

/* One address of one MX host, the facts of the last attempt. */
struct smtp_facts {
	struct address address;
	enum outcome outcome;      /* OK: TLS stands; else where it ended */
	struct smtp_attempt *attempt;
	size_t n_attempt;          /* connections made */
	uint32_t banner_code;      /* 0: none */
	struct slice *banner;      /* lines as sent, without CRLF */
	size_t n_banner;
	uint32_t ehlo_code;
	struct slice *ehlo;
	size_t n_ehlo;
	bool helo;                 /* EHLO refused, HELO tried */
	bool offers_starttls;
	struct slice starttls_reply; /* text with code, first line */
	uint32_t starttls_code;
	bool injection;            /* plain text behind the 220 */
	struct slice *ehlo_tls;    /* EHLO again inside TLS */
	size_t n_ehlo_tls;
	bool quit;                 /* QUIT answered or sent without error */
	struct tls_facts tls;
	struct dane_facts dane;
	uint32_t elapsed_ms;
	struct tls_try *tls_try;   /* --tls-versions, the lowest first */
	size_t n_tls_try;
	/*
	 * Nobody asked under this host's name: what another name of the address
	 * was told.  Without attempts, name verdict and DANE.
	 */
	bool shared;
};

/* One MX host, whichever domains name it. */
struct host_facts {
	struct slice host;
	bool is_literal;   /* an IP address or localhost where a name must be */
	struct rrset a, aaaa;
	/*
	 * RFC 7672 2.2.2: the alias of the host itself (its target is the one
	 * cname of the look-up).  NULL: not asked; it is only of an alias whose
	 * addresses are insecure, where AD is believed.
	 */
	struct rrset *alias;
	struct slice tlsa_base; /* owner below _25._tcp., after CNAME */
	struct rrset tlsa; /* asked only where addresses or alias are secure */
	/*
	 * RFC 8460 3, 4.4: of DANE results the policy domain is the TLSA base
	 * domain, so reports go where _smtp._tls.<host> says.  Asked only where
	 * secure TLSA records are.
	 */
	struct rrset tlsrpt_txt;
	struct smtp_facts *address;
	size_t n_address;
	bool addresses_cut;
};

/* ---- Domain ---- */

/*
 * What a domain needs to know of a host: small, copied into messages, kept
 * for the whole run.  Made by judge_host().  `dane` speaks as if the domain's
 * own MX answer were secure; the domain joins its own.
 */
struct host_state {
	enum starttls_status starttls;
	enum tls_version tls;
	enum tri trusted, name_ok, time_ok;
	enum dane_status dane;
	bool tlsa_published;
	enum tri has_address;  /* UNKNOWN: the look-up failed */
	bool special_address;
	bool connect_refused;  /* on every address */
	bool is_alias;
	bool self_signed, untrusted, expired, not_yet, no_cert;
	bool injection;
	bool incomplete;         /* an untrusted chain is the leaf alone */
	bool cn_only;            /* a common name would match, no DNS name */
	bool wildcard_suffix;    /* named by a wildcard over a suffix alone */
	bool bad_name;           /* a certificate came that has another name */
	bool addresses_disagree; /* what two addresses answer differs */
	bool requiretls_plain;   /* REQUIRETLS before TLS */
	bool starttls_again;     /* STARTTLS inside TLS */
	bool tlsa_failed;        /* SERVFAIL for TLSA below a secure address */
	bool dane_some_unusable; /* beside usable records */
	bool dane_alternative;   /* other TLSA parameters would match */
	bool dane_ta_not_sent;
	/* Of the leaf that expires first, over the addresses; 0: no leaf. */
	int64_t not_before, not_after;
	bool dane_no_starttls; /* usable TLSA, STARTTLS absent or refused */
	bool dane_ta_only;     /* a mismatch of DANE-TA leaf names alone */
	bool shared;           /* what an address said to another name */
	/*
	 * DNS names of the leaf where a DANE-TA path stands and the host name
	 * fails: the domain's name may still match (RFC 7672 3.2.2).  Owned by
	 * the hostbook, immutable, lives until the run ends.  Else NULL.
	 */
	const struct slice *ta_name;
	size_t n_ta_name;
};

struct domain_host {
	uint16_t preference;
	struct slice host;
	struct host_state state;
};

struct domain_facts {
	struct slice name;     /* lower-case A-labels */
	int64_t now;           /* when they were gathered, seconds since 1970 */
	struct rrset mx;
	struct rrset sts_txt;
	struct rrset tlsrpt_txt;
	/*
	 * ALSO_COUNT of them, by question; NONE: not asked.  NULL: none was.
	 */
	struct rrset *also;
	struct policy_facts policy;
	/*
	 * The hosts asked, sorted by (preference, host): the targets of the
	 * MX records without "."; the domain itself where MX is NODATA.
	 */
	struct domain_host *host;
	size_t n_host;
	bool hosts_cut;
};
