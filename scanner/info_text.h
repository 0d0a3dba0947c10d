/* SPDX-License-Identifier: Apache-2.0
 *
 * info_text.h: what `mxcensus info` tells a person about one file.
 */
#pragma once

#include "output/inspect.h"
#include "scanner/rules/vocabulary.h"

void info_text(const char *path, const struct inspection *i);
