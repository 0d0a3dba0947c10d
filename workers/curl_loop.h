/* SPDX-License-Identifier: Apache-2.0
 *
 * curl_loop.h: libcurl's multi interface on a worker's loop.
 */
#pragma once

#include <curl/curl.h>

#include "workers/loop.h"

struct curl_loop;

/* `ctx` is CURLOPT_PRIVATE of the transfer that ended. */
typedef void curl_loop_done_fn(void *ctx, CURLcode code);

/* NULL: libcurl could not be set up. */
struct curl_loop *curl_loop_new(struct loop *loop, curl_loop_done_fn *done);
/* No transfer may be left. */
void curl_loop_free(struct curl_loop *c);

/*
 * Starts a transfer; when it ended it is removed and done() is called, once,
 * never from within this call.  False: libcurl did not take it.
 */
bool curl_loop_add(struct curl_loop *c, CURL *easy);
/* Ends a transfer before its time, without a call. */
void curl_loop_remove(struct curl_loop *c, CURL *easy);
