#include "sinks/redis_url.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#define FORMS "unix:/path, redis://[user[:password]@]host[:port][/db] or rediss://…"

static struct slice
slice_from(struct slice s, size_t start)
{
    return (struct slice){s.ptr + start, s.len - start};
}

// The part before `at`; *rest becomes what follows the byte there.
static struct slice
slice_cut(struct slice *rest, const char *at)
{
    struct slice head = {rest->ptr, (size_t)(at - rest->ptr)};
    *rest = slice_from(*rest, head.len + 1);
    return head;
}

static const char *
slice_find(struct slice s, char wanted)
{
    return s.len != 0 ? memchr(s.ptr, wanted, s.len) : NULL;
}

static const char *
slice_find_last(struct slice s, char wanted)
{
    for (size_t i = s.len; i-- > 0;) {
        if (s.ptr[i] == wanted) {
            return s.ptr + i;
        }
    }
    return NULL;
}

static int
hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static enum status
decode(struct slice text, char out[REDIS_URL_SECRET_MAX], struct error *error)
{
    size_t length = 0;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        if (byte == '%') {
            int high = i + 2 < text.len ? hex_value(text.ptr[i + 1]) : -1;
            int low = high >= 0 ? hex_value(text.ptr[i + 2]) : -1;
            if (low < 0) {
                return error_set(
                    error, STATUS_PARSE,
                    "after \"%%\" in user or password two hexadecimal digits "
                    "must follow; \"%%\" itself is written %%25");
            }
            byte = (char)(high * 16 + low);
            i += 2;
        }
        if (byte == '\0' || length + 1 >= REDIS_URL_SECRET_MAX) {
            return error_set(
                error, STATUS_RANGE,
                "user and password may have at most %d bytes, none of them zero",
                REDIS_URL_SECRET_MAX - 1);
        }
        out[length++] = byte;
    }
    out[length] = '\0';
    return STATUS_OK;
}

static enum status
parse_number(struct slice text, uint32_t most, uint32_t *ret_number)
{
    uint32_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return STATUS_PARSE;
        }
        number = number * 10 + (uint32_t)(text.ptr[i] - '0');
        if (number > most) {
            return STATUS_RANGE;
        }
    }
    if (text.len == 0) {
        return STATUS_PARSE;
    }
    *ret_number = number;
    return STATUS_OK;
}

static enum status
parse_unix(struct slice path, struct redis_url *url, struct error *error)
{
    size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
    // What would be user and password at a host is no path.
    bool is_host = path.len > 2 && path.ptr[1] == '/' && path.ptr[2] != '/' &&
                   slice_find(path, '@') != NULL;
    if (path.len == 0 || path.ptr[0] != '/' || is_host) {
        return error_set(error, STATUS_PARSE,
                         "after \"unix:\" an absolute path must follow, as in "
                         "unix:/run/redis/redis-server.sock");
    }
    if (path.len > most || slice_find(path, '\0') != NULL) {
        return error_set(error, STATUS_RANGE,
                         "the path of a unix socket may have at most %zu bytes", most);
    }
    url->kind = REDIS_URL_UNIX;
    url->port = 0;
    memcpy(url->host, path.ptr, path.len);
    url->host[path.len] = '\0';
    return STATUS_OK;
}

static enum status
parse_user(struct slice text, struct redis_url *url, struct error *error)
{
    const char *colon = slice_find(text, ':');
    struct slice user = colon != NULL ? slice_cut(&text, colon) : text;
    struct slice password = colon != NULL ? text : SLICE_NONE;
    enum status status = decode(user, url->user, error);
    return status == STATUS_OK ? decode(password, url->password, error) : status;
}

static bool
is_host_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '.' || byte == '-' || byte == '_';
}

static enum status
set_host(struct slice host, struct redis_url *url, struct error *error)
{
    if (host.len == 0 || host.len >= REDIS_URL_HOST_MAX) {
        return error_set(error, STATUS_PARSE,
                         "a host is missing or too long: write " FORMS);
    }
    for (size_t i = 0; i < host.len; i++) {
        if (!is_host_byte(host.ptr[i])) {
            return error_set(
                error, STATUS_PARSE,
                "a host name has letters, digits, \".\", \"-\" and \"_\"; an IPv6 "
                "address stands in brackets: redis://[::1]:6379");
        }
    }
    memcpy(url->host, host.ptr, host.len);
    url->host[host.len] = '\0';
    return STATUS_OK;
}

