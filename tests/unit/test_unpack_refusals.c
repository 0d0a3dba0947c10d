/* SPDX-License-Identifier: Apache-2.0
 *
 * test_unpack_refusals.c: records with a field that cannot be read are
 * refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "output/object.h"
#include "output/pack.h"
#include "output/plain.h"
#include "output/unpack.h"

#include "scanner/base/banned.h"

static const msgpack_object *
open_record(struct plain *p, const struct record *r)
{
	struct slice bytes = slice_make(r->bytes, r->n);

	assert_true(plain_is_sound(bytes));
	plain_init(p, bytes);
	return plain_next(p);
}

static void
pack_domain_outcome(struct packer *p)
{
	pack_str(p, FIELD_domain_name, SLICE_LIT("a.example"));
	pack_map_open(p, FIELD_domain_mx_lookup, OBJECT_lookup);
	pack_word(p, FIELD_lookup_outcome, "of a later version");
	pack_map_close(p);
}

static void
pack_domain_address(struct packer *p)
{
	struct slice address = SLICE_LIT("192.0.2.1.example");

	pack_str(p, FIELD_domain_name, SLICE_LIT("a.example"));
	pack_map_open(p, FIELD_domain_mx_lookup, OBJECT_lookup);
	pack_outcome(p, FIELD_lookup_outcome, OUTCOME_OK);
	pack_strs(p, FIELD_lookup_addresses, &address, 1);
	pack_map_close(p);
}

static void
pack_domain_root_host(struct packer *p)
{
	pack_str(p, FIELD_domain_name, SLICE_LIT("a.example"));
	pack_list(p, FIELD_domain_mx, 1);
	pack_item_open(p, FIELD_domain_mx, OBJECT_mx_short);
	pack_str(p, FIELD_mx_short_host, SLICE_LIT("."));
	pack_map_close(p);
}

static void
pack_domain_digest(struct packer *p)
{
	pack_str(p, FIELD_domain_name, SLICE_LIT("a.example"));
	pack_map_open(p, FIELD_domain_sts, OBJECT_sts);
	pack_map_open(p, FIELD_sts_policy, OBJECT_sts_policy);
	pack_map_open(p, FIELD_sts_policy_tls, OBJECT_tls);
	pack_outcome(p, FIELD_tls_outcome, OUTCOME_OK);
	pack_list(p, FIELD_tls_chain, 1);
	pack_item_bin(p, "short", 5);
	pack_map_close(p);
	pack_map_close(p);
	pack_map_close(p);
}

static void
pack_domain_no_outcome(struct packer *p)
{
	pack_str(p, FIELD_domain_name, SLICE_LIT("a.example"));
	pack_map_open(p, FIELD_domain_mx_lookup, OBJECT_lookup);
	pack_map_close(p);
}

static void
pack_domain_name_by(struct packer *p)
{
	pack_str(p, FIELD_domain_name, SLICE_LIT("a.example"));
	pack_map_open(p, FIELD_domain_sts, OBJECT_sts);
	pack_map_open(p, FIELD_sts_policy, OBJECT_sts_policy);
	pack_map_open(p, FIELD_sts_policy_tls, OBJECT_tls);
	pack_outcome(p, FIELD_tls_outcome, OUTCOME_OK);
	pack_word(p, FIELD_tls_name_by, "of a later version");
	pack_map_close(p);
	pack_map_close(p);
	pack_map_close(p);
}

static void
open_other(struct packer *p)
{
	pack_str(p, FIELD_domain_name, SLICE_LIT("a.example"));
	pack_map_open(p, FIELD_domain_sts, OBJECT_sts);
	pack_map_open(p, FIELD_sts_policy, OBJECT_sts_policy);
	pack_list(p, FIELD_sts_policy_others, 1);
	pack_item_open(p, FIELD_sts_policy_others, OBJECT_policy_address);
	pack_str(p, FIELD_policy_address_address, SLICE_LIT("192.0.2.1"));
	pack_outcome(p, FIELD_policy_address_outcome, OUTCOME_OK);
}

static void
close_other(struct packer *p)
{
	for (int i = 0; i < 3; i++)
		pack_map_close(p);
}

static void
pack_domain_other_leaf(struct packer *p)
{
	open_other(p);
	pack_bin(p, FIELD_policy_address_leaf, "short", 5);
	close_other(p);
}

/* A body is named that no address before it has. */
static void
pack_domain_other_body(struct packer *p)
{
	open_other(p);
	pack_str(p, FIELD_policy_address_body_at, SLICE_LIT("192.0.2.1"));
	close_other(p);
}

static void
pack_domain_nameless(struct packer *p)
{
	pack_uint(p, FIELD_domain_line, 1);
}

static void
test_refusals(void **state)
{
	static void (*const packs[])(struct packer *p) = {
		pack_domain_outcome, pack_domain_address,
		pack_domain_root_host, pack_domain_digest,
		pack_domain_no_outcome, pack_domain_name_by,
		pack_domain_nameless, pack_domain_other_leaf,
		pack_domain_other_body,
	};
	struct arena *a = arena_new();
	struct domain_meta meta;
	struct domain_facts facts;

	(void)state;
	for (size_t i = 0; i < sizeof(packs) / sizeof(packs[0]); i++) {
		struct packer packer;
		struct record *r;
		struct plain p;

		pack_begin(&packer, OBJECT_domain);
		packs[i](&packer);
		r = pack_finish(&packer, RECORD_DOMAIN);
		if (unpack_domain(a, open_record(&p, r), &meta, &facts))
			fail_msg("row %zu was taken", i);
		plain_release(&p);
		record_free(r);
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
