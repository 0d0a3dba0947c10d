/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_smtp.h: an MX host of the bulk lab, as its address has it (BULK.md).
 */
#pragma once

#include "tests/lab/bulk_session.h"

extern const struct bulk_protocol bulk_smtp;
