#define _DEFAULT_SOURCE // explicit_bzero
#include "net/ws_client.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <event2/event.h>

#include "base/buffer.h"
#include "net/http_client.h"
#include "net/http_request.h"
#include "net/outcome.h"
#include "net/timer.h"
#include "net/url.h"
#include "net/ws_handshake.h"
#include "net/ws_protocol.h"

#define ANSWER_WITHIN (5 * USEC_PER_S)
#define BODY_WITHIN (1 * USEC_PER_S)
// A full socket is tried again by a timer: TLS may be waiting to read.
#define SEND_AGAIN (10 * USEC_PER_MS)

// Reads in a row before other events are handled.
enum { READS_MAX = 16, REQUEST_MAX = 1 << 14, WS_REASON_MAX = 24 };

enum phase {
    PHASE_OFF,
    PHASE_DIALING,
    PHASE_ASKING, // connected, the answer to the request is not complete
    PHASE_OPEN,
    PHASE_REFUSED, // the body of that answer is arriving
};

struct ws_client {
    struct ws_client_setup setup;
    struct http_request_options options;
    struct http_request request;
    struct http_transfer transfer;
    struct ws_handshake handshake;
    struct ws_protocol protocol;
    struct buffer asking; // the request, up to asked it is sent
    size_t asked;
    struct event *readable;
    struct timer timer; // the phase's deadline; when open, of the next try to send
    enum phase phase;
    bool is_held;    // the owner has no room for `message`
    bool is_lost;    // while held: the socket failed, which is reported after the
                     // messages
    bool is_blocked; // the socket has no room for the output
    struct ws_message message;
    uint64_t signs; // reported so far
};

static void
drop(struct ws_client *client)
{
    client->phase = PHASE_OFF;
    client->is_held = client->is_lost = false;
    client->is_blocked = false;
    timer_stop(&client->timer);
    if (client->readable != NULL) {
        event_free(client->readable);
        client->readable = NULL;
    }
    http_client_stop(client->setup.http, &client->transfer);
    http_request_fini(&client->request);
    if (client->asking.bytes != NULL) {
        explicit_bzero(client->asking.bytes, client->asking.size); // it has the token
    }
    buffer_reset(&client->asking);
}

static void
end(struct ws_client *client, struct outcome *outcome)
{
    const struct ws_client_callbacks *callbacks = &client->setup.callbacks;
    drop(client);
    callbacks->on_end(callbacks->context, outcome);
}

static void
end_network(struct ws_client *client, const char *reason, const char *why)
{
    struct outcome outcome = {
        .class = RECONNECT_NETWORK, .not_before = USEC_NONE, .reason = reason};
    (void)error_set(&outcome.error, STATUS_IO, "%s", why);
    end(client, &outcome);
}

static void
end_breach(struct ws_client *client, const char *reason, const char *why)
{
    struct outcome outcome = {.class = RECONNECT_SERVER,
                              .not_before = USEC_NONE,
                              .is_breach = true,
                              .reason = reason};
    (void)error_set(&outcome.error, STATUS_PARSE, "%s", why);
    end(client, &outcome);
}

static void
end_refused(struct ws_client *client)
{
    const struct http_answer *answer = &client->handshake.answer;
    char text[HTTP_ANSWER_TEXT_MAX];
    char reason[WS_REASON_MAX];
    snprintf(reason, sizeof(reason), "http_%ld", answer->status);
    struct outcome outcome = {
        .class = reconnect_class_of_status(answer->status, http_answer_body_of(answer)),
        .status = answer->status,
        .not_before = http_answer_not_before(answer, client->setup.wall()),
        .reason = reason,
    };
    (void)error_set(&outcome.error, STATUS_IO, "%s", http_answer_text(answer, text));
    end(client, &outcome);
}

// Codes by which a server reports that this client is at fault, or that it is
// overloaded.
static enum reconnect_class
class_of_close(uint16_t code)
{
    switch (code) {
    case WS_CLOSE_PROTOCOL:
    case WS_CLOSE_KIND:
    case WS_CLOSE_UTF8:
    case WS_CLOSE_POLICY:
    case WS_CLOSE_LONG:
    case WS_CLOSE_LATER:
        return RECONNECT_SERVER;
    default:
        return code >= 3000 ? RECONNECT_SERVER : RECONNECT_NETWORK;
    }
}

