// Drives one source through a day in virtual time, beside a server in the same process
// that fails every 30 seconds in another way.
//
//   virtual_source_drive http|ws EVENTS SEED
//
// EVENTS has a line "TIME_US<tab>TEXT" for each message of the network, in the order of
// time. The server sends each at its time to whoever is connected then; over ws from the
// cursor on that the client names. There are no faults in the last 40 minutes.
// To stdout, one line each:
//
//   sent INDEX          http: the line was delivered whole, once more perhaps
//   message TEXT        the source called back with it
//   gap FROM TO REASON RECOVERED   when it is over; ms
//   fault NAME COUNT    at the end, and
//   end CONNECTIONS STATE
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/option.h"
#include "ingest/sources/source.h"
#include "ingest/sources/source_open.h"
#include "ingest/sources/source_options.h"
#include "net/http_client.h"
#include "tests/oracle/virtual_time.h"

#define FAULT_EVERY (30 * USEC_PER_S)
#define CALM (40 * USEC_PER_MIN)  // longer than the longest wait
#define SETTLE (20 * USEC_PER_MS) // after that what was sent has been read
#define HEARTBEAT (10 * USEC_PER_S)
#define HOLD (45 * USEC_PER_S)

enum { UNSETTLED_MAX = 4096, TEXT_MAX = 2048 };
enum { AGAIN = 60, HOUR = 360 }; // rows

// What the server does next; the first ones to the connection there is, the others to
// those that come.
#define FAULTS(X)                                                                      \
    X(END, "end") /* the proper end of the stream */                                   \
    X(CUT, "cut") /* in the midst of a message */                                      \
    X(RESET, "reset")                                                                  \
    X(SILENCE, "silence") /* until the client leaves; pings are not answered */        \
    X(HOLD, "hold")       /* nothing but heartbeats for a while, then all of it */     \
    X(AGAIN, "again")     /* the last messages once more */                            \
    X(HOUR, "hour")       /* those of an hour once more */                             \
    X(BREACH, "breach")   /* what no server may send */                                \
    X(BUSY, "busy")       /* 503 */                                                    \
    X(LIMIT, "limit")     /* 429 with a time */                                        \
    X(LINGER, "linger")   /* 429: too many connections */                              \
    X(MUTE, "mute")       /* accepts and never answers */                              \
    X(MOVED, "moved")     /* a redirection */

#define AS_ENUM(name, text) FAULT_##name,
#define AS_TEXT(name, text) text,
enum fault { FAULTS(AS_ENUM) FAULT_COUNT };
static const char *const fault_names[] = {FAULTS(AS_TEXT)};

struct row {
    usec time;
    char *text;
    size_t len;
    bool was_sent;
};

struct server;

struct peer {
    struct server *server;
    struct bufferevent *stream;
    bool is_open;   // the answer is sent
    bool is_silent; // nothing is sent any more
    size_t next;    // row to be sent next
    usec held_until;
    size_t unsettled[UNSETTLED_MAX]; // rows; http only
    size_t unsettled_count;
    usec sent_at; // a row or a heartbeat
};

struct server {
    struct event_base *base;
    struct evconnlistener *listener;
    struct event *tick;    // the next row or heartbeat is due
    struct event *trouble; // the next fault is due
    struct peer *peer;     // the one there is; NULL: none
    bool is_ws;
    struct row *rows;
    size_t row_count;
    size_t due; // rows before this one are of the past
    uint64_t dice;
    enum fault pending; // for connections that come
    unsigned pending_left;
    uint64_t connections;
    uint64_t faults[FAULT_COUNT];
};

static uint64_t
roll(struct server *server, uint64_t sides)
{
    server->dice ^= server->dice << 13;
    server->dice ^= server->dice >> 7;
    server->dice ^= server->dice << 17;
    return server->dice % sides;
}

static void
at(struct event *timer, usec wall)
{
    usec wait = wall - virtual_time_wall();
    wait = wait > 0 ? wait : 0;
    struct timeval delay = {wait / USEC_PER_S, wait % USEC_PER_S};
    event_add(timer, &delay);
}

// ── sending ────────────────────────────────────────────────────────────────

