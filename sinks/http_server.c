#include "sinks/http_server.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BEARER "Bearer "

enum {
    BACKLOG = 64,
    CONNECTION_BYTES = 32 << 10, // headers of a request
    PAGE_MAX = 4 << 20,
    ANSWER_MAX = 128,
    MS_PER_S = 1000,
};

enum code {
    CODE_OK = 200,
    CODE_ACCEPTED = 202,
    CODE_BAD = 400,
    CODE_NO_TOKEN = 401,
    CODE_OFF = 403,
    CODE_UNKNOWN = 404,
    CODE_METHOD = 405,
    CODE_TOO_LONG = 413,
    CODE_OTHER_HOST = 421,
    CODE_LATER = 429,
    CODE_NOT_READY = 503,
};

struct http_server {
    struct http_server_setup setup;
    struct http_options options;
    char token[HTTP_TOKEN_MAX];
    bool is_loopback;
    uint16_t port;
    struct MHD_Daemon *daemon;
    struct event *readable; // its epoll descriptor
    struct event *timer;
    struct buffer page;
    struct http_metrics metrics;
};

struct request {
    struct buffer body;
};

// clang-format off
const struct metric http_metric_rows[] = {
    {"cascaded_http_requests_total", NULL, METRIC_COUNTER, offsetof(struct http_metrics, requests),
     "Requests answered"},
    {"cascaded_http_requests_refused_total", NULL, METRIC_COUNTER,
     offsetof(struct http_metrics, refused), "Requests answered with an error of the client's"},
    {"cascaded_pushed_messages_total", "result=\"accepted\"", METRIC_COUNTER,
     offsetof(struct http_metrics, posts_accepted), "Messages pushed over HTTP"},
    {"cascaded_pushed_messages_total", "result=\"rejected\"", METRIC_COUNTER,
     offsetof(struct http_metrics, posts_rejected), "Messages pushed over HTTP"},
    {"cascaded_pushes_delayed_total", NULL, METRIC_COUNTER,
     offsetof(struct http_metrics, pushes_delayed), "Pushes told to come again for want of room"},
    METRIC_END,
};
// clang-format on

// ── answers ────────────────────────────────────────────────────────────────

static enum MHD_Result
answer(struct http_server *server, struct MHD_Connection *connection, enum code code,
       const char *type, struct slice text)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        text.len, (void *)(uintptr_t)text.ptr, MHD_RESPMEM_MUST_COPY);
    if (response == NULL) {
        return MHD_NO;
    }
    static const char *const headers[][2] = {
        {"Cache-Control", "no-store"},
        {"X-Content-Type-Options", "nosniff"},
        {"Content-Security-Policy", "default-src 'none'"},
    };
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        MHD_add_response_header(response, headers[i][0], headers[i][1]);
    }
    MHD_add_response_header(response, "Content-Type", type);
    if (code == CODE_NO_TOKEN) {
        MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
    } else if (code == CODE_LATER) {
        MHD_add_response_header(response, "Retry-After", "1");
    } else if (code == CODE_METHOD) {
        MHD_add_response_header(response, "Allow", "GET, HEAD");
    }
    enum MHD_Result result = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    server->metrics.requests++;
    server->metrics.refused += code >= CODE_BAD && code < CODE_NOT_READY;
    return result;
}

static enum MHD_Result
say(struct http_server *server, struct MHD_Connection *connection, enum code code,
    const char *line)
{
    return answer(server, connection, code, "text/plain; charset=utf-8",
                  slice_of(line));
}

// ── reading ────────────────────────────────────────────────────────────────

static enum MHD_Result
read_metrics(struct http_server *server, struct MHD_Connection *connection)
{
    buffer_reset(&server->page);
    server->setup.write_metrics(server->setup.context, &server->page);
    if (server->page.is_failed) {
        return say(server, connection, CODE_NOT_READY, "no memory for the page\n");
    }
    return answer(server, connection, CODE_OK, "text/plain; version=0.0.4",
                  buffer_text(&server->page));
}

static enum MHD_Result
read_ready(struct http_server *server, struct MHD_Connection *connection)
{
    const char *why = "";
    if (server->setup.is_ready(server->setup.context, &why)) {
        return say(server, connection, CODE_OK, "ready\n");
    }
    char line[ANSWER_MAX];
    snprintf(line, sizeof(line), "%s\n", why);
    return say(server, connection, CODE_NOT_READY, line);
}

