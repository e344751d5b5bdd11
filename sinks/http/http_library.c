#include "sinks/http/http_library.h"

#include <event2/event.h>
#include <string.h>

#include "sinks/http/http_connections.h"

enum {
    CONNECTION_BYTES = 32 << 10, // headers of a request
    WAIT_MAX_MS = 1 << 20,       // the library may have nothing to do for long
};

void
http_library_run(struct http_library *library)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;
    MHD_run(library->daemon);
    library->ran(library->context);
    if (MHD_get_timeout(library->daemon, &wait_ms) == MHD_YES) {
        usec wait = wait_ms < WAIT_MAX_MS ? (usec)wait_ms : WAIT_MAX_MS;
        timer_set(&library->timer, wait * USEC_PER_MS);
    } else {
        timer_stop(&library->timer);
    }
}

static void
on_due(void *context)
{
    http_library_run(context);
}

static void
on_readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    http_library_run(context);
}

bool
http_library_add(struct http_library *library, int fd,
                 const struct sockaddr_storage *address, socklen_t length)
{
    return MHD_add_connection(library->daemon, fd,
                              (const struct sockaddr *)(const void *)address,
                              length) == MHD_YES;
}

// Paths and parameters are passed on as they were sent.
static size_t
leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

// Disables the limits of the library that are enforced here.
bool
http_library_init(struct http_library *library, struct event_base *base,
                  const struct http_library_calls *calls, void *context)
{
    library->ran = calls->ran;
    library->context = context;
    library->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
        NULL, calls->request, context, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)HTTP_PLACES_MAX + 1, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_NOTIFY_COMPLETED, calls->completed, context,
        MHD_OPTION_NOTIFY_CONNECTION, calls->connection, context,
        MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        library->daemon != NULL
            ? MHD_get_daemon_info(library->daemon, MHD_DAEMON_INFO_EPOLL_FD)
            : NULL;
    if (info == NULL) {
        return false;
    }
    library->readable =
        event_new(base, info->epoll_fd, EV_READ | EV_PERSIST, on_readable, library);
    return library->readable != NULL &&
           timer_init(&library->timer, base, on_due, library) == STATUS_OK &&
           event_add(library->readable, NULL) == 0;
}

void
http_library_fini(struct http_library *library)
{
    if (library->readable != NULL) {
        event_free(library->readable);
    }
    timer_fini(&library->timer);
    if (library->daemon != NULL) {
        MHD_stop_daemon(library->daemon);
    }
    *library = (struct http_library){0};
}