static void
put(struct peer *peer, const void *bytes, size_t size)
{
    bufferevent_write(peer->stream, bytes, size);
}

static void
put_frame(struct peer *peer, unsigned first, const char *text, size_t len)
{
    unsigned char head[4] = {(unsigned char)first, (unsigned char)len};
    size_t size = 2;
    if (len > 125) {
        head[1] = 126;
        head[2] = (unsigned char)(len >> 8);
        head[3] = (unsigned char)len;
        size = 4;
    }
    put(peer, head, size);
    put(peer, text, len);
}

static void
put_text(struct peer *peer, const char *text, size_t len)
{
    char head[32];
    if (peer->server->is_ws) {
        size_t half = len / 2;
        bool is_split = roll(peer->server, 8) == 0;
        put_frame(peer, is_split ? 0x01 : 0x81, text, is_split ? half : len);
        if (is_split) {
            put_frame(peer, 0x80, text + half, len - half);
        }
        return;
    }
    put(peer, head, (size_t)snprintf(head, sizeof(head), "%zx\r\n", len + 2));
    put(peer, text, len);
    put(peer, "\r\n\r\n", 4);
}

static void
settle(struct peer *peer)
{
    for (size_t i = 0; i < peer->unsettled_count; i++) {
        printf("sent %zu\n", peer->unsettled[i]);
    }
    peer->unsettled_count = 0;
}

static void
put_row(struct peer *peer, size_t index)
{
    struct row *row = &peer->server->rows[index];
    row->was_sent = true;
    put_text(peer, row->text, row->len);
    if (!peer->server->is_ws) {
        if (peer->unsettled_count == UNSETTLED_MAX) {
            abort(); // more at once than this server ever sends
        }
        peer->unsettled[peer->unsettled_count++] = index;
    }
    peer->sent_at = virtual_time_wall();
}

static void
hang_up(struct server *server)
{
    bufferevent_free(server->peer->stream);
    free(server->peer);
    server->peer = NULL;
}

// What is due goes out; then the time of the next row or heartbeat is set.
static void
on_tick(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct server *server = context;
    struct peer *peer = server->peer;
    usec now = virtual_time_wall();
    while (server->due < server->row_count && server->rows[server->due].time <= now) {
        server->due++;
    }
    if (peer != NULL && peer->unsettled_count != 0 && now >= peer->sent_at + SETTLE) {
        settle(peer);
    }
    bool is_flowing = peer != NULL && peer->is_open && !peer->is_silent;
    while (is_flowing && now >= peer->held_until && peer->next < server->due) {
        put_row(peer, peer->next++);
    }
    if (is_flowing && !server->is_ws && now >= peer->sent_at + HEARTBEAT) {
        put(peer, "2\r\n\r\n\r\n", 7);
        peer->sent_at = now;
    }
    usec next = server->due < server->row_count ? server->rows[server->due].time
                                                : now + HEARTBEAT;
    if (peer != NULL && peer->unsettled_count != 0 && next > peer->sent_at + SETTLE) {
        next = peer->sent_at + SETTLE;
    }
    at(server->tick, next);
}

// ── answering ──────────────────────────────────────────────────────────────

static void
refuse(struct peer *peer, enum fault fault)
{
    char text[512];
    const char *status = fault == FAULT_BUSY    ? "503 Busy"
                         : fault == FAULT_MOVED ? "302 Found"
                                                : "429 Slow";
    char more[96] = "";
    if (fault == FAULT_LIMIT) {
        snprintf(more, sizeof(more), "x-rate-limit-reset: %" PRId64 "\r\n",
                 virtual_time_wall() / USEC_PER_S + 61);
    } else if (fault == FAULT_MOVED) {
        snprintf(more, sizeof(more), "Location: http://127.0.0.1:1/\r\n");
    }
    const char *body = fault == FAULT_LINGER
                           ? "{\"title\":\"ConnectionException\",\"connection_issue\":"
                             "\"TooManyConnections\"}"
                           : "";
    int len =
        snprintf(text, sizeof(text), "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s",
                 status, more, strlen(body), body);
    put(peer, text, (size_t)len);
}

