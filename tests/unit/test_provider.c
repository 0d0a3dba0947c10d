/* SPDX-License-Identifier: Apache-2.0
 *
 * test_provider.c: names to providers, by hand and against a plain search of
 * the same table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scanner/rules/provider.h"

#include "scanner/base/banned.h"

static const struct {
	enum provider_service service;
	struct slice suffix, provider;
} table[] = {
#include "providers.inc"
};

#define N_TABLE (sizeof(table) / sizeof(table[0]))

static const struct {
	enum provider_service service;
	const char *name, *provider; /* "": none */
} rows[] = {
	/* the customer is a.com, in the spelling of each provider */
	{ PROVIDER_STS, "_mta-sts.tutanota.de", "Tutanota" },
	{ PROVIDER_STS, "a-com.mta-sts.dmarcinput.com", "DMARCReport" },
	{ PROVIDER_STS, "a-com._mta.mta-sts.tech", "PowerDMARC" },
	{ PROVIDER_STS, "a_com__mta_sts.easydmarc.pro", "EasyDMARC" },
	{ PROVIDER_STS, "a.com._mta-sts.mailhardener.com", "Mailhardener" },
	{ PROVIDER_STS, "a-com._mta-sts.uriports.com", "URIports" },
	{ PROVIDER_STS, "a.com._mta-sts.sdmarc.net", "Sendmarc" },
	{ PROVIDER_STS, "_mta-sts.a.com._mta-sts.smart.ondmarc.com",
	    "OnDMARC" },
	{ PROVIDER_STS, "mta-sts.tutanota.de", "Tutanota" },
	{ PROVIDER_TLSRPT, "tlsrpt.report-uri.com", "Report URI" },
	{ PROVIDER_TLSRPT, "a.uriports.com", "URIports" },
	{ PROVIDER_MX, "aspmx.l.google.com", "Google" },
	{ PROVIDER_MX, "a-com.mail.protection.outlook.com", "Microsoft 365" },
	{ PROVIDER_MX, "a-com.x-v1.mx.microsoft", "Microsoft 365" },
	/* no label boundary */
	{ PROVIDER_STS, "x_mta-sts.tutanota.de", "" },
	{ PROVIDER_STS, "xeasydmarc.pro", "" },
	{ PROVIDER_MX, "a.notgoogle.com", "" },
	/* the suffix stands elsewhere, or a part of it alone */
	{ PROVIDER_STS, "easydmarc.pro.example", "" },
	{ PROVIDER_STS, "easydmarc.pro.", "" },
	{ PROVIDER_STS, "tutanota.de", "" },
	{ PROVIDER_MX, "outlook.com", "" },
	{ PROVIDER_MX, "com", "" },
	{ PROVIDER_MX, "mx.a.example", "" },
	/* another service of one that is known */
	{ PROVIDER_MX, "a_com__mta_sts.easydmarc.pro", "" },
	{ PROVIDER_STS, "aspmx.l.google.com", "" },
	{ PROVIDER_TLSRPT, "_mta-sts.tutanota.de", "" },
	/* lower-case names are the contract */
	{ PROVIDER_MX, "ASPMX.L.GOOGLE.COM", "" },
	{ PROVIDER_MX, "", "" }, { PROVIDER_MX, ".", "" },
	{ PROVIDER_MX, "..", "" },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice found = provider_of(rows[i].service,
		    slice_of(rows[i].name));

		if (!slice_eq(found, slice_of(rows[i].provider)))
			fail_msg("%s: %.*s, not %s", rows[i].name,
			    SLICE_ARG(found), rows[i].provider);
	}
}

/* Does the name equal the suffix, or end in it after a dot? */
static bool
is_below(struct slice name, struct slice suffix)
{
	return slice_ends(name, suffix) && (name.n == suffix.n ||
	    name.p[name.n - suffix.n - 1] == '.');
}

static struct slice
plain_search(enum provider_service service, struct slice name)
{
	size_t best = N_TABLE;

	for (size_t i = 0; i < N_TABLE; i++)
		if (table[i].service == service &&
		    is_below(name, table[i].suffix) && (best == N_TABLE ||
		    table[i].suffix.n > table[best].suffix.n))
			best = i;
	return best == N_TABLE ? SLICE_EMPTY : table[best].provider;
}

/* Every suffix alone, under a label, and with a byte before it. */
static void
test_table(void **state)
{
	static const char *const before[] = { "", "x.", "a.b.", "x", "-" };

	(void)state;
	assert_true(N_TABLE > 0);
	for (size_t i = 0; i < 5 * N_TABLE; i++) {
		char buf[300];
		struct strbuf b = strbuf_of(buf, sizeof(buf));

		strbuf_fmt(&b, "%s%.*s", before[i % 5],
		    SLICE_ARG(table[i / 5].suffix));
		for (int s = PROVIDER_STS; s <= PROVIDER_MX; s++)
			if (!slice_eq(provider_of(s, strbuf_slice(&b)),
			    plain_search(s, strbuf_slice(&b))))
				fail_msg("%s (service %d)", buf, s);
	}
}

/* A binary search finds nothing in a table out of order. */
static void
test_order(void **state)
{
	(void)state;
	for (size_t i = 1; i < N_TABLE; i++) {
		assert_true(table[i - 1].service <= table[i].service);
		if (table[i - 1].service == table[i].service)
			assert_true(slice_cmp(table[i - 1].suffix,
			    table[i].suffix) < 0);
	}
}

static void
test_chain(void **state)
{
	struct slice names[] = { SLICE_LIT("mta-sts.a.example"),
	    SLICE_LIT("a-com._mta.mta-sts.tech"),
	    SLICE_LIT("_mta-sts.tutanota.de") };

	(void)state;
	assert_true(slice_eq(provider_of_chain(PROVIDER_STS, names, 3),
	    SLICE_LIT("PowerDMARC")));
	assert_true(slice_eq(provider_of_chain(PROVIDER_STS, names + 2, 1),
	    SLICE_LIT("Tutanota")));
	assert_int_equal(provider_of_chain(PROVIDER_STS, names, 1).n, 0);
	assert_int_equal(provider_of_chain(PROVIDER_MX, names, 3).n, 0);
	assert_int_equal(provider_of_chain(PROVIDER_STS, NULL, 0).n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
