#include "sinks/http/http_server.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sinks/http/http_guests.h"
#include "sinks/http/http_head.h"
#include "sinks/http/http_host.h"
#include "sinks/http/http_library.h"
#include "sinks/http/http_listener.h"
#include "sinks/http/http_push.h"
#include "sinks/http/http_reply.h"
#include "sinks/http/http_router.h"

enum { PAGE_MAX = 4 << 20 };

struct http_server {
    struct http_server_setup setup;
    struct http_options options;
    bool is_loopback;
    struct http_listener listener;
    struct http_guests guests;
    struct http_guest *entering; // the one that is passed to the library
    struct http_pushes pushes;
    // A daemon looks at all its suspended connections whenever one is resumed: feeds,
    // which are suspended most of the time, have their own.
    struct http_library requests;
    struct http_library feeds;
    struct buffer page;
    struct http_metrics metrics;
};

// ── answers ────────────────────────────────────────────────────────────────

static struct http_guest *
guest_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
        ->socket_context;
}

static enum MHD_Result
answer(struct http_server *server, struct MHD_Connection *connection,
       struct http_reply *reply)
{
    struct http_guest *guest = guest_of(connection);
    bool may_stay = !reply->is_last && reply->feed == NULL;
    reply->is_last = !(may_stay && http_guests_stay(guest));
    server->metrics.requests++;
    server->metrics.refused +=
        reply->code >= HTTP_CODE_BAD && reply->code < HTTP_CODE_NOT_READY;
    server->metrics.pushes_delayed += reply->code == HTTP_CODE_LATER;
    bool is_sent = reply->feed != NULL ? http_events_send(connection, guest, reply)
                                       : http_reply_send(connection, reply);
    return is_sent ? MHD_YES : MHD_NO;
}

static enum MHD_Result
refuse(struct http_server *server, struct MHD_Connection *connection,
       enum http_refusal refusal, const char *allowed)
{
    char text[HTTP_REFUSAL_MAX];
    enum http_code code = http_reply_refusal(refusal, "", text);
    return answer(server, connection,
                  &(struct http_reply){.code = code,
                                       .type = HTTP_TYPE_JSON,
                                       .allowed = allowed,
                                       .text = slice_of(text)});
}

// ── requests ───────────────────────────────────────────────────────────────

static const char *
header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

// Without a Host: HTTP/1.0, which browsers do not send.
static bool
is_own_host(const struct http_server *server, struct MHD_Connection *connection)
{
    const char *host = header(connection, MHD_HTTP_HEADER_HOST);
    return host == NULL ||
           http_host_is_own(&server->options, server->is_loopback, slice_of(host));
}

static enum MHD_Result
on_parameter(void *context, enum MHD_ValueKind kind, const char *name,
             const char *value)
{
    (void)kind;
    struct http_request *request = context;
    request->parameters[request->parameter_count++] =
        (struct http_parameter){slice_of(name), slice_of(value != NULL ? value : "")};
    return request->parameter_count < HTTP_PARAMETERS_MAX ? MHD_YES : MHD_NO;
}

static enum MHD_Result
answer_page(struct http_server *server, struct MHD_Connection *connection,
            struct http_request *request, const struct http_route *route)
{
    struct http_reply reply = {0};
    request->none_match = slice_of(header(connection, "If-None-Match"));
    request->accept_encoding = slice_of(header(connection, "Accept-Encoding"));
    request->last_event_id = slice_of(header(connection, "Last-Event-ID"));
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, on_parameter, request);
    buffer_reset(&server->page);
    route->page->answer(route->context, request, &server->page, &reply);
    if (server->page.is_failed) {
        http_reply_refuse(&reply, HTTP_CODE_NOT_READY, "no_memory",
                          "no memory for the answer", &server->page);
    }
    return answer(server, connection, &reply);
}