static enum MHD_Result
read_page(struct http_server *server, struct MHD_Connection *connection,
          const char *path)
{
    if (strcmp(path, "/healthz") == 0) {
        return say(server, connection, CODE_OK, "ok\n");
    }
    if (strcmp(path, "/readyz") == 0) {
        return read_ready(server, connection);
    }
    if (strcmp(path, "/metrics") == 0) {
        return read_metrics(server, connection);
    }
    return say(server, connection, CODE_UNKNOWN, "there is no such page\n");
}

// ── pushing ────────────────────────────────────────────────────────────────

// Takes as long wherever the first difference is.
static bool
is_same_token(const char *one, const char *other)
{
    size_t len = strlen(one);
    unsigned difference = strlen(other) == len ? 0 : 1;
    for (size_t i = 0; i < len && difference != 1; i++) {
        difference |= (unsigned)(unsigned char)(one[i] ^ other[i]) << 1;
    }
    return difference == 0;
}

// CODE_OK if the body may come.
static enum code
admit_push(const struct http_server *server, struct MHD_Connection *connection)
{
    if (server->token[0] == '\0') {
        return CODE_OFF;
    }
    const char *given = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                    MHD_HTTP_HEADER_AUTHORIZATION);
    if (given == NULL || strncmp(given, BEARER, sizeof(BEARER) - 1) != 0 ||
        !is_same_token(given + sizeof(BEARER) - 1, server->token)) {
        return CODE_NO_TOKEN;
    }
    const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                     MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (length != NULL && strtoull(length, NULL, 10) > server->options.max_body) {
        return CODE_TOO_LONG;
    }
    return CODE_OK;
}

static enum MHD_Result
refuse(struct http_server *server, struct MHD_Connection *connection, enum code code)
{
    static const struct {
        enum code code;
        const char *why;
    } refusals[] = {
        {CODE_OFF, "pushing posts is off: set http.token_file\n"},
        {CODE_NO_TOKEN, "give the token: Authorization: Bearer TOKEN\n"},
        {CODE_TOO_LONG, "the body is longer than http.max_body: send it in parts\n"},
        {CODE_LATER, "no room at the moment: send the whole body again later\n"},
        {CODE_BAD, "there is nothing in the body\n"},
    };
    size_t i = 0;
    while (refusals[i].code != code) {
        i++;
    }
    return say(server, connection, code, refusals[i].why);
}

static enum MHD_Result
take_posts(struct http_server *server, struct MHD_Connection *connection,
           struct request *request)
{
    if (request->body.is_failed) {
        return refuse(server, connection, CODE_TOO_LONG);
    }
    if (request->body.size == 0) {
        return refuse(server, connection, CODE_BAD);
    }
    struct http_posts_result result = {0, 0};
    enum status status = server->setup.on_posts(server->setup.context,
                                                buffer_text(&request->body), &result);
    server->metrics.posts_accepted += result.accepted;
    server->metrics.posts_rejected += result.rejected;
    if (status != STATUS_OK) {
        server->metrics.pushes_delayed++;
        return refuse(server, connection, CODE_LATER);
    }
    char text[ANSWER_MAX];
    snprintf(text, sizeof(text),
             "{\"accepted\":%" PRIu64 ",\"rejected\":%" PRIu64 "}\n", result.accepted,
             result.rejected);
    return answer(server, connection, CODE_ACCEPTED, "application/json",
                  slice_of(text));
}

// ── requests ───────────────────────────────────────────────────────────────

// On loopback a browser may be led here by a name that somebody else owns.
static bool
is_own_host(const struct http_server *server, struct MHD_Connection *connection)
{
    static const char *const own[] = {"localhost", "127.0.0.1", "[::1]"};
    const char *host =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    if (!server->is_loopback || host == NULL) {
        return true;
    }
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        size_t len = strlen(own[i]);
        if (strncmp(host, own[i], len) == 0 &&
            (host[len] == '\0' || host[len] == ':')) {
            return true;
        }
    }
    return strcmp(host, server->options.listen) == 0;
}

static enum MHD_Result
begin_push(struct http_server *server, struct MHD_Connection *connection,
           void **request_slot)
{
    enum code code = admit_push(server, connection);
    if (code != CODE_OK) {
        return refuse(server, connection, code);
    }
    struct request *request = calloc(1, sizeof(*request));
    if (request == NULL) {
        return MHD_NO;
    }
    buffer_init(&request->body, server->options.max_body);
    *request_slot = request;
    return MHD_YES;
}

