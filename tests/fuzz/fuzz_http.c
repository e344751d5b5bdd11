// The way of a request: whatever bytes a client sends, in two parts, the real server
// answers with a whole head or closes the connection, and answers the next client.
//
// The first byte says where the bytes are cut; the rest is what the client sends.
#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sinks/http/http_files.h"
#include "sinks/http/http_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TURNS = 12, CHECK_EVERY = 64, TURNS_OF_CHECK = 10000, DIALS = 1000 };

#define HEALTH "GET /page/icon.svg HTTP/1.1\r\nHost: localhost\r\n\r\n"

static struct event_base *base;
static struct http_server *server;
static struct http_files files;

static bool
find_board(void *context, struct slice name, uint16_t *ret_board)
{
    (void)context;
    *ret_board = (uint16_t)(name.len % EVENT_RING_BOARDS_MAX);
    return name.len < 8;
}

static enum status
on_posts(void *context, struct slice body, struct http_posts_result *ret_result)
{
    (void)context;
    ret_result->accepted = body.len;
    return STATUS_OK;
}

static void
start(void)
{
    static struct http_pages pages[2];
    const struct http_options options = {
        .listen = "127.0.0.1:0", .max_body = 4096, .timeout = 10 * USEC_PER_S};
    base = event_base_new();
    struct http_events *events = http_events_create(
        &(struct http_events_setup){base, HTTP_EVENTS_BEAT, find_board, NULL});
    http_files_init(&files, &(struct http_files_setup){.files = http_files_embedded});
    pages[0] = (struct http_pages){http_files_pages, &files};
    pages[1] = (struct http_pages){http_events_pages, events};
    const struct http_server_setup setup = {.base = base,
                                            .options = &options,
                                            .pages = pages,
                                            .pages_count = 2,
                                            .events = events,
                                            .on_posts = on_posts};
    if (http_server_create(&setup, &server, NULL) != STATUS_OK) {
        abort();
    }
}

// -1: the system refuses it for now; a timer of the fuzzer may interrupt the call.
static int
try_to_dial(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(http_server_port(server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct linger linger = {1, 0}; // no descriptor waits for the peer's end
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 ||
        connect(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)) !=
            0 ||
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int
dial(void)
{
    for (int i = 0; i < DIALS; i++) {
        int fd = try_to_dial();
        if (fd >= 0) {
            return fd;
        }
        event_base_loop(base, EVLOOP_NONBLOCK);
    }
    perror("no connection to the server");
    abort();
}

static void
pass_on(int fd, const char *bytes, size_t size)
{
    ssize_t sent = send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)sent; // the server may have closed it
    event_base_loop(base, EVLOOP_NONBLOCK);
}

// What an answer begins with, or nothing within that many turns.
static ssize_t
receive(int fd, char *head, size_t size, int turns)
{
    ssize_t got = -1;
    for (int i = 0; i < turns && got < 0; i++) {
        event_base_loop(base, EVLOOP_NONBLOCK);
        got = recv(fd, head, size, MSG_DONTWAIT);
    }
    return got;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint64_t runs;
    char head[16];
    if (size == 0) {
        return 0;
    }
    if (server == NULL) {
        start();
    }
    const char *bytes = (const char *)data + 1;
    size--;
    size_t cut = size != 0 ? data[0] % (size + 1) : 0;
    int fd = dial();
    pass_on(fd, bytes, cut);
    pass_on(fd, bytes + cut, size - cut);
    ssize_t got = receive(fd, head, sizeof(head), TURNS);
    if (got > 0 && (got < 12 || memcmp(head, "HTTP/1.", 7) != 0)) {
        abort();
    }
    close(fd);
    event_base_loop(base, EVLOOP_NONBLOCK);
    if (runs++ % CHECK_EVERY == 0) {
        fd = dial();
        pass_on(fd, HEALTH, sizeof(HEALTH) - 1);
        got = receive(fd, head, sizeof(head), TURNS_OF_CHECK);
        if (got < 12 || memcmp(head, "HTTP/1.1 200", 12) != 0) {
            abort();
        }
        close(fd);
    }
    return 0;
}
