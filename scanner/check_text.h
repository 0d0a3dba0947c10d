/* SPDX-License-Identifier: Apache-2.0
 *
 * check_text.h: what `mxcensus check` tells a person about one domain.
 */
#pragma once

#include "scanner/check_page.h"
#include "scanner/check_view.h"

void check_text(const struct page *p, const struct check_view *v);