static enum MHD_Result
// NOLINTNEXTLINE(readability-function-size): the parameters are the library's
on_request(void *context, struct MHD_Connection *connection, const char *path,
           const char *method, const char *version, const char *upload,
           size_t *upload_size, void **request_slot)
{
    (void)version;
    struct http_server *server = context;
    struct request *request = *request_slot;
    if (request != NULL && *upload_size != 0) {
        buffer_append(&request->body, (struct slice){upload, *upload_size});
        *upload_size = 0;
        return MHD_YES;
    }
    if (request != NULL) {
        return take_posts(server, connection, request);
    }
    if (!is_own_host(server, connection)) {
        return say(server, connection, CODE_OTHER_HOST,
                   "this server is known as localhost\n");
    }
    bool is_posts = strcmp(path, "/api/v1/posts") == 0;
    if (is_posts && strcmp(method, MHD_HTTP_METHOD_POST) == 0) {
        return begin_push(server, connection, request_slot);
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
        strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        return say(server, connection, CODE_METHOD, "this page can only be read\n");
    }
    return read_page(server, connection, path);
}

static void
on_completed(void *context, struct MHD_Connection *connection, void **request_slot,
             enum MHD_RequestTerminationCode reason)
{
    (void)context;
    (void)connection;
    (void)reason;
    struct request *request = *request_slot;
    if (request != NULL) {
        buffer_fini(&request->body);
        free(request);
        *request_slot = NULL;
    }
}

// ── the loop ───────────────────────────────────────────────────────────────

static void
on_due(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct http_server *server = context;
    MHD_run(server->daemon);
    MHD_UNSIGNED_LONG_LONG wait_ms;
    if (MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES) {
        struct timeval wait = {(time_t)(wait_ms / MS_PER_S),
                               (suseconds_t)(wait_ms % MS_PER_S * 1000)};
        event_add(server->timer, &wait);
    } else {
        event_del(server->timer);
    }
}

// ── life ───────────────────────────────────────────────────────────────────

static int
open_socket(struct http_server *server, const struct http_address *address)
{
    const struct sockaddr *name =
        (const struct sockaddr *)(const void *)&address->storage;
    int fd = socket(address->storage.ss_family, SOCK_STREAM, 0);
    int on = 1;
    struct sockaddr_storage bound;
    socklen_t length = sizeof(bound);
    if (fd < 0 || evutil_make_socket_nonblocking(fd) != 0 ||
        evutil_make_socket_closeonexec(fd) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(fd, name, address->length) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)(void *)&bound, &length) != 0) {
        int reason = errno;
        if (fd >= 0) {
            close(fd);
        }
        errno = reason;
        return -1;
    }
    // Both kinds of address have the port at the same place.
    const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)&bound;
    server->port = ntohs(four->sin_port);
    return fd;
}

static bool
start(struct http_server *server, int fd)
{
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        NULL, MHD_OPTION_END);
    if (server->daemon == NULL) {
        close(fd);
        return false;
    }
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL) {
        return false;
    }
    struct event_base *base = server->setup.base;
    server->readable =
        event_new(base, info->epoll_fd, EV_READ | EV_PERSIST, on_due, server);
    server->timer = evtimer_new(base, on_due, server);
    return server->readable != NULL && server->timer != NULL &&
           event_add(server->readable, NULL) == 0;
}

enum status
http_server_create(const struct http_server_setup *setup,
                   struct http_server **ret_server, struct error *error)
{
    struct http_address address;
    struct http_server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for the HTTP server");
    }
    server->setup = *setup;
    server->options = *setup->options;
    buffer_init(&server->page, PAGE_MAX);
    enum status status = http_options_address(&server->options, &address, error);
    if (status == STATUS_OK) {
        status = http_options_token(&server->options, server->token, error);
    }
    if (status == STATUS_OK) {
        server->is_loopback = address.is_loopback;
        int fd = open_socket(server, &address);
        if (fd < 0) {
            status = error_set(error, STATUS_IO,
                               "http.listen: cannot listen on %s: %s; choose another "
                               "address, or \"\" for no HTTP server",
                               server->options.listen, strerror(errno));
        } else if (!start(server, fd)) {
            status = error_set(error, STATUS_NOMEM, "no memory for the HTTP server");
        }
    }
    if (status != STATUS_OK) {
        http_server_destroy(&server);
        return status;
    }
    *ret_server = server;
    return STATUS_OK;
}

void
http_server_destroy(struct http_server **server)
{
    struct http_server *s = *server;
    if (s == NULL) {
        return;
    }
    if (s->readable != NULL) {
        event_free(s->readable);
    }
    if (s->timer != NULL) {
        event_free(s->timer);
    }
    if (s->daemon != NULL) {
        MHD_stop_daemon(s->daemon);
    }
    buffer_fini(&s->page);
    free(s);
    *server = NULL;
}

uint16_t
http_server_port(const struct http_server *server)
{
    return server->port;
}

const struct http_metrics *
http_server_metrics(const struct http_server *server)
{
    return &server->metrics;
}