static void
end_closed(struct ws_client *client)
{
    uint16_t code = client->protocol.close_code;
    char reason[WS_REASON_MAX];
    snprintf(reason, sizeof(reason), "closed_%u", (unsigned)code);
    struct outcome outcome = {
        .class = class_of_close(code), .not_before = USEC_NONE, .reason = reason};
    (void)error_set(&outcome.error, STATUS_IO, "the server closed the stream (%u)",
                    (unsigned)code);
    end(client, &outcome);
}

static void
end_broken(struct ws_client *client)
{
    switch (client->protocol.close_code) {
    case WS_CLOSE_UTF8:
        end_breach(client, "protocol", "the server sent text that is not UTF-8");
        break;
    case WS_CLOSE_LONG:
        end_breach(client, "protocol", "the server sent a frame over 64 MiB");
        break;
    default:
        end_breach(client, "protocol", "the server violated the WebSocket protocol");
        break;
    }
}

// ── the socket ─────────────────────────────────────────────────────────────

static const char *
why_of(const struct ws_client *client, CURLcode code)
{
    return client->request.why[0] != '\0' ? client->request.why
                                          : curl_easy_strerror(code);
}

// Messages that wait are offered first; reading then finds the same failure again.
static void
lose(struct ws_client *client, const char *reason, const char *why)
{
    client->is_lost = client->is_held;
    if (!client->is_held) {
        end_network(client, reason, why);
    }
}

// True: all is sent. False: later, or the connection is over.
static bool
send_all(struct ws_client *client)
{
    while (client->phase != PHASE_OFF) {
        bool is_asking = client->asked < client->asking.size;
        struct slice rest = ws_protocol_output(&client->protocol);
        if (is_asking) {
            rest = buffer_text(&client->asking);
            rest.ptr += client->asked;
            rest.len -= client->asked;
        }
        if (rest.len == 0) {
            return true;
        }
        size_t sent = 0;
        CURLcode code = curl_easy_send(client->request.easy, rest.ptr, rest.len, &sent);
        if (code == CURLE_AGAIN) {
            return false;
        }
        if (code != CURLE_OK) {
            lose(client, "broken", why_of(client, code));
            return false;
        }
        if (is_asking) {
            client->asked += sent;
        } else {
            ws_protocol_sent(&client->protocol, sent);
        }
    }
    return false;
}

// True: bytes were received. False: none now, or the connection is over.
static bool
receive(struct ws_client *client, char bytes[WS_READ_MAX], size_t *ret_size)
{
    size_t size = 0;
    CURLcode code = curl_easy_recv(client->request.easy, bytes, WS_READ_MAX, &size);
    if (code == CURLE_OK && size > 0) {
        *ret_size = size;
        return true;
    }
    if (code == CURLE_AGAIN) {
        return false;
    }
    const char *why = code == CURLE_OK
                          ? "the server closed the connection without a reason"
                          : why_of(client, code);
    if (client->phase == PHASE_REFUSED) {
        end_refused(client);
    } else if (client->phase == PHASE_ASKING) {
        end_network(client, "connect", why);
    } else {
        lose(client, "closed_1006", why);
    }
    return false;
}

// ── incoming bytes ─────────────────────────────────────────────────────────

// Offers messages until the owner has no room; then reports the end if the stream is
// over.
static void
offer(struct ws_client *client)
{
    const struct ws_client_callbacks *callbacks = &client->setup.callbacks;
    while (client->phase == PHASE_OPEN) {
        if (!client->is_held &&
            !ws_protocol_next(&client->protocol, &client->message)) {
            break;
        }
        client->is_held = true;
        if (!callbacks->on_message(callbacks->context, &client->message)) {
            return;
        }
        client->is_held = false;
    }
    if (client->phase != PHASE_OPEN || client->protocol.ended == WS_OPEN) {
        return;
    }
    // The close frame is sent if possible, without waiting.
    (void)send_all(client);
    if (client->phase != PHASE_OPEN) {
        return;
    }
    if (client->protocol.ended == WS_CLOSED) {
        end_closed(client);
    } else {
        end_broken(client);
    }
}

static void
take_frames(struct ws_client *client, struct slice bytes)
{
    const struct ws_client_callbacks *callbacks = &client->setup.callbacks;
    ws_protocol_feed(&client->protocol, bytes);
    uint64_t signs = client->protocol.signs - client->signs;
    client->signs = client->protocol.signs;
    callbacks->on_bytes(callbacks->context, bytes.len, signs);
    if (!client->is_held) {
        offer(client);
    }
}

