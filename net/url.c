#include "net/url.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/decimal.h"
#include "base/redact.h"

static const struct {
    const char *name;
    enum url_kind kind;
    bool is_tls;
    uint16_t port;
} schemes[] = {
    {"https", URL_HTTP, true, 443},    {"http", URL_HTTP, false, 80},
    {"wss", URL_WEBSOCKET, true, 443}, {"ws", URL_WEBSOCKET, false, 80},
    {"kafkas", URL_KAFKA, true, 9093}, {"kafka", URL_KAFKA, false, 9092},
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
    while (at < text.len &&
           (text.ptr[at] == '\0' || strchr(any, text.ptr[at]) == NULL)) {
        at++;
    }
    return at;
}

struct url_parts
url_split(struct slice text, const char *ends)
{
    struct url_parts parts = {.scheme = {text.ptr, find(text, ":")}};
    struct slice rest = slice_from(text, parts.scheme.len);
    if (!slice_starts(rest, SLICE_LIT("://"))) {
        return (struct url_parts){.scheme = SLICE_NONE};
    }
    rest = slice_from(rest, 3);
    parts.host = (struct slice){rest.ptr, find(rest, ends)};
    parts.rest = slice_from(rest, parts.host.len);
    for (size_t i = parts.host.len; i-- > 0;) {
        if (parts.host.ptr[i] == '@') {
            parts.user = (struct slice){parts.host.ptr, i};
            parts.host = slice_from(parts.host, i + 1);
            break;
        }
    }
    return parts;
}

// ── hosts ──────────────────────────────────────────────────────────────────

bool
url_port_parse(struct slice text, uint16_t *ret_port)
{
    uint64_t port;
    if (!decimal_parse_whole(text, &port) || port == 0 || port > UINT16_MAX) {
        return false;
    }
    *ret_port = (uint16_t)port;
    return true;
}

static enum url_fault
check_name(struct slice host)
{
    if (host.len == 0 || host.len >= URL_HOST_MAX) {
        return URL_NO_HOST;
    }
    for (size_t i = 0; i < host.len; i++) {
        char byte = host.ptr[i];
        bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        bool is_digit = byte >= '0' && byte <= '9';
        if (!is_letter && !is_digit && byte != '-' && byte != '.' && byte != '_') {
            return URL_BAD_NAME;
        }
    }
    return URL_GOOD;
}

static enum url_fault
check_six(struct slice host)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (host.len == 0 || host.len >= sizeof(text)) {
        return URL_BAD_SIX;
    }
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    bool is_good = strlen(text) == host.len && inet_pton(AF_INET6, text, &address) == 1;
    return is_good ? URL_GOOD : URL_BAD_SIX;
}

enum url_fault
url_host_parse_bare(struct slice text, char host[URL_HOST_MAX])
{
    bool is_six = find(text, ":") < text.len;
    enum url_fault fault = is_six ? check_six(text) : check_name(text);
    if (fault == URL_GOOD) {
        memcpy(host, text.ptr, text.len);
        host[text.len] = '\0';
    }
    return fault;
}

enum url_fault
url_host_parse(struct slice text, char host[URL_HOST_MAX], uint16_t *port)
{
    bool is_six = text.len > 0 && text.ptr[0] == '[';
    struct slice name = is_six ? slice_from(text, 1) : text;
    name.len = find(name, is_six ? "]" : ":");
    // Without the other bracket it is not an address.
    size_t used = name.len + 2 * (size_t)is_six;
    struct slice rest = used <= text.len ? slice_from(text, used) : SLICE_NONE;
    if (used > text.len) {
        return URL_BAD_SIX;
    }
    enum url_fault fault = is_six ? check_six(name) : check_name(name);
    if (fault != URL_GOOD) {
        return fault;
    }
    if (rest.len != 0 &&
        (rest.ptr[0] != ':' || !url_port_parse(slice_from(rest, 1), port))) {
        return URL_BAD_PORT;
    }
    memcpy(host, name.ptr, name.len);
    host[name.len] = '\0';
    return URL_GOOD;
}

void
url_host_format(const char *host, uint16_t port, char text[URL_TEXT_MAX])
{
    bool is_six = strchr(host, ':') != NULL;
    snprintf(text, URL_TEXT_MAX, "%s%s%s:%u", is_six ? "[" : "", host,
             is_six ? "]" : "", (unsigned)port);
}

// ── texts ──────────────────────────────────────────────────────────────────

static int
hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

enum status
url_decode(struct slice text, char *out, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        if (byte == '%') {
            int high = i + 2 < text.len ? hex_value(text.ptr[i + 1]) : -1;
            int low = high >= 0 ? hex_value(text.ptr[i + 2]) : -1;
            if (low < 0) {
                return STATUS_PARSE;
            }
            byte = (char)(high * 16 + low);
            i += 2;
        }
        if (byte == '\0' || length + 1 >= size) {
            return STATUS_RANGE;
        }
        out[length++] = byte;
    }
    out[length] = '\0';
    return STATUS_OK;
}

// ── HTTP and WebSockets ────────────────────────────────────────────────────

enum status
url_parse_host(struct slice text, struct url *ret_url, struct error *error)
{
    if (url_host_parse(text, ret_url->host, &ret_url->port) != URL_GOOD) {
        char shown[REDACT_MAX];
        return error_set(error, STATUS_PARSE,
                         "\"%s\" is not host, host:port or [address]:port",
                         redact(text, shown));
    }
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
    const struct url_parts parts = url_split(text, "/?#");
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        const char *name = schemes[i].name;
        if (slice_equal_nocase(parts.scheme, slice_of(name))) {
            memcpy(url.scheme, name, strlen(name) + 1);
            url.kind = schemes[i].kind;
            url.is_tls = schemes[i].is_tls;
            url.port = schemes[i].port;
        }
    }
    if (url.port == 0) {
        return error_set(error, STATUS_PARSE,
                         "an address starts with https://, wss://, kafkas://, http://, "
                         "ws:// or kafka://");
    }
    if (has_control(text)) {
        return error_set(error, STATUS_PARSE,
                         "an address cannot contain spaces or control characters");
    }
    if (!slice_is_none(parts.user)) {
        return error_set(
            error, STATUS_PARSE,
            "an address cannot contain a user or a password: use token_file");
    }
    if (find(parts.rest, "#") < parts.rest.len) {
        return error_set(error, STATUS_PARSE, "an address cannot contain '#'");
    }
    url.path = parts.rest;
    // The text in place of the host may be part of a password.
    if (url_host_parse(parts.host, url.host, &url.port) != URL_GOOD) {
        return error_set(error, STATUS_PARSE,
                         ":// must be followed by host, host:port or [address]:port");
    }
    *ret_url = url;
    return STATUS_OK;
}

void
url_host_text(const struct url *url, char text[URL_TEXT_MAX])
{
    url_host_format(url->host, url->port, text);
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (strcmp(schemes[i].name, url->scheme) == 0 && schemes[i].port == url->port) {
            *strrchr(text, ':') = '\0';
        }
    }
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
