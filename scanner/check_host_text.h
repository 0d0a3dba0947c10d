/* SPDX-License-Identifier: Apache-2.0
 *
 * check_host_text.h: the mail servers of a domain as a table, with what was
 * seen at those that fail.
 */
#pragma once

#include "scanner/check_page.h"
#include "scanner/check_view.h"

void check_host_text(const struct page *p, struct arena *a,
    const struct check_view *v);
