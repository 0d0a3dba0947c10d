/* SPDX-License-Identifier: Apache-2.0
 *
 * curl_loop.c: two callbacks in, two callbacks out.
 *
 * libcurl tells us which sockets and which deadline it waits for; libuv tells
 * libcurl what became of them.  Ends of transfers are reported after libcurl
 * has returned, so that a handler may add and remove transfers.
 */
#include "workers/curl_loop.h"

#include <stdlib.h>

#include "scanner/base/arena.h"

#include "scanner/base/banned.h"

struct curl_loop {
	uv_timer_t timer; /* libcurl's next deadline */
	uv_loop_t *uv;
	CURLM *multi;
	curl_loop_done_fn *done;
};

/* One socket that libcurl waits for. */
struct watch {
	uv_poll_t poll;
	struct curl_loop *owner;
	curl_socket_t fd;
};

static void
report_ends(struct curl_loop *c)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(c->multi, &left)) != NULL) {
		CURLcode code = message->data.result;
		CURL *easy = message->easy_handle;
		char *ctx = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &ctx);
		curl_multi_remove_handle(c->multi, easy);
		c->done(ctx, code);
	}
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct watch *w = poll->data;
	struct curl_loop *c = w->owner;
	int flags = 0, running;

	if (status < 0)
		flags |= CURL_CSELECT_ERR;
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	curl_multi_socket_action(c->multi, w->fd, flags, &running);
	report_ends(c);
}

static void
on_timer(uv_timer_t *timer)
{
	struct curl_loop *c = timer->data;
	int running;

	curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	report_ends(c);
}

static int
set_timer(CURLM *multi, long timeout_ms, void *ctx)
{
	struct curl_loop *c = ctx;

	(void)multi;
	if (timeout_ms < 0) {
		uv_timer_stop(&c->timer);
		return 0;
	}
	uv_update_time(c->uv);
	uv_timer_start(&c->timer, on_timer, (uint64_t)timeout_ms, 0);
	return 0;
}

static void
on_watch_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void
unwatch(struct watch *w)
{
	if (w != NULL)
		uv_close((uv_handle_t *)&w->poll, on_watch_closed);
}

static struct watch *
watch_new(struct curl_loop *c, curl_socket_t fd)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	w->owner = c;
	w->fd = fd;
	if (uv_poll_init(c->uv, &w->poll, fd) != 0) {
		free(w); /* the transfer will end by its deadline */
		return NULL;
	}
	w->poll.data = w;
	curl_multi_assign(c->multi, fd, w);
	return w;
}

/* A return value other than 0 would end every transfer, so there is none. */
static int
set_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
	struct curl_loop *c = ctx;
	struct watch *w = socket_ctx;
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		unwatch(w);
		curl_multi_assign(c->multi, fd, NULL);
		return 0;
	}
	if (w == NULL)
		w = watch_new(c, fd);
	if (w == NULL)
		return 0;
	if (what & CURL_POLL_IN)
		events |= UV_READABLE;
	if (what & CURL_POLL_OUT)
		events |= UV_WRITABLE;
	uv_poll_start(&w->poll, events, on_poll);
	return 0;
}

struct curl_loop *
curl_loop_new(struct loop *loop, curl_loop_done_fn *done)
{
	struct curl_loop *c;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return NULL;
	c = xcalloc(1, sizeof(*c));
	c->multi = curl_multi_init();
	if (c->multi == NULL) {
		curl_global_cleanup();
		free(c);
		return NULL;
	}
	c->uv = loop_uv(loop);
	c->done = done;
	uv_timer_init(c->uv, &c->timer);
	c->timer.data = c;
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	return c;
}

static void
on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void
curl_loop_free(struct curl_loop *c)
{
	if (c == NULL)
		return;
	curl_multi_cleanup(c->multi);
	curl_global_cleanup();
	uv_close((uv_handle_t *)&c->timer, on_closed);
}

bool
curl_loop_add(struct curl_loop *c, CURL *easy)
{
	return curl_multi_add_handle(c->multi, easy) == CURLM_OK;
}

void
curl_loop_remove(struct curl_loop *c, CURL *easy)
{
	curl_multi_remove_handle(c->multi, easy);
}
