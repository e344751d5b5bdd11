// A server on loopback that gives one client all lines of a file, then waits until the
// client is gone: each line a message of a WebSocket (ws), or a chunk of an answer of
// HTTP without end (http). Frames are made beforehand: what it takes is send().
//
// Without a rate everything is sent as fast as it is taken. With one, message i is due
// i / rate seconds after the start, and those due are sent every millisecond; what a
// slow client holds up is sent once it can be, so delays count from when it was due.
//
// Prints its port, and then when it started to send: nanoseconds of CLOCK_MONOTONIC.
//
// usage: feeder ws|http FILE [MESSAGES_PER_S]
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum {
    FRAME_MAX = 24,       // bytes around one message
    SEND_MAX = 1 << 20,   // bytes at once
    HEAD_MAX = 1 << 14,   // of the client's request
    TICK_NS = 1000 * 1000 // between two sends of a paced stream
};

struct frames {
    char *bytes;
    size_t *ends; // of each message in bytes
    size_t count;
    bool is_ws;
};

static int64_t
now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static _Noreturn void
fail(const char *what)
{
    perror(what);
    exit(EX_OSERR);
}

static char *
read_file(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        fail(path);
    }
    size_t size = (size_t)ftell(file);
    char *bytes = malloc(size + 1);
    rewind(file);
    if (bytes == NULL || fread(bytes, 1, size, file) != size) {
        fail(path);
    }
    fclose(file);
    bytes[size] = '\0';
    *ret_size = size;
    return bytes;
}

// An unmasked text frame of RFC 6455, section 5.2.
static char *
frame_ws(char *at, const char *text, size_t length)
{
    *at++ = (char)0x81;
    if (length < 126) {
        *at++ = (char)length;
    } else {
        int bytes = length < 65536 ? 2 : 8;
        *at++ = bytes == 2 ? 126 : 127;
        for (int i = bytes - 1; i >= 0; i--) {
            *at++ = (char)(length >> (8 * i));
        }
    }
    memcpy(at, text, length);
    return at + length;
}

static char *
frame_http(char *at, const char *text, size_t length)
{
    return at + sprintf(at, "%zx\r\n%.*s\r\n\r\n", length + 2, (int)length, text);
}

static void
frames_init(struct frames *frames, const char *path)
{
    size_t size;
    char *text = read_file(path, &size);
    size_t lines = 1;
    for (size_t i = 0; i < size; i++) {
        lines += text[i] == '\n';
    }
    frames->bytes = malloc(size + lines * FRAME_MAX);
    frames->ends = calloc(lines, sizeof(*frames->ends));
    if (frames->bytes == NULL || frames->ends == NULL) {
        fail("memory");
    }
    char *at = frames->bytes;
    for (const char *line = text; line < text + size;) {
        size_t length = strcspn(line, "\r\n");
        if (length != 0) {
            at = (frames->is_ws ? frame_ws : frame_http)(at, line, length);
            frames->ends[frames->count++] = (size_t)(at - frames->bytes);
        }
        line += length + 1;
    }
    free(text);
    if (frames->count == 0) {
        errno = ENODATA;
        fail(path);
    }
}

static int
listen_on_loopback(void)
{
    int server = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    if (server < 0 || bind(server, (struct sockaddr *)&address, length) != 0 ||
        listen(server, 1) != 0 ||
        getsockname(server, (struct sockaddr *)&address, &length) != 0) {
        fail("listen");
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return server;
}

// The client's head; false if it leaves before that.
static bool
read_head(int peer, char head[HEAD_MAX])
{
    size_t used = 0;
    head[0] = '\0';
    while (strstr(head, "\r\n\r\n") == NULL) {
        ssize_t got = recv(peer, head + used, HEAD_MAX - 1 - used, 0);
        if (got <= 0) {
            return false;
        }
        used += (size_t)got;
        head[used] = '\0';
    }
    return true;
}

static bool
send_all(int peer, const char *bytes, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        size_t part = size - sent < SEND_MAX ? size - sent : SEND_MAX;
        ssize_t took = send(peer, bytes + sent, part, MSG_NOSIGNAL);
        if (took < 0) {
            return false;
        }
        sent += (size_t)took;
    }
    return true;
}

static bool
answer_ws(int peer, const char *head)
{
    static const char name[] = "Sec-WebSocket-Key: ";
    const char *key = strstr(head, name);
    if (key == NULL) {
        return false;
    }
    key += sizeof(name) - 1;
    char text[128];
    unsigned char digest[SHA_DIGEST_LENGTH];
    unsigned char accept[64];
    int length =
        snprintf(text, sizeof(text), "%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
                 (int)strcspn(key, "\r"), key);
    SHA1((const unsigned char *)text, (size_t)length, digest);
    EVP_EncodeBlock(accept, digest, sizeof(digest));
    char answer[256];
    length = snprintf(answer, sizeof(answer),
                      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                      "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                      (char *)accept);
    return send_all(peer, answer, (size_t)length);
}

static bool
answer_http(int peer)
{
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    return send_all(peer, answer, sizeof(answer) - 1);
}

static bool
send_paced(int peer, const struct frames *frames, double rate, int64_t start)
{
    size_t from = 0;
    for (size_t sent = 0; sent < frames->count;) {
        double due = (double)(now_ns() - start) * 1e-9 * rate;
        while (sent < frames->count && (double)sent <= due) {
            sent++;
        }
        size_t to = sent != 0 ? frames->ends[sent - 1] : 0;
        if (!send_all(peer, frames->bytes + from, to - from)) {
            return false;
        }
        from = to;
        nanosleep(&(struct timespec){.tv_nsec = TICK_NS}, NULL);
    }
    return true;
}

static bool
serve(int peer, const struct frames *frames, double rate)
{
    char head[HEAD_MAX];
    int on = 1;
    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (!read_head(peer, head) ||
        !(frames->is_ws ? answer_ws(peer, head) : answer_http(peer))) {
        return false;
    }
    int64_t start = now_ns();
    printf("%" PRId64 "\n", start);
    fflush(stdout);
    bool is_sent = rate > 0
                       ? send_paced(peer, frames, rate, start)
                       : send_all(peer, frames->bytes, frames->ends[frames->count - 1]);
    while (is_sent && recv(peer, head, sizeof(head), 0) > 0) {
    }
    return is_sent;
}

int
main(int argc, char **argv)
{
    struct frames frames = {.is_ws = argc > 1 && strcmp(argv[1], "ws") == 0};
    if (argc < 3 || argc > 4 || (!frames.is_ws && strcmp(argv[1], "http") != 0)) {
        fputs("usage: feeder ws|http FILE [MESSAGES_PER_S]\n", stderr);
        return EX_USAGE;
    }
    frames_init(&frames, argv[2]);
    int peer = accept(listen_on_loopback(), NULL, NULL);
    if (peer < 0) {
        fail("accept");
    }
    bool is_served = serve(peer, &frames, argc == 4 ? strtod(argv[3], NULL) : 0);
    close(peer);
    free(frames.bytes);
    free(frames.ends);
    return is_served ? 0 : EX_IOERR;
}