static enum status
set_host_v6(struct slice host, struct redis_url *url, struct error *error)
{
    struct in6_addr address;
    if (host.len != 0 && host.len < INET6_ADDRSTRLEN &&
        slice_find(host, '\0') == NULL) {
        memcpy(url->host, host.ptr, host.len);
        url->host[host.len] = '\0';
        if (inet_pton(AF_INET6, url->host, &address) == 1) {
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_PARSE,
                     "brackets hold an IPv6 address, as in redis://[::1]:6379");
}

static enum status
parse_host(struct slice text, struct redis_url *url, struct error *error)
{
    struct slice port = SLICE_NONE;
    enum status status;
    if (text.len != 0 && text.ptr[0] == '[') {
        const char *end = slice_find(text, ']');
        text = slice_from(text, 1);
        struct slice host = end != NULL ? slice_cut(&text, end) : SLICE_NONE;
        status = set_host_v6(host, url, error);
        if (status == STATUS_OK && text.len != 0) {
            port = text.ptr[0] == ':' ? slice_from(text, 1) : text;
            status = text.ptr[0] == ':' ? STATUS_OK : STATUS_PARSE;
        }
    } else {
        const char *colon = slice_find(text, ':');
        struct slice host = colon != NULL ? slice_cut(&text, colon) : text;
        port = colon != NULL ? text : SLICE_NONE;
        status = set_host(host, url, error);
    }
    uint32_t number = REDIS_URL_PORT;
    if (status == STATUS_OK && !slice_is_none(port)) {
        status = parse_number(port, UINT16_MAX, &number);
    }
    if (status != STATUS_OK || number == 0) {
        return error_set(
            error, STATUS_PARSE,
            "after the host only \":\" and a port from 1 to 65535 may follow");
    }
    url->port = (uint16_t)number;
    return STATUS_OK;
}

static enum status
parse_network(struct slice rest, struct redis_url *url, struct error *error)
{
    const char *slash = slice_find(rest, '/');
    struct slice authority = slash != NULL ? slice_cut(&rest, slash) : rest;
    struct slice db = slash != NULL ? rest : SLICE_NONE;
    const char *at = slice_find_last(authority, '@');
    if (at != NULL) {
        enum status status = parse_user(slice_cut(&authority, at), url, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (db.len != 0) {
        if (parse_number(db, REDIS_URL_DB_MAX, &url->db) != STATUS_OK) {
            return error_set(
                error, STATUS_PARSE,
                "after the \"/\" only the number of a database may follow, as in "
                "redis://localhost:6379/2");
        }
        url->has_db = true;
    }
    return parse_host(authority, url, error);
}

static bool
skip(struct slice *rest, struct slice head)
{
    bool is_there = slice_starts(*rest, head);
    if (is_there) {
        *rest = slice_from(*rest, head.len);
    }
    return is_there;
}

enum status
redis_url_parse(struct slice text, struct redis_url *ret_url, struct error *error)
{
    struct slice rest = text;
    struct redis_url url = {.kind = REDIS_URL_UNIX};
    enum status status;
    if (skip(&rest, SLICE_LIT("unix:"))) {
        status = parse_unix(rest, &url, error);
    } else if (skip(&rest, SLICE_LIT("redis://"))) {
        url.kind = REDIS_URL_TCP;
        status = parse_network(rest, &url, error);
    } else if (skip(&rest, SLICE_LIT("rediss://"))) {
        url.kind = REDIS_URL_TLS;
        status = parse_network(rest, &url, error);
    } else {
        status = error_set(error, STATUS_PARSE, "the address of Redis must be " FORMS);
    }
    if (status == STATUS_OK) {
        *ret_url = url;
    }
    return status;
}

const char *
redis_url_format(const struct redis_url *url, char text[REDIS_URL_TEXT_MAX])
{
    if (url->kind == REDIS_URL_UNIX) {
        snprintf(text, REDIS_URL_TEXT_MAX, "unix:%s", url->host);
        return text;
    }
    bool is_v6 = strchr(url->host, ':') != NULL;
    int length =
        snprintf(text, REDIS_URL_TEXT_MAX, "%s://%s%s%s:%u",
                 url->kind == REDIS_URL_TLS ? "rediss" : "redis", is_v6 ? "[" : "",
                 url->host, is_v6 ? "]" : "", (unsigned)url->port);
    if (url->has_db && length > 0 && length < REDIS_URL_TEXT_MAX) {
        snprintf(text + length, (size_t)(REDIS_URL_TEXT_MAX - length), "/%" PRIu32,
                 url->db);
    }
    return text;
}
