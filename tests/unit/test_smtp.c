/* SPDX-License-Identifier: Apache-2.0
 *
 * test_smtp.c: reply lines and EHLO keywords (RFC 5321 4.2, 4.1.1.1).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scanner/rules/smtp.h"

#include "scanner/base/banned.h"

static const struct {
	const char *line;
	enum smtp_line_kind kind;
	uint32_t code;
	const char *text;
} rows[] = {
	{ "220 mx.a.example ESMTP", SMTP_LINE_LAST, 220, "mx.a.example ESMTP" },
	{ "250-SIZE 100", SMTP_LINE_MORE, 250, "SIZE 100" },
	{ "250", SMTP_LINE_LAST, 250, "" },
	{ "250 ", SMTP_LINE_LAST, 250, "" },
	{ "250-", SMTP_LINE_MORE, 250, "" },
	{ "200 x", SMTP_LINE_LAST, 200, "x" },
	{ "599 x", SMTP_LINE_LAST, 599, "x" },
	{ "199 x", SMTP_LINE_BAD, 0, "" },
	{ "600 x", SMTP_LINE_BAD, 0, "" },
	{ "2200 x", SMTP_LINE_BAD, 0, "" },
	{ "22 x", SMTP_LINE_BAD, 0, "" },
	{ "250_x", SMTP_LINE_BAD, 0, "" },
	{ " 250 x", SMTP_LINE_BAD, 0, "" },
	{ "25x ok", SMTP_LINE_BAD, 0, "" },
	{ "", SMTP_LINE_BAD, 0, "" },
	{ "HTTP/1.1 400", SMTP_LINE_BAD, 0, "" },
};

static void
test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct smtp_line l = smtp_line_parse(slice_of(rows[i].line));

		if (l.kind != rows[i].kind || l.code != rows[i].code ||
		    !slice_eq(l.text, slice_of(rows[i].text)))
			fail_msg("\"%s\": %d %u \"%.*s\"", rows[i].line,
			    l.kind, l.code, SLICE_ARG(l.text));
	}
}

static void
test_keyword(void **state)
{
	const struct slice k = SLICE_LIT("STARTTLS");

	(void)state;
	assert_true(smtp_is_keyword(SLICE_LIT("STARTTLS"), k));
	assert_true(smtp_is_keyword(SLICE_LIT("starttls"), k));
	assert_true(smtp_is_keyword(SLICE_LIT("StartTLS now"), k));
	assert_false(smtp_is_keyword(SLICE_LIT("STARTTLSX"), k));
	assert_false(smtp_is_keyword(SLICE_LIT("START"), k));
	assert_false(smtp_is_keyword(SLICE_LIT(" STARTTLS"), k));
	assert_false(smtp_is_keyword(SLICE_LIT("X-STARTTLS"), k));
	assert_false(smtp_is_keyword(SLICE_EMPTY, k));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_keyword),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
