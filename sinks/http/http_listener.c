#define _GNU_SOURCE // accept4
#include "sinks/http/http_listener.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

enum {
    BACKLOG = 512,
    ACCEPTS_A_TURN = 8, // then connections that entered can send their request
};

#define REST_TIME (100 * USEC_PER_MS)

static void
give_up_spare(struct http_listener *listener)
{
    if (listener->spare >= 0) {
        close(listener->spare);
        listener->spare = -1;
    }
}

void
http_listener_refill(struct http_listener *listener)
{
    if (listener->spare < 0) {
        listener->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
}

static bool
is_starved(int reason)
{
    return reason == EMFILE || reason == ENFILE || reason == ENOBUFS ||
           reason == ENOMEM;
}

static int
accept_one(const struct http_listener *listener, struct sockaddr_storage *address,
           socklen_t *length)
{
    *length = sizeof(*address);
    return accept4(listener->fd, (struct sockaddr *)(void *)address, length,
                   SOCK_NONBLOCK | SOCK_CLOEXEC);
}

// Tries again with the descriptor of the spare one, or of a connection that is closed.
static int
accept_starved(struct http_listener *listener, struct sockaddr_storage *address,
               socklen_t *length)
{
    listener->starved++;
    bool has_room =
        listener->spare >= 0 || listener->calls.make_room(listener->context);
    give_up_spare(listener);
    int fd = has_room ? accept_one(listener, address, length) : -1;
    if (fd < 0 && (!has_room || is_starved(errno))) {
        event_del(listener->readable);
        timer_set(&listener->rest, REST_TIME);
    }
    return fd;
}

static void
on_readable(evutil_socket_t socket, short what, void *context)
{
    (void)socket;
    (void)what;
    struct http_listener *listener = context;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        struct sockaddr_storage address;
        socklen_t length;
        int fd = accept_one(listener, &address, &length);
        // Without a free descriptor accept fails even if no connection waits. At the
        // beginning of a turn there is one.
        if (fd < 0 && i == 0 && is_starved(errno)) {
            fd = accept_starved(listener, &address, &length);
        }
        if (fd < 0) {
            return;
        }
        listener->calls.enter(listener->context, fd,
                              (const struct sockaddr *)(const void *)&address, length);
    }
}

static void
on_rested(void *context)
{
    const struct http_listener *listener = context;
    event_add(listener->readable, NULL);
}

static bool
open_socket(struct http_listener *listener, const struct http_address *address)
{
    const struct sockaddr *name =
        (const struct sockaddr *)(const void *)&address->storage;
    int on = 1;
    struct sockaddr_storage bound;
    socklen_t length = sizeof(bound);
    memset(&bound, 0, sizeof(bound));
    listener->fd = socket(address->storage.ss_family,
                          SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0 ||
        setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(listener->fd, name, address->length) != 0 ||
        listen(listener->fd, BACKLOG) != 0 ||
        getsockname(listener->fd, (struct sockaddr *)(void *)&bound, &length) != 0) {
        return false;
    }
    // Both kinds of address have the port at the same place.
    struct sockaddr_in four;
    memcpy(&four, &bound, sizeof(four));
    listener->port = ntohs(four.sin_port);
    return true;
}

enum status
http_listener_init(struct http_listener *listener, struct event_base *base,
                   const struct http_address *address,
                   const struct http_listener_calls *calls, void *context)
{
    *listener = (struct http_listener){
        .calls = *calls, .context = context, .fd = -1, .spare = -1};
    if (!open_socket(listener, address)) {
        return STATUS_IO;
    }
    http_listener_refill(listener);
    listener->readable =
        event_new(base, listener->fd, EV_READ | EV_PERSIST, on_readable, listener);
    bool is_begun =
        listener->readable != NULL &&
        timer_init(&listener->rest, base, on_rested, listener) == STATUS_OK &&
        event_add(listener->readable, NULL) == 0;
    return is_begun ? STATUS_OK : STATUS_NOMEM;
}

void
http_listener_fini(struct http_listener *listener)
{
    if (listener->fd <= 0) {
        return;
    }
    if (listener->readable != NULL) {
        event_free(listener->readable);
    }
    timer_fini(&listener->rest);
    give_up_spare(listener);
    close(listener->fd);
    *listener = (struct http_listener){.fd = -1, .spare = -1};
}
