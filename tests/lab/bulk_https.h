/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_https.h: a policy host of the bulk lab, as the server name of the
 * handshake has it (BULK.md).
 */
#pragma once

#include "tests/lab/bulk_session.h"

extern const struct bulk_protocol bulk_https;