static enum MHD_Result
begin_push(struct http_server *server, struct MHD_Connection *connection,
           void **push_slot)
{
    const struct http_push_head head = {
        .authorization = header(connection, MHD_HTTP_HEADER_AUTHORIZATION),
        .coding = header(connection, MHD_HTTP_HEADER_CONTENT_ENCODING),
        .length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH),
    };
    enum http_refusal refusal = http_push_check(&server->pushes, &head);
    bool is_refused = refusal != HTTP_REFUSAL_NONE;
    if (is_refused && header(connection, MHD_HTTP_HEADER_EXPECT) != NULL) {
        return refuse(server, connection, refusal, NULL); // the client waits for it
    }
    *push_slot = http_push_create(&server->pushes, is_refused);
    if (*push_slot == NULL) {
        return MHD_NO;
    }
    if (is_refused) {
        server->metrics.pushes_delayed += refusal == HTTP_REFUSAL_LATER;
        http_guests_answer(guest_of(connection), refusal);
    }
    return MHD_YES;
}

static enum MHD_Result
continue_push(struct http_server *server, struct MHD_Connection *connection,
              struct http_push *push, struct slice upload)
{
    char text[HTTP_REFUSAL_MAX];
    if (upload.len != 0) {
        if (!push->is_refused) {
            http_push_add(push, upload);
        }
        return MHD_YES;
    }
    if (push->is_refused) {
        return MHD_NO; // the library closes the connection
    }
    guest_of(connection)->is_whole = true;
    enum http_code code = http_push_finish(&server->pushes, push, text);
    return answer(server, connection,
                  &(struct http_reply){
                      .code = code, .type = HTTP_TYPE_JSON, .text = slice_of(text)});
}

static bool
is_read_only(const char *method)
{
    return strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
           strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

static enum MHD_Result
dispatch(struct http_server *server, struct MHD_Connection *connection,
         struct http_request *request, const char *method, void **push_slot)
{
    if (slice_equal(request->path, SLICE_LIT("/api/v1/posts"))) {
        return strcmp(method, MHD_HTTP_METHOD_POST) == 0
                   ? begin_push(server, connection, push_slot)
                   : refuse(server, connection, HTTP_REFUSAL_METHOD, "POST");
    }
    if (!is_read_only(method)) {
        return refuse(server, connection, HTTP_REFUSAL_METHOD, "GET, HEAD");
    }
    request->is_head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    char text[HTTP_TARGET_MAX];
    struct http_route route;
    enum status status =
        request->path.len <= sizeof(text)
            ? http_router_find(server->setup.pages, server->setup.pages_count, request,
                               text, &route)
            : STATUS_FULL;
    if (status == STATUS_OK) {
        return answer_page(server, connection, request, &route);
    }
    return refuse(server, connection,
                  status == STATUS_PARSE  ? HTTP_REFUSAL_BAD_PATH
                  : status == STATUS_FULL ? HTTP_REFUSAL_LONG_TARGET
                                          : HTTP_REFUSAL_UNKNOWN,
                  NULL);
}

static enum MHD_Result
// NOLINTNEXTLINE(readability-function-size): the parameters are the library's
on_request(void *context, struct MHD_Connection *connection, const char *path,
           const char *method, const char *version, const char *upload,
           size_t *upload_size, void **push_slot)
{
    (void)version;
    struct http_server *server = context;
    if (*push_slot != NULL) {
        struct slice bytes = {upload, *upload_size};
        *upload_size = 0;
        return continue_push(server, connection, *push_slot, bytes);
    }
    struct http_guest *guest = guest_of(connection);
    if (guest->is_answered) {
        return MHD_NO; // what follows a request that was refused
    }
    // The library closes a connection that is answered at the first call.
    if (guest->is_plain && !guest->is_whole) {
        guest->is_whole = true;
        return MHD_YES;
    }
    if (!is_own_host(server, connection)) {
        return refuse(server, connection, HTTP_REFUSAL_OTHER_HOST, NULL);
    }
    struct http_request request = {.path = slice_of(path)};
    return dispatch(server, connection, &request, method, push_slot);
}

// ── the loop ───────────────────────────────────────────────────────────────

static void
on_ran(void *context)
{
    struct http_server *server = context;
    http_listener_refill(&server->listener);
}

static struct http_library *
library_of(struct http_server *server, const struct http_guest *guest)
{
    return guest->begins_with_feed ? &server->feeds : &server->requests;
}

static void
run(void *context, struct http_guest *guest)
{
    http_library_run(library_of(context, guest));
}

// A connection may become a feed after other requests.
static void
run_both(void *context)
{
    struct http_server *server = context;
    http_library_run(&server->feeds);
    http_library_run(&server->requests);
}

// ── connections ────────────────────────────────────────────────────────────

static bool
make_room(void *context)
{
    struct http_server *server = context;
    bool has_room = http_guests_make_room(&server->guests);
    if (server->setup.events != NULL) {
        http_events_wake(server->setup.events); // it may have been a feed
    }
    return has_room;
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
    return http_library_add(library_of(server, guest), fd, &guest->address,
                            guest->length);
}

static void
resume(void *context, struct http_guest *guest)
{
    (void)context;
    MHD_resume_connection(guest->connection);
}

static void
// NOLINTNEXTLINE(readability-non-const-parameter): the parameters are the library's
on_connection(void *context, struct MHD_Connection *connection, void **guest_slot,
              enum MHD_ConnectionNotificationCode what)
{
    struct http_server *server = context;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        server->entering->connection = connection;
        *guest_slot = server->entering;
        return;
    }
    http_guests_leave(*guest_slot);
}

