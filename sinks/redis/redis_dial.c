#include "sinks/redis/redis_dial.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <event2/dns.h>
#include <event2/event.h>

struct redis_dial {
    struct event_base *base;
    const struct redis_url *url;
    redis_dial_fn on_done;
    void *context;
    struct event *connected;
    evutil_socket_t fd; // being connected, else -1
    struct evdns_base *dns;
    struct name_lookup *lookup; // in progress, else NULL
    unsigned attempts;
};

// May outlive the dial: the resolver always calls back.
struct name_lookup {
    struct redis_dial *dial; // NULL: destroyed
    struct evdns_getaddrinfo_request *request;
};

static void
fail(struct redis_dial *dial, const char *text)
{
    struct error error = {.code = STATUS_OK};
    error_set(&error, STATUS_IO, "%s", text);
    dial->on_done(dial->context, -1, &error);
}

static void
close_socket(struct redis_dial *dial)
{
    if (dial->fd >= 0) {
        event_del(dial->connected);
        evutil_closesocket(dial->fd);
        dial->fd = -1;
    }
}

static void
succeed(struct redis_dial *dial)
{
    evutil_socket_t fd = dial->fd;
    event_del(dial->connected);
    dial->fd = -1;
    dial->on_done(dial->context, fd, NULL);
}

static void
on_connected(evutil_socket_t fd, short what, void *context)
{
    struct redis_dial *dial = context;
    int why = 0;
    socklen_t size = sizeof(why);
    (void)what;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &size) != 0) {
        why = errno;
    }
    if (why != 0) {
        close_socket(dial);
        fail(dial, strerror(why));
        return;
    }
    succeed(dial);
}

static void
connect_to(struct redis_dial *dial, const struct sockaddr *address, socklen_t size)
{
    int on = 1;
    dial->fd = socket(address->sa_family, SOCK_STREAM, 0);
    if (dial->fd < 0 || evutil_make_socket_nonblocking(dial->fd) != 0 ||
        evutil_make_socket_closeonexec(dial->fd) != 0 ||
        event_assign(dial->connected, dial->base, dial->fd, EV_WRITE, on_connected,
                     dial) != 0) {
        int why = errno;
        close_socket(dial);
        fail(dial, strerror(why));
        return;
    }
    if (address->sa_family != AF_UNIX) {
        setsockopt(dial->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    if (connect(dial->fd, address, size) == 0) {
        succeed(dial);
    } else if (errno != EINPROGRESS || event_add(dial->connected, NULL) != 0) {
        // EAGAIN from a unix socket: the server does not accept connections any more.
        const char *why =
            errno == EAGAIN ? "too many connections are waiting" : strerror(errno);
        close_socket(dial);
        fail(dial, why);
    }
}

static void
connect_unix(struct redis_dial *dial)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    // redis_url_parse refuses longer paths.
    memcpy(address.sun_path, dial->url->host, sizeof(address.sun_path) - 1);
    connect_to(dial, (const struct sockaddr *)(const void *)&address, sizeof(address));
}

static void
connect_next(struct redis_dial *dial, const struct evutil_addrinfo *found)
{
    unsigned count = 0;
    for (const struct evutil_addrinfo *at = found; at != NULL; at = at->ai_next) {
        count++;
    }
    const struct evutil_addrinfo *wanted = found;
    for (unsigned i = dial->attempts++ % count; i > 0; i--) {
        wanted = wanted->ai_next;
    }
    connect_to(dial, wanted->ai_addr, (socklen_t)wanted->ai_addrlen);
}

static void
on_found(int result, struct evutil_addrinfo *found, void *context)
{
    struct name_lookup *lookup = context;
    struct redis_dial *dial = lookup->dial;
    free(lookup);
    if (dial != NULL) {
        dial->lookup = NULL;
        if (result != 0 || found == NULL) {
            fail(dial, evutil_gai_strerror(result));
        } else {
            connect_next(dial, found);
        }
    }
    if (found != NULL) {
        evutil_freeaddrinfo(found);
    }
}

// The files may have changed since the last look-up.
static bool
refresh_resolver(struct redis_dial *dial)
{
    if (dial->dns == NULL) {
        dial->dns = evdns_base_new(dial->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
        if (dial->dns == NULL) {
            return false;
        }
    }
    evdns_base_clear_nameservers_and_suspend(dial->dns);
    evdns_base_clear_host_addresses(dial->dns);
    evdns_base_search_clear(dial->dns);
    // Without that file only the names of /etc/hosts and addresses are found.
    evdns_base_resolv_conf_parse(dial->dns, DNS_OPTIONS_ALL, "/etc/resolv.conf");
    evdns_base_resume(dial->dns);
    return true;
}

static void
look_up(struct redis_dial *dial)
{
    char port[8];
    struct evutil_addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_protocol = IPPROTO_TCP,
        .ai_flags = EVUTIL_AI_NUMERICSERV,
    };
    snprintf(port, sizeof(port), "%u", (unsigned)dial->url->port);
    struct name_lookup *lookup = malloc(sizeof(*lookup));
    if (lookup == NULL || !refresh_resolver(dial)) {
        free(lookup);
        fail(dial, "no memory for a look-up");
        return;
    }
    *lookup = (struct name_lookup){.dial = dial};
    dial->lookup = lookup;
    struct evdns_getaddrinfo_request *request =
        evdns_getaddrinfo(dial->dns, dial->url->host, port, &hints, on_found, lookup);
    if (request != NULL) {
        lookup->request = request;
    }
}

struct redis_dial *
redis_dial_create(struct event_base *base, const struct redis_url *url,
                  redis_dial_fn on_done, void *context)
{
    struct redis_dial *dial = calloc(1, sizeof(*dial));
    if (dial == NULL) {
        return NULL;
    }
    *dial = (struct redis_dial){
        .base = base,
        .url = url,
        .on_done = on_done,
        .context = context,
        .connected = event_new(base, -1, 0, on_connected, dial),
        .fd = -1,
    };
    if (dial->connected == NULL) {
        redis_dial_destroy(&dial);
    }
    return dial;
}

void
redis_dial_destroy(struct redis_dial **dial)
{
    if (*dial == NULL) {
        return;
    }
    // A resolver with an open request cannot be freed: its answer comes through the
    // loop later.
    bool is_asking = (*dial)->lookup != NULL;
    redis_dial_cancel(*dial);
    if ((*dial)->dns != NULL && !is_asking) {
        evdns_base_free((*dial)->dns, 0);
    }
    if ((*dial)->connected != NULL) {
        event_free((*dial)->connected);
    }
    free(*dial);
    *dial = NULL;
}

void
redis_dial_start(struct redis_dial *dial)
{
    redis_dial_cancel(dial);
    if (dial->url->kind == REDIS_URL_UNIX) {
        connect_unix(dial);
    } else {
        look_up(dial);
    }
}

void
redis_dial_cancel(struct redis_dial *dial)
{
    if (dial->lookup != NULL) {
        dial->lookup->dial = NULL;
        evdns_getaddrinfo_cancel(dial->lookup->request);
        dial->lookup = NULL;
    }
    close_socket(dial);
}