static void
take_head(struct ws_client *client, struct slice bytes)
{
    const struct ws_client_callbacks *callbacks = &client->setup.callbacks;
    struct ws_handshake *handshake = &client->handshake;
    size_t used = 0;
    enum ws_handshake_state state = ws_handshake_feed(handshake, bytes, &used);
    bytes.ptr += used;
    bytes.len -= used;
    if (state == WS_HANDSHAKE_BAD) {
        char why[ERROR_TEXT_MAX];
        snprintf(why, sizeof(why), "the server did not accept the WebSocket: %s",
                 handshake->why);
        end_breach(client, "handshake", why);
    } else if (state == WS_HANDSHAKE_REFUSED) {
        client->phase = PHASE_REFUSED;
        http_answer_body(&handshake->answer, bytes);
        timer_set(&client->timer, BODY_WITHIN);
    } else if (state == WS_HANDSHAKE_DONE) {
        client->phase = PHASE_OPEN;
        timer_stop(&client->timer);
        callbacks->on_open(callbacks->context);
        if (client->phase == PHASE_OPEN && bytes.len > 0) {
            take_frames(client, bytes);
        }
    }
}

static void
take(struct ws_client *client, struct slice bytes)
{
    struct http_answer *answer = &client->handshake.answer;
    switch (client->phase) {
    case PHASE_ASKING:
        take_head(client, bytes);
        break;
    case PHASE_OPEN:
        take_frames(client, bytes);
        break;
    case PHASE_REFUSED:
        http_answer_body(answer, bytes);
        if (answer->body_len == HTTP_ANSWER_BODY_MAX) {
            end_refused(client);
        }
        break;
    case PHASE_OFF:
    case PHASE_DIALING:
        break;
    }
}

static bool
has_room(const struct ws_client *client)
{
    return !client->is_held ||
           (!client->is_lost && ws_protocol_has_room(&client->protocol));
}

static bool
may_read(const struct ws_client *client)
{
    return client->phase >= PHASE_ASKING && has_room(client) && !client->is_blocked;
}

// Sends the output, then reads until there is nothing, or no room.
static void
pump(struct ws_client *client)
{
    char bytes[WS_READ_MAX];
    size_t size;
    client->is_blocked = false;
    for (int i = 0; may_read(client); i++) {
        client->is_blocked = !send_all(client);
        if (client->is_blocked) {
            break;
        }
        if (i == READS_MAX) {
            event_active(client->readable, EV_READ, 0);
            break;
        }
        if (!receive(client, bytes, &size)) {
            break;
        }
        take(client, (struct slice){bytes, size});
    }
    if (client->is_blocked && client->phase == PHASE_OPEN) {
        timer_set(&client->timer, SEND_AGAIN);
    }
    // A socket that is not read would be reported readable again and again.
    if (client->readable != NULL && may_read(client)) {
        (void)event_add(client->readable, NULL);
    } else if (client->readable != NULL) {
        (void)event_del(client->readable);
    }
}

// ── events ─────────────────────────────────────────────────────────────────

static void
on_readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    pump(context);
}

static void
on_timer(void *context)
{
    struct ws_client *client = context;
    switch (client->phase) {
    case PHASE_OFF:
        break;
    case PHASE_DIALING:
        end_network(client, "connect", "no connection within connect_timeout");
        break;
    case PHASE_ASKING:
        end_network(client, "connect", "connected, but no answer");
        break;
    case PHASE_OPEN:
        pump(client);
        break;
    case PHASE_REFUSED:
        end_refused(client);
        break;
    }
}

static void
on_connected(void *context, CURLcode code)
{
    struct ws_client *client = context;
    if (client->phase != PHASE_DIALING) {
        return;
    }
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (code == CURLE_OK) {
        code = curl_easy_getinfo(client->request.easy, CURLINFO_ACTIVESOCKET, &fd);
    }
    if (code != CURLE_OK || fd == CURL_SOCKET_BAD) {
        end_network(client, "connect", why_of(client, code));
        return;
    }
    client->readable =
        event_new(client->setup.base, fd, EV_READ | EV_PERSIST, on_readable, client);
    if (client->readable == NULL || event_add(client->readable, NULL) != 0) {
        end_network(client, "connect", "no memory for a connection");
        return;
    }
    client->phase = PHASE_ASKING;
    timer_set(&client->timer, ANSWER_WITHIN);
    event_active(client->readable, EV_READ, 0);
}

