/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_made.c: DNS responses for tests.  ldns puts them together, so that they
 * share no code with the reader under test.
 */
#include "tests/unit/dns_made.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/log.h"

#include "scanner/base/banned.h"

static ldns_rr *
rr_of(const char *line, bool question)
{
	ldns_rr *rr = NULL;
	ldns_status s = question ?
	    ldns_rr_new_question_frm_str(&rr, line, NULL, NULL) :
	    ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL);

	if (s != LDNS_STATUS_OK)
		log_fatal("%s: %s", line, ldns_get_errorstr_by_id(s));
	return rr;
}

static void
push_lines(ldns_pkt *pkt, ldns_pkt_section section, const char *lines)
{
	char line[2048];

	while (*lines != '\0') {
		size_t n = strcspn(lines, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)n, lines);
		ldns_pkt_push_rr(pkt, section,
		    rr_of(line, section == LDNS_SECTION_QUESTION));
		lines += n + (lines[n] == '\n');
	}
}

void
made_response(struct made *m, const char *question, const char *flags,
    int rcode, const char *answer, const char *authority)
{
	ldns_pkt *pkt = ldns_pkt_new();
	uint8_t *wire = NULL;

	ldns_pkt_set_qr(pkt, 1);
	ldns_pkt_set_aa(pkt, strchr(flags, 'a') != NULL);
	ldns_pkt_set_tc(pkt, strchr(flags, 't') != NULL);
	ldns_pkt_set_ra(pkt, strchr(flags, 'r') != NULL);
	ldns_pkt_set_ad(pkt, strchr(flags, 'd') != NULL);
	ldns_pkt_set_rcode(pkt, (uint8_t)rcode);
	push_lines(pkt, LDNS_SECTION_QUESTION, question);
	push_lines(pkt, LDNS_SECTION_ANSWER, answer);
	push_lines(pkt, LDNS_SECTION_AUTHORITY, authority);
	if (ldns_pkt2wire(&wire, pkt, &m->n) != LDNS_STATUS_OK ||
	    m->n > sizeof(m->bytes))
		log_fatal("the response to %s cannot be made", question);
	memcpy(m->bytes, wire, m->n);
	free(wire);
	ldns_pkt_free(pkt);
}

void
made_append(struct made *m, const void *p, size_t n)
{
	if (m->n + n > sizeof(m->bytes))
		log_fatal("the message made grows too large");
	memcpy(m->bytes + m->n, p, n);
	m->n += n;
}

void
made_count(struct made *m, size_t at, unsigned n)
{
	m->bytes[at] = (uint8_t)(n >> 8);
	m->bytes[at + 1] = (uint8_t)n;
}

void
made_opt(struct made *m, const void *options, size_t n, uint8_t upper_rcode)
{
	uint8_t opt[11] = { 0, 0, 41, 4, 208, upper_rcode, 0, 0, 0,
		(uint8_t)(n >> 8), (uint8_t)n };

	made_count(m, 10, 1);
	made_append(m, opt, sizeof(opt));
	made_append(m, options, n);
}

struct slice
made_message(const struct made *m)
{
	return slice_make(m->bytes, m->n);
}
