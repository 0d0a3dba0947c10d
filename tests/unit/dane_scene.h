/* SPDX-License-Identifier: Apache-2.0
 *
 * dane_scene.h: a chain, a TLSA set and names to be called by, for tests of
 * workers/dane.h.
 */
#pragma once

#include <openssl/x509.h>

#include "workers/dane.h"

struct scene {
	struct arena *a;
	struct cert_der chain[4];
	size_t n_chain;
	struct tlsa_rr rr[4];
	struct rrset set;
	struct slice name[3];
	size_t n_name;
	struct dane_facts facts;
};

/* Nothing sent, no record; called `host`. */
void scene_init(struct scene *s, const char *host);
void scene_release(struct scene *s);
void scene_add_cert(struct scene *s, X509 *x);
void scene_add_record(struct scene *s, X509 *x, int usage, int selector,
    int mtype);
/* The record that names this certificate. */
struct tlsa_rr scene_record(struct arena *a, X509 *x, uint8_t usage,
    uint8_t selector, uint8_t mtype);
/* By the clock; leaves no error of the library behind, or the test fails. */
const struct dane_facts *scene_match(struct scene *s);
