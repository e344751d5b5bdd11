#include "sinks/http/http_server.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "net/timer.h"
#include "sinks/http/http_guests.h"
#include "sinks/http/http_head.h"
#include "sinks/http/http_listener.h"
#include "sinks/http/http_reply.h"

#define BEARER "Bearer "

enum {
    CONNECTION_BYTES = 32 << 10, // headers of a request
    PAGE_MAX = 4 << 20,
    ANSWER_MAX = 256,
    WAIT_MAX_MS = 1 << 20, // the library may have nothing to do for long
};

struct http_server {
    struct http_server_setup setup;
    struct http_options options;
    char token[HTTP_TOKEN_MAX];
    bool is_loopback;
    struct http_listener listener;
    struct http_guests guests;
    struct http_guest *entering; // the one that is passed to the library
    size_t pushes;               // bodies in memory
    struct MHD_Daemon *daemon;
    struct event *readable; // its epoll descriptor
    struct timer timer;
    struct buffer page;
    struct http_metrics metrics;
};

// A push. If it is refused the answer is ready, and the body is read and discarded,
// because a client that still sends would not receive the answer.
struct request {
    struct buffer body;
    bool is_refused;
};

// clang-format off
const struct metric http_server_metric_rows[] = {
    {"cascaded_http_requests_total", NULL, METRIC_COUNTER, offsetof(struct http_metrics, requests),
     "Requests answered"},
    {"cascaded_http_requests_refused_total", NULL, METRIC_COUNTER,
     offsetof(struct http_metrics, refused), "Requests answered with a client error (4xx)"},
    {"cascaded_pushed_messages_total", "result=\"accepted\"", METRIC_COUNTER,
     offsetof(struct http_metrics, posts_accepted), "Posts and control messages pushed over HTTP"},
    {"cascaded_pushed_messages_total", "result=\"rejected\"", METRIC_COUNTER,
     offsetof(struct http_metrics, posts_rejected), "Posts and control messages pushed over HTTP"},
    {"cascaded_pushed_messages_total", "result=\"ignored\"", METRIC_COUNTER,
     offsetof(struct http_metrics, posts_ignored), "Posts and control messages pushed over HTTP"},
    {"cascaded_pushes_delayed_total", NULL, METRIC_COUNTER,
     offsetof(struct http_metrics, pushes_delayed), "Pushes answered with 429 because there was no room"},
    {"cascaded_http_connections_closed_total", "reason=\"late\"", METRIC_COUNTER,
     offsetof(struct http_metrics, late), "Connections closed before their request was complete"},
    {"cascaded_http_connections_closed_total", "reason=\"crowded\"", METRIC_COUNTER,
     offsetof(struct http_metrics, crowded_out),
     "Connections closed before their request was complete"},
    {"cascaded_http_connections_starved_total", NULL, METRIC_COUNTER,
     offsetof(struct http_metrics, starved),
     "Connections that arrived while no file descriptor was free"},
    METRIC_END,
};
// clang-format on

// ── answers ────────────────────────────────────────────────────────────────

static enum MHD_Result
answer(struct http_server *server, struct MHD_Connection *connection,
       const struct http_reply *reply)
{
    server->metrics.requests++;
    server->metrics.refused +=
        reply->code >= HTTP_CODE_BAD && reply->code < HTTP_CODE_NOT_READY;
    server->metrics.pushes_delayed += reply->code == HTTP_CODE_LATER;
    return http_reply_send(connection, reply) ? MHD_YES : MHD_NO;
}

static enum MHD_Result
say(struct http_server *server, struct MHD_Connection *connection, enum http_code code,
    const char *line)
{
    return answer(server, connection,
                  &(struct http_reply){
                      .code = code, .type = HTTP_TYPE_TEXT, .text = slice_of(line)});
}

static enum MHD_Result
refuse(struct http_server *server, struct MHD_Connection *connection,
       enum http_refusal refusal)
{
    char text[HTTP_REFUSAL_MAX];
    enum http_code code = http_reply_refusal(refusal, "", text);
    return answer(server, connection,
                  &(struct http_reply){.code = code,
                                       .type = HTTP_TYPE_JSON,
                                       .text = slice_of(text),
                                       .is_last = refusal == HTTP_REFUSAL_MALFORMED});
}

