/* SPDX-License-Identifier: Apache-2.0
 *
 * parse_cert.c: a certificate told in words ("CN only, no SAN", "wildcard SAN
 * *.example.org", the words of a lab world), as the facts that a handshake
 * would have brought.  Names are compared as RFC 9525 has it.
 */
#include "scanner/parse_cert.h"

#include "scanner/rules/cert_name.h"

#include "scanner/base/banned.h"

enum cert_fault {
	CERT_IS_UNTRUSTED,
	CERT_IS_SELF_SIGNED,
	CERT_IS_EXPIRED,
	CERT_IS_NOT_YET,
	CERT_IS_MISNAMED,
	CERT_IS_ABSENT,
};

static const struct {
	const char *words;
	enum cert_fault fault;
} faults[] = {
	{ "untrusted", CERT_IS_UNTRUSTED },
	{ "not trusted", CERT_IS_UNTRUSTED },
	{ "unknown ca", CERT_IS_UNTRUSTED },
	{ "unknown issuer", CERT_IS_UNTRUSTED },
	{ "leaf_only", CERT_IS_UNTRUSTED },
	{ "self-signed", CERT_IS_SELF_SIGNED },
	{ "self signed", CERT_IS_SELF_SIGNED },
	{ "self_signed", CERT_IS_SELF_SIGNED },
	{ "expired", CERT_IS_EXPIRED },
	{ "not yet", CERT_IS_NOT_YET },
	{ "not_yet", CERT_IS_NOT_YET },
	{ "cn only", CERT_IS_MISNAMED },
	{ "no san", CERT_IS_MISNAMED },
	{ "wrong name", CERT_IS_MISNAMED },
	{ "wrong_name", CERT_IS_MISNAMED },
	{ "wrong host", CERT_IS_MISNAMED },
	{ "mismatch", CERT_IS_MISNAMED },
	{ "none", CERT_IS_ABSENT },
	{ "no certificate", CERT_IS_ABSENT },
};
#define N_FAULTS (sizeof(faults) / sizeof(faults[0]))

void
tls_facts_good(struct arena *a, struct tls_facts *out)
{
	*out = (struct tls_facts){
		.outcome = OUTCOME_OK,
		.version = TLS_VERSION_1_3,
		.chain = arena_array(a, 1, sizeof(struct cert_der)),
		.n_chain = 1,
		.trusted = TRI_YES,
		.name_ok = TRI_YES,
		.time_ok = TRI_YES,
	};
}

static void
spoil(struct tls_facts *t, enum cert_fault fault)
{
	switch (fault) {
	case CERT_IS_SELF_SIGNED:
		t->self_signed = true;
		t->trusted = TRI_NO;
		break;
	case CERT_IS_UNTRUSTED:
		t->trusted = TRI_NO;
		break;
	case CERT_IS_EXPIRED:
		t->expired = true;
		t->time_ok = TRI_NO;
		break;
	case CERT_IS_NOT_YET:
		t->not_yet = true;
		t->time_ok = TRI_NO;
		break;
	case CERT_IS_MISNAMED:
		t->name_ok = TRI_NO;
		break;
	case CERT_IS_ABSENT:
		t->n_chain = 0;
		break;
	}
}

static bool
is_part_of_name(char c)
{
	return c != ' ' && c != ',';
}

/* Does any name behind the word SAN match? */
static bool
any_name_matches(struct slice words, struct slice host)
{
	struct cursor c = cursor_of(words.p, words.n);
	bool behind = false, match = false;

	while (cursor_left(&c) > 0) {
		struct slice word = cursor_run(&c, is_part_of_name, words.n);

		match = match || (behind && cert_name_match(word, host));
		behind = behind || slice_eq_nocase(word, SLICE_LIT("SAN"));
		cursor_skip(&c, cursor_left(&c) > 0);
	}
	return match;
}

bool
cert_tell(struct slice words, struct slice host, struct tls_facts *out)
{
	static const struct slice good[] = { { "ok", 2 }, { "valid", 5 },
		{ "trusted", 7 } };
	bool known = false;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (slice_eq_nocase(words, good[i]))
			return true;
	for (size_t i = 0; i < N_FAULTS; i++)
		if (slice_contains_nocase(words, slice_of(faults[i].words))) {
			spoil(out, faults[i].fault);
			known = true;
		}
	if (out->name_ok == TRI_NO || host.n == 0 ||
	    !slice_contains_nocase(words, SLICE_LIT("SAN ")))
		return known;
	if (!any_name_matches(words, host))
		out->name_ok = TRI_NO;
	return true;
}
