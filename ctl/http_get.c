#include "ctl/http_get.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { HOST_MAX = 256, PORT_MAX = 8, HEAD_MAX = 16384, PIECE = 1 << 14 };

#define SCHEME "http://"

struct place {
    char authority[HOST_MAX + PORT_MAX + 4]; // as in the address, for Host
    char host[HOST_MAX];
    char port[PORT_MAX];
};

static enum status
read_place(const char *url, struct place *place, struct error *error)
{
    const char *host = url + strlen(SCHEME);
    size_t length = strncmp(url, SCHEME, strlen(SCHEME)) == 0 ? strcspn(host, "/") : 0;
    if (length == 0 || length >= HOST_MAX || strchr(host, '@') != NULL) {
        return error_set(error, STATUS_PARSE,
                         "--http: write the address as http://127.0.0.1:7787");
    }
    (void)snprintf(place->authority, sizeof place->authority, "%.*s", (int)length,
                   host);
    const char *colon = strrchr(place->authority, ':');
    const char *bracket = strrchr(place->authority, ']');
    size_t end = length;
    (void)snprintf(place->port, sizeof place->port, "80");
    if (colon != NULL && (bracket == NULL || colon > bracket)) {
        end = (size_t)(colon - place->authority);
        (void)snprintf(place->port, sizeof place->port, "%.*s", PORT_MAX - 1,
                       colon + 1);
    }
    bool is_bracketed = host[0] == '[' && end > 2;
    (void)snprintf(place->host, sizeof place->host, "%.*s",
                   (int)(end - (is_bracketed ? 2 : 0)), host + is_bracketed);
    return STATUS_OK;
}

static int
open_socket(const struct place *place, usec span, struct error *error)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    struct timeval wait = {(time_t)(span / USEC_PER_S),
                           (suseconds_t)(span % USEC_PER_S)};
    struct addrinfo *found = NULL;
    int fd = -1;
    int result = getaddrinfo(place->host, place->port, &wanted, &found);
    if (result != 0) {
        (void)error_set(error, STATUS_IO, "%s", gai_strerror(result));
        return -1;
    }
    for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
        if (fd < 0) {
            continue;
        }
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
        if (connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            int reason = errno;
            (void)close(fd);
            errno = reason;
            fd = -1;
        }
    }
    if (fd < 0) {
        (void)error_set(error, STATUS_IO, "%s",
                        errno == EINPROGRESS ? "no answer" : strerror(errno));
    }
    freeaddrinfo(found);
    return fd;
}

static enum status
send_all(int fd, struct slice text, struct error *error)
{
    while (text.len != 0) {
        ssize_t sent = send(fd, text.ptr, text.len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return error_set(error, STATUS_IO, "%s", strerror(errno));
        }
        sent = sent > 0 ? sent : 0;
        text = (struct slice){text.ptr + sent, text.len - (size_t)sent};
    }
    return STATUS_OK;
}

static enum status
read_all(int fd, struct buffer *answer, struct error *error)
{
    char piece[PIECE];
    ssize_t got = 0;
    while ((got = recv(fd, piece, sizeof piece, 0)) != 0) {
        if (got < 0 && errno != EINTR) {
            return error_set(error, STATUS_IO, "%s",
                             errno == EAGAIN || errno == EWOULDBLOCK ? "no answer"
                                                                     : strerror(errno));
        }
        if (got > 0) {
            buffer_append(answer, (struct slice){piece, (size_t)got});
        }
    }
    return answer->is_failed ? error_set(error, STATUS_FULL, "the answer is too long")
                             : STATUS_OK;
}

// "HTTP/1.1 200 OK", headers, an empty line, the body.
static enum status
split(const struct buffer *answer, struct buffer *body, int *ret_code,
      struct error *error)
{
    const struct slice text = buffer_text(answer);
    char head[HEAD_MAX];
    size_t length = text.len < sizeof head - 1 ? text.len : sizeof head - 1;
    memcpy(head, text.ptr, length);
    head[length] = '\0';
    const char *end = strstr(head, "\r\n\r\n");
    if (strncmp(head, "HTTP/1.1 ", 9) != 0 || end == NULL) {
        return error_set(error, STATUS_IO, "it does not answer as cascaded does");
    }
    size_t start = (size_t)(end - head) + 4;
    *ret_code = (int)strtol(head + 9, NULL, 10);
    buffer_append(body, (struct slice){text.ptr + start, text.len - start});
    return STATUS_OK;
}

enum status
http_get(const char *url, const char *path, usec span, struct buffer *body,
         int *ret_code, struct error *error)
{
    struct place place;
    struct buffer text;
    enum status status = read_place(url, &place, error);
    int fd = status == STATUS_OK ? open_socket(&place, span, error) : -1;
    if (fd < 0) {
        return status == STATUS_OK ? STATUS_IO : status;
    }
    buffer_init(&text, body->limit + HEAD_MAX);
    buffer_append(&text, SLICE_LIT("GET "));
    buffer_append(&text, slice_of(path));
    buffer_append(&text, SLICE_LIT(" HTTP/1.1\r\nHost: "));
    buffer_append(&text, slice_of(place.authority));
    buffer_append(&text, SLICE_LIT("\r\nConnection: close\r\n\r\n"));
    status = send_all(fd, buffer_text(&text), error);
    buffer_reset(&text);
    if (status == STATUS_OK) {
        status = read_all(fd, &text, error);
    }
    if (status == STATUS_OK) {
        status = split(&text, body, ret_code, error);
    }
    (void)close(fd);
    buffer_fini(&text);
    return status;
}