static enum MHD_Result
refuse_method(struct http_server *server, struct MHD_Connection *connection,
              const char *allowed)
{
    char text[HTTP_REFUSAL_MAX];
    enum http_code code = http_reply_refusal(HTTP_REFUSAL_METHOD, "", text);
    return answer(server, connection,
                  &(struct http_reply){.code = code,
                                       .type = HTTP_TYPE_JSON,
                                       .allowed = allowed,
                                       .text = slice_of(text)});
}

// ── reading ────────────────────────────────────────────────────────────────

static enum MHD_Result
read_metrics(struct http_server *server, struct MHD_Connection *connection)
{
    buffer_reset(&server->page);
    server->metrics.starved = server->listener.starved;
    server->setup.write_metrics(server->setup.context, &server->page);
    if (server->page.is_failed) {
        return say(server, connection, HTTP_CODE_NOT_READY, "no memory for the page\n");
    }
    return answer(server, connection,
                  &(struct http_reply){.code = HTTP_CODE_OK,
                                       .type = "text/plain; version=0.0.4",
                                       .text = buffer_text(&server->page)});
}

static enum MHD_Result
read_ready(struct http_server *server, struct MHD_Connection *connection)
{
    const char *why = "";
    if (server->setup.is_ready(server->setup.context, &why)) {
        return say(server, connection, HTTP_CODE_OK, "ready\n");
    }
    char line[ANSWER_MAX];
    snprintf(line, sizeof(line), "%s\n", why);
    return say(server, connection, HTTP_CODE_NOT_READY, line);
}

static enum MHD_Result
read_page(struct http_server *server, struct MHD_Connection *connection,
          const char *path)
{
    if (strcmp(path, "/healthz") == 0) {
        return say(server, connection, HTTP_CODE_OK, "ok\n");
    }
    if (strcmp(path, "/readyz") == 0) {
        return read_ready(server, connection);
    }
    if (strcmp(path, "/metrics") == 0) {
        return read_metrics(server, connection);
    }
    return refuse(server, connection, HTTP_REFUSAL_UNKNOWN);
}

// ── pushing ────────────────────────────────────────────────────────────────

// Takes the same time wherever the first difference is.
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

static const char *
header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static bool
has_token(const struct http_server *server, struct MHD_Connection *connection)
{
    const char *given = header(connection, MHD_HTTP_HEADER_AUTHORIZATION);
    size_t len = sizeof(BEARER) - 1;
    if (given == NULL || strncasecmp(given, BEARER, len) != 0) {
        return false;
    }
    given += len;
    return is_same_token(given + strspn(given, " "), server->token);
}

// HTTP_REFUSAL_NONE if the body is to be read.
static enum http_refusal
admit_push(const struct http_server *server, struct MHD_Connection *connection)
{
    if (server->token[0] == '\0') {
        return HTTP_REFUSAL_OFF;
    }
    if (!has_token(server, connection)) {
        return HTTP_REFUSAL_NO_TOKEN;
    }
    const char *coding = header(connection, MHD_HTTP_HEADER_CONTENT_ENCODING);
    if (coding != NULL && strcasecmp(coding, "identity") != 0) {
        return HTTP_REFUSAL_ENCODED;
    }
    const char *length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (length != NULL && strtoull(length, NULL, 10) > server->options.max_body) {
        return HTTP_REFUSAL_TOO_LONG;
    }
    return server->pushes < HTTP_PUSHES_MAX ? HTTP_REFUSAL_NONE : HTTP_REFUSAL_LATER;
}

static enum MHD_Result
say_later(struct http_server *server, struct MHD_Connection *connection,
          const struct http_posts_result *result)
{
    char read[64];
    char text[HTTP_REFUSAL_MAX];
    snprintf(read, sizeof(read), ",\"accepted\":%" PRIu64 ",\"rejected\":%" PRIu64,
             result->accepted, result->rejected);
    enum http_code code = http_reply_refusal(HTTP_REFUSAL_LATER, read, text);
    return answer(server, connection,
                  &(struct http_reply){
                      .code = code, .type = HTTP_TYPE_JSON, .text = slice_of(text)});
}

