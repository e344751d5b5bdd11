#include "net/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/redact.h"

static const struct {
    const char *name;
    bool is_tls;
    bool is_websocket;
    uint16_t port;
} schemes[] = {
    {"https", true, false, 443},
    {"http", false, false, 80},
    {"wss", true, true, 443},
    {"ws", false, true, 80},
};

static struct slice
slice_from(struct slice text, size_t start)
{
    return (struct slice){text.ptr + start, text.len - start};
}

static size_t
find(struct slice text, const char *any)
{
    size_t at = 0;
    while (at < text.len && strchr(any, text.ptr[at]) == NULL) {
        at++;
    }
    return at;
}

static bool
parse_port(struct slice text, uint16_t *ret_port)
{
    uint32_t port = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || port > UINT16_MAX) {
            return false;
        }
        port = 10 * port + (uint32_t)(text.ptr[i] - '0');
    }
    if (text.len == 0 || port == 0 || port > UINT16_MAX) {
        return false;
    }
    *ret_port = (uint16_t)port;
    return true;
}

static bool
is_host(struct slice host, bool is_bracketed)
{
    for (size_t i = 0; i < host.len; i++) {
        unsigned char byte = (unsigned char)host.ptr[i];
        bool is_good = is_bracketed
                           ? isxdigit(byte) || byte == ':' || byte == '.'
                           : isalnum(byte) || byte == '-' || byte == '.' || byte == '_';
        if (!is_good) {
            return false;
        }
    }
    return host.len > 0 && host.len < URL_HOST_MAX;
}

enum status
url_parse_host(struct slice text, struct url *ret_url, struct error *error)
{
    bool is_bracketed = text.len > 0 && text.ptr[0] == '[';
    struct slice host = text;
    struct slice rest;
    if (is_bracketed) {
        host = slice_from(text, 1);
        size_t end = find(host, "]");
        rest = slice_from(host, end < host.len ? end + 1 : end);
        // Without its other half it is no host.
        host.len = end < host.len ? end : 0;
    } else {
        host.len = find(text, ":");
        rest = slice_from(text, host.len);
    }
    uint16_t port = ret_url->port;
    bool is_port =
        rest.len == 0 || (rest.ptr[0] == ':' && parse_port(slice_from(rest, 1), &port));
    if (!is_host(host, is_bracketed) || !is_port) {
        char shown[REDACT_MAX];
        return error_set(error, STATUS_PARSE,
                         "\"%s\" is not host, host:port or [address]:port",
                         redact(text, shown));
    }
    memcpy(ret_url->host, host.ptr, host.len);
    ret_url->host[host.len] = '\0';
    ret_url->port = port;
    return STATUS_OK;
}

static bool
has_control(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] <= ' ' || text.ptr[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

enum status
url_parse(struct slice text, struct url *ret_url, struct error *error)
{
    struct url url = {.port = 0};
    size_t len = find(text, ":");
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        const char *name = schemes[i].name;
        if (len == strlen(name) && strncasecmp(text.ptr, name, len) == 0) {
            memcpy(url.scheme, name, len + 1);
            url.is_tls = schemes[i].is_tls;
            url.is_websocket = schemes[i].is_websocket;
            url.port = schemes[i].port;
        }
    }
    struct slice rest = slice_from(text, len);
    if (url.port == 0 || !slice_starts(rest, SLICE_LIT("://"))) {
        return error_set(error, STATUS_PARSE,
                         "an address starts with https://, wss://, http:// or ws://");
    }
    if (has_control(text)) {
        return error_set(error, STATUS_PARSE,
                         "an address holds no spaces and no control characters");
    }
    rest = slice_from(rest, 3);
    struct slice host = {rest.ptr, find(rest, "/?#")};
    url.path = slice_from(rest, host.len);
    if (find(host, "@") < host.len) {
        return error_set(error, STATUS_PARSE,
                         "an address holds no user or password: use token_file");
    }
    if (find(url.path, "#") < url.path.len) {
        return error_set(error, STATUS_PARSE, "an address holds no '#'");
    }
    // What stands where the host should may be part of a password.
    if (url_parse_host(host, &url, NULL) != STATUS_OK) {
        return error_set(error, STATUS_PARSE,
                         "behind :// there is not host, host:port or [address]:port");
    }
    *ret_url = url;
    return STATUS_OK;
}

void
url_host_text(const struct url *url, char text[URL_TEXT_MAX])
{
    bool is_six = strchr(url->host, ':') != NULL;
    char port[8] = "";
    if (url->port != (url->is_tls ? 443 : 80)) {
        snprintf(port, sizeof(port), ":%u", (unsigned)url->port);
    }
    snprintf(text, URL_TEXT_MAX, "%s%s%s%s", is_six ? "[" : "", url->host,
             is_six ? "]" : "", port);
}

bool
url_is_loopback(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, host, &four) == 1) {
        return (ntohl(four.s_addr) >> 24) == 127;
    }
    if (inet_pton(AF_INET6, host, &six) == 1) {
        return memcmp(&six, &in6addr_loopback, sizeof(six)) == 0;
    }
    return strcasecmp(host, "localhost") == 0;
}

struct slice
url_next_host(struct slice *rest)
{
    struct slice entry = {rest->ptr, find(*rest, ",")};
    if (rest->len == 0) {
        return SLICE_NONE;
    }
    *rest = slice_from(*rest, entry.len < rest->len ? entry.len + 1 : entry.len);
    while (entry.len > 0 && entry.ptr[0] == ' ') {
        entry = slice_from(entry, 1);
    }
    while (entry.len > 0 && entry.ptr[entry.len - 1] == ' ') {
        entry.len--;
    }
    return entry;
}
