#include "sinks/redis_sentinel.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "sinks/redis_dial.h"
#include "sinks/redis_reader.h"
#include "sinks/redis_stream.h"

enum { REFUSAL_MAX = 160 };

struct redis_sentinel {
    struct redis_sentinel_setup setup;
    struct redis_dial *dial;
    struct redis_url asked; // the Sentinel being asked
    size_t next;            // which one is asked next
    size_t left;            // to ask in this round
    struct event *deadline; // of the one being asked
    struct bufferevent *stream;
    struct redis_reader *reader;

    // The answer
    char host[REDIS_URL_HOST_MAX];
    char port[8];
    char refusal[REFUSAL_MAX];
    bool is_unknown; // the Sentinel does not know the name

    char why[ERROR_TEXT_MAX]; // each Sentinel that failed in this round
};

static void ask_next(struct redis_sentinel *sentinel);

static void
hang_up(struct redis_sentinel *sentinel)
{
    redis_dial_cancel(sentinel->dial);
    event_del(sentinel->deadline);
    if (sentinel->stream != NULL) {
        bufferevent_free(sentinel->stream);
        sentinel->stream = NULL;
    }
    redis_reader_destroy(&sentinel->reader);
}

static void
fail(struct redis_sentinel *sentinel, const char *text)
{
    char address[REDIS_URL_TEXT_MAX];
    size_t length = strlen(sentinel->why);
    redis_url_format(&sentinel->asked, address);
    const char *host = address + strlen("redis://");
    snprintf(sentinel->why + length, sizeof(sentinel->why) - length,
             "%sSentinel %s: %s", length != 0 ? ", " : "", host, text);
    hang_up(sentinel);
    if (sentinel->left != 0) {
        ask_next(sentinel);
        return;
    }
    struct error error = {.code = STATUS_OK};
    error_set(&error, STATUS_IO, "%s", sentinel->why);
    sentinel->setup.on_done(sentinel->setup.context, NULL, &error);
}

static void
on_item(void *context, const struct redis_item *item)
{
    struct redis_sentinel *sentinel = context;
    if (item->type == REDIS_ITEM_ERROR) {
        redis_reader_print(item->text, sentinel->refusal, sizeof(sentinel->refusal));
    } else if (item->type == REDIS_ITEM_NIL) {
        sentinel->is_unknown = true;
    } else if (item->depth == 1 && item->type == REDIS_ITEM_STRING) {
        if (item->index == 0) {
            redis_reader_print(item->text, sentinel->host, sizeof(sentinel->host));
        } else if (item->index == 1) {
            redis_reader_print(item->text, sentinel->port, sizeof(sentinel->port));
        }
    }
}

static void
take_answer(struct redis_sentinel *sentinel)
{
    struct redis_url master;
    char text[REFUSAL_MAX + 128];
    if (sentinel->refusal[0] != '\0') {
        snprintf(text, sizeof(text), "it refuses: %s%s", sentinel->refusal,
                 strncmp(sentinel->refusal, "NOAUTH", 6) == 0
                     ? " (Sentinels are asked without a password)"
                     : "");
        fail(sentinel, text);
    } else if (sentinel->is_unknown) {
        snprintf(text, sizeof(text), "it knows no master \"%s\"",
                 sentinel->setup.url->name);
        fail(sentinel, text);
    } else if (redis_url_of_host(slice_of(sentinel->host), slice_of(sentinel->port),
                                 &master) != STATUS_OK) {
        fail(sentinel, "it is no Sentinel, or answered no address");
    } else {
        hang_up(sentinel);
        sentinel->setup.on_done(sentinel->setup.context, &master, NULL);
    }
}

static void
on_readable(struct bufferevent *stream, void *context)
{
    struct redis_sentinel *sentinel = context;
    char bytes[1024];
    size_t size;
    while ((size = bufferevent_read(stream, bytes, sizeof(bytes))) != 0) {
        struct error error = {.code = STATUS_OK};
        enum status status =
            redis_reader_feed(sentinel->reader, (struct slice){bytes, size}, &error);
        if (status == STATUS_OK) {
            status = redis_reader_next(sentinel->reader, &error);
        }
        if (status == STATUS_OK) {
            take_answer(sentinel);
            return;
        }
        if (status != STATUS_AGAIN) {
            fail(sentinel, "Redis protocol error");
            return;
        }
    }
}

