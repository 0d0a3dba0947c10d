/* SPDX-License-Identifier: Apache-2.0
 *
 * test_source.c: lists as people have them, from file to names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scanner/options.h"
#include "scanner/source.h"

struct row {
	const char *name;
	const char *list;
	const char *expect; /* line:rank:name pairs, blank between */
	uint64_t rejected;
};

static const struct row rows[] = {
	{ "names", "a.example\nB.Example.\n",
	    "1:0:a.example 2:0:b.example", 0 },
	{ "no last newline", "a.example\nb.example",
	    "1:0:a.example 2:0:b.example", 0 },
	{ "BOM and CRLF", "\xef\xbb\xbf" "a.example\r\n\r\nb.example\r\n",
	    "1:0:a.example 3:0:b.example", 0 },
	{ "comments", "# list\na.example # mine\n;b\n", "2:0:a.example", 0 },
	{ "ranks", "1,a.example\n7,b.example,extra\n",
	    "1:1:a.example 2:7:b.example", 0 },
	{ "quoted ranks", "\"rank\",\"domain\"\n\"3\",\"a.example\"\n",
	    "2:3:a.example", 0 },
	{ "repeated", "a.example\na.example\n",
	    "1:0:a.example 2:0:a.example", 0 },
	{ "U-label", "b\xc3\xbc" "cher.example\n",
	    "1:0:xn--bcher-kva.example", 0 },
	{ "underscore", "_a.b_c.example\n", "1:0:_a.b_c.example", 0 },
	{ "no names", "a..b\n192.0.2.1\n[::1]\ncom\n-a.example\n\x01.example\n"
	    "http://a.example/\n", "", 7 },
	{ "label of 64", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaa.example\n", "", 1 },
	{ "zone", "$ORIGIN example.\n@ 3600 IN SOA ns h ( 1 2\n 3 4 5 )\n"
	    "  IN NS ns\na IN NS ns\na IN NS ns2\nb NS ns\nns IN A 192.0.2.1\n"
	    "c.example. 86400 IN NS \"ns;\"\n",
	    "5:0:a.example 7:0:b.example 9:0:c.example", 0 },
	{ "zone, owner left out", "example. IN SOA ns h 1 2 3 4 5\n"
	    "a.example. IN DS 1 13 2 AB\n\tIN NS ns.example.\n"
	    "\tIN NS ns2.example.\n", "3:0:a.example", 0 },
};

static void
collect(const char *path, char *out, size_t cap, uint64_t *rejected)
{
	char error[256];
	struct source *s = source_open(path, error, sizeof(error));
	struct strbuf b = strbuf_of(out, cap);
	struct source_name name;

	assert_non_null(s);
	while (source_next(s, &name) == SOURCE_NAME)
		strbuf_fmt(&b, "%s%llu:%llu:%.*s", b.n == 0 ? "" : " ",
		    (unsigned long long)name.line,
		    (unsigned long long)name.rank, SLICE_ARG(name.name));
	*rejected = source_rejected_total(s);
	source_close(s);
}

static void
test_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char path[] = "/tmp/mxcensus-list-XXXXXX";
		int fd = mkstemp(path);
		size_t n = strlen(rows[i].list);
		char got[1024];
		uint64_t rejected;

		assert_true(fd >= 0);
		assert_true(write(fd, rows[i].list, n) == (ssize_t)n);
		close(fd);
		collect(path, got, sizeof(got), &rejected);
		unlink(path);
		if (strcmp(got, rows[i].expect) != 0 ||
		    rejected != rows[i].rejected)
			fail_msg("%s: got \"%s\", %llu rejected", rows[i].name,
			    got, (unsigned long long)rejected);
	}
}

static enum options_result
parse(struct options *o, char **argv)
{
	int argc = 0;

	while (argv[argc] != NULL)
		argc++;
	return options_parse(argc, argv, o);
}

static void
remember(void *ctx, const char *text)
{
	struct strbuf *b = ctx;

	strbuf_fmt(b, "%s ", text);
}

static void
test_options(void **state)
{
	const char *const words[] = { "scan", "-o", "x.mxc", "--workers=4",
		"-q", "--resolver", "192.0.2.1", "--resolver=192.0.2.2", "list",
		NULL };
	struct options o;
	char *argv[sizeof(words) / sizeof(words[0])];
	char text[256];
	struct strbuf b = strbuf_of(text, sizeof(text));
	size_t n;

	(void)state;
	memcpy(argv, words, sizeof(words));
	assert_int_equal(parse(&o, argv), OPTIONS_OK);
	assert_string_equal(o.output, "x.mxc");
	assert_int_equal(o.workers, 4);
	assert_true(o.quiet);
	assert_false(o.force);
	assert_int_equal(o.smtp_port, 25);
	assert_string_equal(o.stages, "dns,policy,smtp");
	assert_int_equal(o.resolver.n, 2);
	assert_string_equal(o.resolver.v[1], "192.0.2.2");
	assert_string_equal(o.list, "list");
	options_changed(&o, remember, &b);
	assert_string_equal(text, "quiet=yes resolver=192.0.2.1 "
	    "resolver=192.0.2.2 workers=4 ");
	/* Every row has what help, man page and schema print. */
	for (const struct option_row *r = options_rows(&n); n > 0; r++, n--) {
		assert_true(r->sentence[0] != '\0' && r->group[0] != '\0');
		assert_true(r->type == OPTION_FLAG ? r->arg == NULL :
		    r->arg != NULL);
		assert_true(r->type != OPTION_UINT || r->min <= r->max);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
