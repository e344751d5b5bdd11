#include "net/http_client.h"

#include <stdlib.h>

#include <event2/event.h>

#include "net/timer.h"

struct http_client {
    struct event_base *base;
    CURLM *multi;
    struct timer timer;
};

static void
tell_done(struct http_client *client)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        // The message is invalid once its handle is removed.
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        struct http_transfer *transfer = NULL;
        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
        // Removing the handle would close the connection, too.
        bool is_kept = transfer != NULL && transfer->is_connect && code == CURLE_OK;
        if (!is_kept) {
            (void)curl_multi_remove_handle(client->multi, easy);
        }
        if (transfer != NULL) {
            transfer->is_running = is_kept;
            transfer->on_done(transfer->context, code);
        }
    }
}

static void
on_ready(evutil_socket_t fd, short what, void *context)
{
    struct http_client *client = context;
    int flags = ((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
                ((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
    int running;
    (void)curl_multi_socket_action(client->multi, fd, flags, &running);
    tell_done(client);
}

static void
on_timer(void *context)
{
    struct http_client *client = context;
    int running;
    (void)curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    tell_done(client);
}

static int
watch_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *watch)
{
    struct http_client *client = context;
    struct event *event = watch;
    (void)easy;
    if (event != NULL) {
        event_free(event);
    }
    event = NULL;
    if (what != CURL_POLL_REMOVE) {
        short wanted = EV_PERSIST;
        wanted = (short)(wanted | ((what & CURL_POLL_IN) != 0 ? EV_READ : 0));
        wanted = (short)(wanted | ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0));
        event = event_new(client->base, fd, wanted, on_ready, client);
        if (event == NULL || event_add(event, NULL) != 0) {
            return -1;
        }
    }
    (void)curl_multi_assign(client->multi, fd, event);
    return 0;
}

static int
set_timer(CURLM *multi, long timeout_ms, void *context)
{
    struct http_client *client = context;
    (void)multi;
    if (timeout_ms < 0) {
        timer_stop(&client->timer);
        return 0;
    }
    timer_set(&client->timer, timeout_ms * USEC_PER_MS);
    return 0;
}

enum status
http_client_create(struct event_base *base, struct http_client **ret_client,
                   struct error *error)
{
    struct http_client *client = calloc(1, sizeof(*client));
    if (client == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(client);
        return error_set(error, STATUS_NOMEM, "no memory for HTTP");
    }
    client->base = base;
    client->multi = curl_multi_init();
    if (client->multi == NULL ||
        timer_init(&client->timer, base, on_timer, client) != STATUS_OK) {
        http_client_destroy(&client);
        return error_set(error, STATUS_NOMEM, "no memory for HTTP");
    }
    (void)curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    (void)curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    (void)curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    (void)curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    *ret_client = client;
    return STATUS_OK;
}

void
http_client_destroy(struct http_client **client)
{
    if (*client == NULL) {
        return;
    }
    if ((*client)->multi != NULL) {
        (void)curl_multi_cleanup((*client)->multi);
    }
    timer_fini(&(*client)->timer);
    free(*client);
    *client = NULL;
    curl_global_cleanup();
}

enum status
http_client_start(struct http_client *client, struct http_transfer *transfer,
                  struct error *error)
{
    (void)curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
    CURLMcode code = curl_multi_add_handle(client->multi, transfer->easy);
    if (code != CURLM_OK) {
        return error_set(error, STATUS_IO, "curl: %s", curl_multi_strerror(code));
    }
    transfer->is_running = true;
    return STATUS_OK;
}

void
http_client_stop(struct http_client *client, struct http_transfer *transfer)
{
    if (transfer->is_running) {
        transfer->is_running = false;
        (void)curl_multi_remove_handle(client->multi, transfer->easy);
    }
}