static void
on_stream_event(struct bufferevent *stream, short what, void *context)
{
    char text[REDIS_TLS_TEXT_MAX];
    if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0) {
        fail(context, redis_stream_why_closed(stream, what, true, text));
    }
}

static void
on_deadline(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    fail(context, "no answer");
}

static bool
send_question(struct redis_sentinel *sentinel, evutil_socket_t fd)
{
    static const char command[] = "GET-MASTER-ADDR-BY-NAME";
    const char *name = sentinel->setup.url->name;
    sentinel->stream =
        redis_stream_open(sentinel->setup.base, fd, NULL, &sentinel->asked);
    if (sentinel->stream == NULL) {
        return false;
    }
    sentinel->reader = redis_reader_create(on_item, sentinel);
    bufferevent_setcb(sentinel->stream, on_readable, NULL, on_stream_event, sentinel);
    return sentinel->reader != NULL &&
           evbuffer_add_printf(bufferevent_get_output(sentinel->stream),
                               "*3\r\n$8\r\nSENTINEL\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n",
                               strlen(command), command, strlen(name), name) > 0 &&
           bufferevent_enable(sentinel->stream, EV_READ | EV_WRITE) == 0;
}

static void
on_dialed(void *context, evutil_socket_t fd, const struct error *error)
{
    struct redis_sentinel *sentinel = context;
    if (fd < 0) {
        fail(sentinel, error->text);
    } else if (!send_question(sentinel, fd)) {
        fail(sentinel, "no memory for a connection");
    }
}

static void
ask_next(struct redis_sentinel *sentinel)
{
    const struct redis_url *url = sentinel->setup.url;
    const struct redis_url_host *host = &url->sentinels[sentinel->next];
    usec span = sentinel->setup.timeout / (usec)url->sentinel_count;
    const struct timeval wait = {
        .tv_sec = (time_t)(span / USEC_PER_S),
        .tv_usec = (suseconds_t)(span % USEC_PER_S),
    };
    sentinel->left--;
    sentinel->next = (sentinel->next + 1) % url->sentinel_count;
    memcpy(sentinel->asked.host, host->host, sizeof(sentinel->asked.host));
    sentinel->asked.port = host->port;
    sentinel->host[0] = '\0';
    sentinel->port[0] = '\0';
    sentinel->refusal[0] = '\0';
    sentinel->is_unknown = false;
    event_add(sentinel->deadline, &wait);
    redis_dial_start(sentinel->dial);
}

struct redis_sentinel *
redis_sentinel_create(const struct redis_sentinel_setup *setup)
{
    struct redis_sentinel *sentinel = calloc(1, sizeof(*sentinel));
    if (sentinel == NULL) {
        return NULL;
    }
    sentinel->setup = *setup;
    sentinel->asked.kind = REDIS_URL_TCP;
    sentinel->deadline = event_new(setup->base, -1, 0, on_deadline, sentinel);
    sentinel->dial =
        redis_dial_create(setup->base, &sentinel->asked, on_dialed, sentinel);
    if (sentinel->deadline == NULL || sentinel->dial == NULL) {
        redis_sentinel_destroy(&sentinel);
    }
    return sentinel;
}

void
redis_sentinel_destroy(struct redis_sentinel **sentinel)
{
    struct redis_sentinel *old = *sentinel;
    if (old == NULL) {
        return;
    }
    if (old->deadline != NULL && old->dial != NULL) {
        hang_up(old);
    }
    redis_dial_destroy(&old->dial);
    if (old->deadline != NULL) {
        event_free(old->deadline);
    }
    free(old);
    *sentinel = NULL;
}

void
redis_sentinel_start(struct redis_sentinel *sentinel)
{
    redis_sentinel_cancel(sentinel);
    sentinel->left = sentinel->setup.url->sentinel_count;
    sentinel->why[0] = '\0';
    ask_next(sentinel);
}

void
redis_sentinel_cancel(struct redis_sentinel *sentinel)
{
    hang_up(sentinel);
}