static enum MHD_Result
take_posts(struct http_server *server, struct MHD_Connection *connection,
           struct request *request)
{
    if (request->is_refused) {
        return MHD_NO; // the library closes the connection
    }
    if (request->body.is_failed) {
        return refuse(server, connection, HTTP_REFUSAL_TOO_LONG);
    }
    if (request->body.size == 0) {
        return refuse(server, connection, HTTP_REFUSAL_EMPTY);
    }
    struct http_posts_result result = {0};
    enum status status = server->setup.on_posts(server->setup.context,
                                                buffer_text(&request->body), &result);
    server->metrics.posts_accepted += result.accepted;
    server->metrics.posts_rejected += result.rejected;
    server->metrics.posts_ignored += result.ignored;
    if (status == STATUS_PARSE) {
        return refuse(server, connection, HTTP_REFUSAL_ENCODED);
    }
    if (status != STATUS_OK) {
        return say_later(server, connection, &result);
    }
    if (result.accepted + result.rejected + result.ignored == 0) {
        return refuse(server, connection, HTTP_REFUSAL_EMPTY);
    }
    char text[HTTP_REFUSAL_MAX];
    http_reply_result(&result, text);
    return answer(server, connection,
                  &(struct http_reply){.code = HTTP_CODE_ACCEPTED,
                                       .type = HTTP_TYPE_JSON,
                                       .text = slice_of(text)});
}

// ── requests ───────────────────────────────────────────────────────────────

// On loopback a web page could reach the server by a host name that its owner controls.
static bool
is_own_host(const struct http_server *server, struct MHD_Connection *connection)
{
    static const char *const own[] = {"localhost", "127.0.0.1", "[::1]"};
    const char *host = header(connection, MHD_HTTP_HEADER_HOST);
    if (!server->is_loopback || host == NULL) {
        return true;
    }
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        size_t len = strlen(own[i]);
        if (strncasecmp(host, own[i], len) == 0 &&
            (host[len] == '\0' || host[len] == ':')) {
            return true;
        }
    }
    return strcasecmp(host, server->options.listen) == 0;
}

struct head_check {
    struct http_head head;
    enum http_refusal refusal;
};

static enum MHD_Result
on_field(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    struct head_check *check = context;
    check->refusal = http_head_field(&check->head, slice_of(name),
                                     slice_of(value != NULL ? value : ""));
    return check->refusal == HTTP_REFUSAL_NONE ? MHD_YES : MHD_NO;
}

// The head of the connection's first request was checked before, with its lines.
static enum http_refusal
check_head(struct MHD_Connection *connection, const char *version)
{
    struct head_check check = {0};
    check.head.is_old = strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
    MHD_get_connection_values(connection, MHD_HEADER_KIND, on_field, &check);
    return check.refusal == HTTP_REFUSAL_NONE ? http_head_end(&check.head)
                                              : check.refusal;
}

static struct http_guest *
guest_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
        ->socket_context;
}

static enum MHD_Result
begin_push(struct http_server *server, struct MHD_Connection *connection,
           void **request_slot)
{
    enum http_refusal refusal = admit_push(server, connection);
    bool is_refused = refusal != HTTP_REFUSAL_NONE;
    if (is_refused && header(connection, MHD_HTTP_HEADER_EXPECT) != NULL) {
        return refuse(server, connection, refusal); // the client waits for an answer
    }
    struct request *request = calloc(1, sizeof(*request));
    if (request == NULL) {
        return MHD_NO;
    }
    request->is_refused = is_refused;
    buffer_init(&request->body, server->options.max_body);
    server->pushes += !is_refused;
    *request_slot = request;
    if (is_refused) {
        server->metrics.pushes_delayed += refusal == HTTP_REFUSAL_LATER;
        http_guests_answer(guest_of(connection), refusal);
    }
    return MHD_YES;
}

static enum MHD_Result
// NOLINTNEXTLINE(readability-function-size): the parameters are the library's
on_request(void *context, struct MHD_Connection *connection, const char *path,
           const char *method, const char *version, const char *upload,
           size_t *upload_size, void **request_slot)
{
    struct http_server *server = context;
    struct request *request = *request_slot;
    if (request != NULL && *upload_size != 0) {
        if (!request->is_refused) {
            buffer_append(&request->body, (struct slice){upload, *upload_size});
        }
        *upload_size = 0;
        return MHD_YES;
    }
    if (request != NULL) {
        return take_posts(server, connection, request);
    }
    enum http_refusal refusal = check_head(connection, version);
    if (refusal == HTTP_REFUSAL_NONE && !is_own_host(server, connection)) {
        refusal = HTTP_REFUSAL_OTHER_HOST;
    }
    if (refusal != HTTP_REFUSAL_NONE) {
        return refuse(server, connection, refusal);
    }
    bool is_posts = strcmp(path, "/api/v1/posts") == 0;
    if (is_posts) {
        return strcmp(method, MHD_HTTP_METHOD_POST) == 0
                   ? begin_push(server, connection, request_slot)
                   : refuse_method(server, connection, "POST");
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
        strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        return refuse_method(server, connection, "GET, HEAD");
    }
    return read_page(server, connection, path);
}