// The first row from the cursor on; without one, what is still to come.
static size_t
first_row(const struct server *server, const char *request)
{
    const char *found = strstr(request, "cursor=");
    if (!server->is_ws || found == NULL) {
        return server->due;
    }
    usec cursor = strtoll(found + strlen("cursor="), NULL, 10);
    size_t low = 0;
    size_t high = server->due;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (server->rows[middle].time < cursor) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void
accept_ws(struct peer *peer, const char *request)
{
    static const char name[] = "Sec-WebSocket-Key: ";
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    const char *key = strstr(request, name);
    unsigned char digest[SHA_DIGEST_LENGTH];
    char accept[2 * SHA_DIGEST_LENGTH] = "";
    char text[256];
    if (key == NULL) {
        abort();
    }
    int joined = snprintf(text, sizeof(text), "%.24s%s", key + sizeof(name) - 1, guid);
    SHA1((const unsigned char *)text, (size_t)joined, digest);
    EVP_EncodeBlock((unsigned char *)accept, digest, sizeof(digest));
    int len = snprintf(text, sizeof(text),
                       "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: "
                       "Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                       accept);
    put(peer, text, (size_t)len);
}

static void
answer(struct peer *peer, const char *request)
{
    struct server *server = peer->server;
    if (server->pending_left != 0) {
        server->pending_left--;
        peer->is_silent = true;
        if (server->pending != FAULT_MUTE) {
            refuse(peer, server->pending);
        }
        return;
    }
    if (server->is_ws) {
        accept_ws(peer, request);
    } else {
        static const char head[] =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\r\n\r\n";
        put(peer, head, sizeof(head) - 1);
    }
    peer->is_open = true;
    peer->next = first_row(server, request);
    at(server->tick, 0);
}

// Frames of a client are small here: pings are answered, a close is answered.
static void
read_frames(struct peer *peer, struct evbuffer *input)
{
    unsigned char head[6];
    while (evbuffer_copyout(input, head, sizeof(head)) == sizeof(head)) {
        size_t len = head[1] & 0x7f;
        char text[126];
        if (evbuffer_get_length(input) < sizeof(head) + len) {
            return;
        }
        evbuffer_drain(input, sizeof(head));
        evbuffer_remove(input, text, len);
        for (size_t i = 0; i < len; i++) {
            text[i] = (char)(text[i] ^ head[2 + i % 4]);
        }
        unsigned opcode = head[0] & 0x0f;
        if ((opcode == 9 || opcode == 8) && !peer->is_silent) {
            put_frame(peer, 0x80 | (opcode == 9 ? 10 : 8), text, len);
        }
    }
}

static void
on_read(struct bufferevent *stream, void *context)
{
    struct peer *peer = context;
    struct evbuffer *input = bufferevent_get_input(stream);
    if (peer->is_open) {
        if (peer->server->is_ws) {
            read_frames(peer, input);
        }
        return;
    }
    struct evbuffer_ptr end = evbuffer_search(input, "\r\n\r\n", 4, NULL);
    if (end.pos < 0) {
        return;
    }
    char request[TEXT_MAX] = "";
    evbuffer_remove(input, request, (size_t)end.pos + 4);
    answer(peer, request);
}

// The client has left. A reset means that it left without reading what was just sent.
static void
on_end(struct bufferevent *stream, short what, void *context)
{
    (void)stream;
    struct peer *peer = context;
    if ((what & BEV_EVENT_ERROR) == 0) {
        settle(peer);
    }
    hang_up(peer->server);
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
          int len, void *context)
{
    (void)listener;
    (void)address;
    (void)len;
    struct server *server = context;
    server->connections++;
    if (server->peer != NULL) {
        abort(); // the source never has two connections
    }
    struct peer *peer = calloc(1, sizeof(*peer));
    peer->server = server;
    peer->stream = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(peer->stream, on_read, NULL, on_end, peer);
    bufferevent_enable(peer->stream, EV_READ | EV_WRITE);
    server->peer = peer;
}

// ── faults ─────────────────────────────────────────────────────────────────

static void
resend(struct peer *peer, size_t count)
{
    size_t from = peer->next > count ? peer->next - count : 0;
    for (size_t i = from; i < peer->next; i++) {
        if (peer->server->rows[i].was_sent) {
            put_row(peer, i);
        }
    }
}

static void
close_peer(struct peer *peer, enum fault fault)
{
    static const char codes[][2] = {"\x03\xe8", "\x03\xe9",
                                    "\x03\xf3"}; // 1000 1001 1011
    struct server *server = peer->server;
    const struct row *row = &server->rows[roll(server, server->row_count)];
    int socket = bufferevent_getfd(peer->stream);
    struct linger linger = {fault == FAULT_RESET, 0};
    char bytes[TEXT_MAX];
    int len = 0;
    if (fault == FAULT_CUT) {
        len = server->is_ws ? snprintf(bytes, sizeof(bytes), "\x81\x7d%.40s", row->text)
                            : snprintf(bytes, sizeof(bytes), "%zx\r\n%.*s",
                                       row->len + 2, (int)(row->len / 2), row->text);
    } else if (fault == FAULT_END && server->is_ws) {
        len = snprintf(bytes, sizeof(bytes), "\x88\x02%.2s", codes[roll(server, 3)]);
    } else if (fault == FAULT_END) {
        len = snprintf(bytes, sizeof(bytes), "0\r\n\r\n");
    }
    if (len > 0 && send(socket, bytes, (size_t)len, MSG_NOSIGNAL) != len) {
        abort(); // a little always fits
    }
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    settle(peer);
    hang_up(server);
}

static void
break_stream(struct peer *peer, enum fault fault)
{
    static const char breach[][2] = {"\x83\x00", "\xc1\x00", "\x01\x80"};
    struct server *server = peer->server;
    if (fault == FAULT_SILENCE) {
        peer->is_silent = true;
    } else if (fault == FAULT_HOLD) {
        peer->held_until = virtual_time_wall() + HOLD;
    } else if (fault == FAULT_AGAIN || fault == FAULT_HOUR) {
        resend(peer, fault == FAULT_AGAIN ? AGAIN : HOUR);
    } else if (fault == FAULT_BREACH) {
        peer->is_silent = true;
        put(peer, server->is_ws ? breach[roll(server, 3)] : "zz\r\n",
            server->is_ws ? 2 : 4);
    } else {
        close_peer(peer, fault);
    }
}

static void
on_trouble(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct server *server = context;
    struct peer *peer = server->peer;
    usec now = virtual_time_wall();
    if (now >= server->rows[server->row_count - 1].time - CALM) {
        return;
    }
    if (peer != NULL && peer->unsettled_count != 0) {
        at(server->trouble, peer->sent_at + SETTLE + USEC_PER_MS);
        return;
    }
    at(server->trouble, now + FAULT_EVERY);
    enum fault fault = (enum fault)roll(server, FAULT_COUNT);
    bool is_flowing = peer != NULL && peer->is_open && !peer->is_silent;
    server->faults[fault]++;
    if (fault >= FAULT_BUSY) {
        server->pending = fault;
        server->pending_left = 1 + (unsigned)roll(server, 2);
        fault = is_flowing ? FAULT_END : FAULT_COUNT;
    }
    if (is_flowing && fault != FAULT_COUNT) {
        break_stream(peer, fault);
    }
}

// ── the source ─────────────────────────────────────────────────────────────

static bool
on_message(void *context, const struct source_message *message)
{
    (void)context;
    printf("message %.*s\n", SLICE_ARG(message->data));
    return true;
}

static void
on_state(void *context, enum source_state state, const struct error *error)
{
    (void)context;
    if (state == SOURCE_FAILED) {
        printf("failed %s\n", error->text);
    }
}

static void
on_gap(void *context, const struct source_gap *gap)
{
    (void)context;
    if (gap->to != USEC_NONE) {
        printf("gap %" PRId64 " %" PRId64 " %s %d\n", gap->from / USEC_PER_MS,
               gap->to / USEC_PER_MS, gap->reason, gap->is_recovered);
    }
}

static bool
read_rows(struct server *server, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *line = NULL;
    size_t room = 0;
    size_t rows_room = 0;
    ssize_t len;
    while (file != NULL && (len = getline(&line, &room, file)) > 0) {
        char *text = strchr(line, '\t');
        if (server->row_count == rows_room) {
            rows_room = 2 * rows_room + 1024;
            server->rows = realloc(server->rows, rows_room * sizeof(*server->rows));
        }
        if (text == NULL || server->rows == NULL) {
            break;
        }
        line[len - 1] = '\0';
        struct row *row = &server->rows[server->row_count++];
        *row = (struct row){strtoll(line, NULL, 10), strdup(text + 1),
                            (size_t)(line + len - 1 - (text + 1)), false};
    }
    free(line);
    if (file != NULL) {
        fclose(file);
    }
    return server->row_count != 0;
}

static bool
start_server(struct server *server, uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    server->listener =
        evconnlistener_new_bind(server->base, on_accept, server, LEV_OPT_CLOSE_ON_FREE,
                                16, (struct sockaddr *)&address, sizeof(address));
    if (server->listener == NULL ||
        getsockname(evconnlistener_get_fd(server->listener),
                    (struct sockaddr *)&address, &len) != 0) {
        return false;
    }
    *ret_port = ntohs(address.sin_port);
    server->tick = evtimer_new(server->base, on_tick, server);
    server->trouble = evtimer_new(server->base, on_trouble, server);
    at(server->tick, 0);
    at(server->trouble, virtual_time_wall() + FAULT_EVERY);
    return true;
}

static int
run(struct server *server, const struct source_options *options)
{
    struct error error = {.code = STATUS_OK};
    struct source *source = NULL;
    struct source_setup setup = {
        .base = server->base,
        .options = options,
        .callbacks = {on_message, on_state, on_gap, NULL},
        .wall = virtual_time_wall,
        .monotonic = virtual_time_monotonic,
        .missed_from = USEC_NONE,
        .seed = server->dice,
    };
    if (source_options_check(options, &error) != STATUS_OK ||
        http_client_create(server->base, &setup.client, &error) != STATUS_OK ||
        source_open(&setup, &source, &error) != STATUS_OK) {
        fprintf(stderr, "virtual_source_drive: %s\n", error.text);
        return 70;
    }
    usec span =
        server->rows[server->row_count - 1].time - virtual_time_wall() + HEARTBEAT;
    struct timeval most = {span / USEC_PER_S, 0};
    source_start(source);
    event_base_loopexit(server->base, &most);
    event_base_dispatch(server->base);
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        printf("fault %s %" PRIu64 "\n", fault_names[i], server->faults[i]);
    }
    printf("end %" PRIu64 " %s\n", server->connections,
           source_state_name(source_state_of(source)));
    source_destroy(&source);
    http_client_destroy(&setup.client);
    return 0;
}

int
main(int argc, char **argv)
{
    static struct server server;
    struct source_options options = {.name = "day"};
    if (argc != 4) {
        fputs("usage: virtual_source_drive http|ws EVENTS SEED\n", stderr);
        return 64;
    }
    server.is_ws = strcmp(argv[1], "ws") == 0;
    server.dice = 2 * strtoull(argv[3], NULL, 10) + 1;
    if (!read_rows(&server, argv[2])) {
        fprintf(stderr, "virtual_source_drive: %s: nothing to send\n", argv[2]);
        return 66;
    }
    signal(SIGPIPE, SIG_IGN);
    virtual_time_set(server.rows[0].time - USEC_PER_S);
    server.base = event_base_new();
    uint16_t port;
    option_presets(source_option_rows, &options);
    if (server.base == NULL || !start_server(&server, &port)) {
        return 71;
    }
    snprintf(options.url, sizeof(options.url), "%s://127.0.0.1:%u/%s", argv[1], port,
             server.is_ws ? "subscribe" : "2/tweets/search/stream");
    int code = run(&server, &options);
    if (server.peer != NULL) {
        hang_up(&server);
    }
    evconnlistener_free(server.listener);
    event_free(server.tick);
    event_free(server.trouble);
    event_base_free(server.base);
    for (size_t i = 0; i < server.row_count; i++) {
        free(server.rows[i].text);
    }
    free(server.rows);
    return code;
}