// ── calls by the owner ─────────────────────────────────────────────────────

enum status
ws_client_create(const struct ws_client_setup *setup, struct ws_client **ret_client,
                 struct error *error)
{
    struct ws_client *client = calloc(1, sizeof(*client));
    if (client == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for a connection");
    }
    client->setup = *setup;
    client->options = *setup->options;
    buffer_init(&client->asking, REQUEST_MAX);
    if (timer_init(&client->timer, setup->base, on_timer, client) != STATUS_OK ||
        !ws_protocol_reset(&client->protocol)) {
        ws_client_destroy(&client);
        return error_set(error, STATUS_NOMEM, "no memory for a connection");
    }
    *ret_client = client;
    return STATUS_OK;
}

void
ws_client_destroy(struct ws_client **client)
{
    struct ws_client *c = *client;
    if (c == NULL) {
        return;
    }
    drop(c);
    timer_fini(&c->timer);
    ws_protocol_fini(&c->protocol);
    buffer_fini(&c->asking);
    free(c);
    *client = NULL;
}

static enum status
write_request(struct ws_client *client, const struct url *url, struct slice path,
              struct slice subprotocol, struct error *error)
{
    uint8_t random[WS_RANDOM_SIZE];
    char host[URL_TEXT_MAX];
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        return error_set(error, STATUS_IO, "cannot get random bytes from the system");
    }
    url_host_text(url, host);
    ws_handshake_init(&client->handshake, random, subprotocol);
    ws_handshake_request(&client->handshake, slice_of(host), path, &client->asking);
    for (const struct curl_slist *header = client->request.headers; header != NULL;
         header = header->next) {
        buffer_append(&client->asking, slice_of(header->data));
        buffer_append(&client->asking, SLICE_LIT("\r\n"));
    }
    buffer_append(&client->asking, SLICE_LIT("\r\n"));
    client->asked = 0;
    if (client->asking.is_failed) {
        return error_set(error, STATUS_RANGE, "the request is longer than %d bytes",
                         REQUEST_MAX);
    }
    return STATUS_OK;
}

enum status
ws_client_open(struct ws_client *client, const struct url *url, struct slice path,
               struct slice subprotocol, struct error *error)
{
    assert(client->phase == PHASE_OFF);
    if (!ws_protocol_reset(&client->protocol)) {
        return error_set(error, STATUS_NOMEM, "no memory for a connection");
    }
    enum status status =
        http_request_dial(&client->request, &client->options, url, error);
    if (status == STATUS_OK) {
        status = write_request(client, url, path, subprotocol, error);
    }
    if (status == STATUS_OK) {
        client->transfer = (struct http_transfer){.easy = client->request.easy,
                                                  .on_done = on_connected,
                                                  .context = client,
                                                  .is_connect = true};
        status = http_client_start(client->setup.http, &client->transfer, error);
    }
    if (status != STATUS_OK) {
        drop(client);
        return status;
    }
    client->phase = PHASE_DIALING;
    timer_set(&client->timer, client->setup.connect_timeout);
    return STATUS_OK;
}

void
ws_client_close(struct ws_client *client)
{
    if (client->phase == PHASE_OPEN) {
        struct slice rest;
        size_t sent;
        ws_protocol_close(&client->protocol, WS_CLOSE_GOING);
        rest = ws_protocol_output(&client->protocol);
        if (rest.len > 0) {
            (void)curl_easy_send(client->request.easy, rest.ptr, rest.len, &sent);
        }
    }
    drop(client);
}

void
ws_client_resume(struct ws_client *client)
{
    if (client->phase == PHASE_OPEN && client->is_held) {
        offer(client);
        pump(client);
    }
}

void
ws_client_ping(struct ws_client *client)
{
    if (client->phase != PHASE_OPEN) {
        return;
    }
    if (has_room(client)) {
        ws_protocol_ping(&client->protocol);
        pump(client);
        return;
    }
    // A request of the server may be behind bytes that are not read yet. An error is
    // found when they are.
    ws_protocol_pong(&client->protocol);
    struct slice rest = ws_protocol_output(&client->protocol);
    size_t sent = 0;
    if (rest.len > 0 &&
        curl_easy_send(client->request.easy, rest.ptr, rest.len, &sent) == CURLE_OK) {
        ws_protocol_sent(&client->protocol, sent);
    }
}

uint64_t
ws_client_too_long(const struct ws_client *client)
{
    return client->protocol.too_long;
}