// ── the loop ───────────────────────────────────────────────────────────────

static void
run(void *context)
{
    struct http_server *server = context;
    MHD_run(server->daemon);
    http_listener_refill(&server->listener);
    MHD_UNSIGNED_LONG_LONG wait_ms;
    if (MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES) {
        usec wait = wait_ms < WAIT_MAX_MS ? (usec)wait_ms : WAIT_MAX_MS;
        timer_set(&server->timer, wait * USEC_PER_MS);
    } else {
        timer_stop(&server->timer);
    }
}

static void
on_due(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    run(context);
}

// ── connections ────────────────────────────────────────────────────────────

static bool
make_room(void *context)
{
    struct http_server *server = context;
    return http_guests_make_room(&server->guests);
}

static void
enter(void *context, int fd, const struct sockaddr *address, socklen_t length)
{
    struct http_server *server = context;
    http_guests_enter(&server->guests, fd, address, length);
}

static bool
admit(void *context, struct http_guest *guest, int fd)
{
    struct http_server *server = context;
    server->entering = guest;
    return MHD_add_connection(server->daemon, fd,
                              (const struct sockaddr *)(const void *)&guest->address,
                              guest->length) == MHD_YES;
}

static void
// NOLINTNEXTLINE(readability-non-const-parameter): the parameters are the library's
on_connection(void *context, struct MHD_Connection *connection, void **guest_slot,
              enum MHD_ConnectionNotificationCode what)
{
    (void)connection;
    struct http_server *server = context;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        *guest_slot = server->entering;
        return;
    }
    http_guests_leave(*guest_slot);
}

static void
on_completed(void *context, struct MHD_Connection *connection, void **request_slot,
             enum MHD_RequestTerminationCode reason)
{
    (void)reason;
    struct http_server *server = context;
    struct request *request = *request_slot;
    if (request != NULL) {
        server->pushes -= !request->is_refused;
        buffer_fini(&request->body);
        free(request);
        *request_slot = NULL;
    }
    http_guests_renew(guest_of(connection));
}

// For the library a path ends at a NUL. A path that contains one is replaced, so that
// no page matches.
static size_t
unescape(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strstr(text, "%00") == NULL ? MHD_http_unescape(text) : strlen(text);
}

// ── life ───────────────────────────────────────────────────────────────────

// Disables the limits of the library that are enforced here.
static bool
start(struct http_server *server)
{
    static const struct http_guests_calls guest_calls = {admit, run};
    server->guests.timeout = server->options.timeout;
    server->guests.metrics = &server->metrics;
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, on_request, server,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX + 1,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
        MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        server->daemon != NULL
            ? MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)
            : NULL;
    struct event_base *base = server->setup.base;
    if (info == NULL ||
        !http_guests_init(&server->guests, base, &guest_calls, server)) {
        return false;
    }
    server->readable =
        event_new(base, info->epoll_fd, EV_READ | EV_PERSIST, on_due, server);
    return server->readable != NULL &&
           timer_init(&server->timer, base, run, server) == STATUS_OK &&
           event_add(server->readable, NULL) == 0;
}

static enum status
begin_to_listen(struct http_server *server, const struct http_address *address,
                struct error *error)
{
    static const struct http_listener_calls calls = {enter, make_room};
    enum status status = http_listener_init(&server->listener, server->setup.base,
                                            address, &calls, server);
    if (status == STATUS_IO) {
        return error_set(error, STATUS_IO,
                         "http.listen: cannot listen on %s: %s; choose another "
                         "address, or \"\" for no HTTP server",
                         server->options.listen, strerror(errno));
    }
    if (status != STATUS_OK || !start(server)) {
        return error_set(error, STATUS_NOMEM, "no memory for the HTTP server");
    }
    return STATUS_OK;
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
        status = begin_to_listen(server, &address, error);
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
    timer_fini(&s->timer);
    http_listener_fini(&s->listener);
    if (s->daemon != NULL) {
        MHD_stop_daemon(s->daemon);
    }
    http_guests_fini(&s->guests);
    buffer_fini(&s->page);
    free(s);
    *server = NULL;
}

uint16_t
http_server_port(const struct http_server *server)
{
    return server->listener.port;
}

const struct http_metrics *
http_server_metrics(const struct http_server *server)
{
    return &server->metrics;
}
