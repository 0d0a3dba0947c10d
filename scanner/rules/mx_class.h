/* SPDX-License-Identifier: Apache-2.0
 *
 * mx_class.h: in what way the patterns of a policy miss the MX hosts.  Pure.
 *
 * The classes of Ashiq, Fiebig, Chung (ACM IMC 2025), in their order, and the
 * single mistakes that explain most of them.
 */
#pragma once

#include "scanner/rules/facts.h"
#include "scanner/rules/sts.h"

/*
 * The class of a policy of which no pattern matches any of `n` hosts
 * (A-labels, n > 0), the first that holds of
 *
 *   TLD           a pattern and a host have the same label before different
 *                 public suffixes (PSL)
 *   TYPO          a pattern is within three edits of a host; for `*.x` the host
 *                 without its first label is compared.  Neither the policy
 *                 host nor the domain itself counts as a typo
 *   THIRD_LABEL   a pattern and a host have the same registrable domain
 *   WHOLE_DOMAIN  none of these
 *
 * NULL where the policy has no pattern.
 */
enum mx_class mx_class_of(const struct sts_policy *policy,
    const struct slice *host, size_t n, struct slice domain);

/*
 * Raises what is wrong with each pattern that matches no host, whether or not
 * another does: mx_policy_host, mx_wildcard_depth, mx_domain_itself.  Only for
 * policies that do not match every host.
 */
void mx_class_mistakes(const struct sts_policy *policy,
    const struct slice *host, size_t n, struct slice domain,
    struct finding_set *findings);

/*
 * Levenshtein's distance, or `limit` + 1 where it is larger.  Bytes, compared
 * without case; inputs of at most 253 bytes.
 */
size_t mx_class_edits(struct slice a, struct slice b, size_t limit);
