/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pack.c: the encoder refuses what the table of fields does not allow,
 * and the table is sound.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "output/pack.h"

#include "scanner/base/banned.h"

/* ---- what the encoder refuses ---- */

static void
wrong_object(struct packer *p)
{
	pack_str(p, FIELD_cert_subject, SLICE_LIT("x"));
}

static void
wrong_type(struct packer *p)
{
	pack_str(p, FIELD_domain_line, SLICE_LIT("x"));
}

static void
wrong_order(struct packer *p)
{
	pack_str(p, FIELD_domain_name, SLICE_LIT("x"));
	pack_uint(p, FIELD_domain_line, 1);
}

static void
written_twice(struct packer *p)
{
	pack_uint(p, FIELD_domain_line, 1);
	pack_uint(p, FIELD_domain_line, 1);
}

static void
wrong_sub(struct packer *p)
{
	pack_map_open(p, FIELD_domain_sts, OBJECT_tlsrpt);
}

static void
left_open(struct packer *p)
{
	pack_map_open(p, FIELD_domain_sts, OBJECT_sts);
	pack_finish(p, RECORD_DOMAIN);
}

static void
test_refusals(void **state)
{
	static const struct {
		const char *name;
		void (*run)(struct packer *p);
	} rows[] = {
		{ "object", wrong_object }, { "type", wrong_type },
		{ "order", wrong_order }, { "twice", written_twice },
		{ "sub", wrong_sub }, { "open", left_open },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			struct packer p;

			if (freopen("/dev/null", "w", stderr) == NULL)
				_exit(1);
			pack_begin(&p, OBJECT_domain);
			rows[i].run(&p);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 3)
			fail_msg("row %s was let through", rows[i].name);
	}
}

/* ---- the table ---- */

static void
test_table(void **state)
{
	enum object last = OBJECT_COUNT;
	size_t objects = 0;

	(void)state;
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		enum field f = (enum field)i;
		const struct field_row *row = field_row(f);
		bool is_map = row->type == FIELD_MAP || row->type == FIELD_MAPS;

		if (field_object(f) != last) {
			last = field_object(f);
			objects++;
			/* contiguous, and the first one is known as such */
			assert_int_equal(object_first(last), f);
		}
		assert_int_equal(object_find(slice_of(row->object)), last);
		assert_true(is_map == (field_sub(f) != OBJECT_COUNT));
		assert_ptr_equal(field_find(slice_of(row->object),
		    slice_of(row->name)), row);
		assert_true(row->sentence[strlen(row->sentence) - 1] == '.' ||
		    row->sentence[strlen(row->sentence) - 1] == '?');
	}
	assert_int_equal(objects, OBJECT_COUNT);
	assert_null(field_find(SLICE_LIT("domain"), SLICE_LIT("x")));
	assert_null(field_find(SLICE_LIT("x"), SLICE_LIT("name")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