static void
on_completed(void *context, struct MHD_Connection *connection, void **push_slot,
             enum MHD_RequestTerminationCode reason)
{
    struct http_server *server = context;
    struct http_guest *guest = guest_of(connection);
    struct http_push *push = *push_slot;
    http_push_destroy(&server->pushes, &push);
    *push_slot = NULL;
    if (!guest->is_staying || reason != MHD_REQUEST_TERMINATED_COMPLETED_OK) {
        http_guests_renew(guest); // it is no feed any more
    } else if (http_guests_next(guest)) {
        MHD_suspend_connection(connection);
    }
}

// ── life ───────────────────────────────────────────────────────────────────

static bool
start(struct http_server *server)
{
    static const struct http_guests_calls guest_calls = {admit, resume, run};
    static const struct http_library_calls calls = {on_request, on_completed,
                                                    on_connection, on_ran};
    struct event_base *base = server->setup.base;
    server->guests.timeout = server->options.timeout;
    server->guests.metrics = &server->metrics;
    if (!http_library_init(&server->requests, base, &calls, server) ||
        !http_library_init(&server->feeds, base, &calls, server)) {
        return false;
    }
    if (server->setup.events != NULL) {
        http_events_attach(server->setup.events, run_both, &server->metrics, server);
    }
    return http_guests_init(&server->guests, base, &guest_calls, server);
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
    server->pushes = (struct http_pushes){.max_body = setup->options->max_body,
                                          .on_posts = setup->on_posts,
                                          .context = setup->context,
                                          .metrics = &server->metrics};
    buffer_init(&server->page, PAGE_MAX);
    enum status status = http_options_address(&server->options, &address, error);
    if (status == STATUS_OK) {
        status = http_options_token(&server->options, server->pushes.token, error);
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
    http_listener_fini(&s->listener);
    if (s->setup.events != NULL) {
        http_events_detach(s->setup.events);
    }
    http_guests_release(&s->guests);
    http_library_fini(&s->feeds);
    http_library_fini(&s->requests);
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
http_server_metrics(struct http_server *server)
{
    server->metrics.starved = server->listener.starved;
    return &server->metrics;
}
