#include "net/redis/redis_url.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#define FORMS                                                                          \
    "unix:/path, redis://[user[:password]@]host[:port][/db], rediss://…, "           \
    "sentinel://host[:port],…/name or cluster://host[:port],…"

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

static enum status
decode(struct slice text, char out[REDIS_URL_SECRET_MAX], struct error *error)
{
    enum status status = url_decode(text, out, REDIS_URL_SECRET_MAX);
    if (status == STATUS_PARSE) {
        return error_set(error, status,
                         "in user or password \"%%\" must be followed by two "
                         "hexadecimal digits; \"%%\" itself is written %%25");
    }
    if (status != STATUS_OK) {
        return error_set(
            error, status,
            "user and password may have at most %d bytes, none of them zero",
            REDIS_URL_SECRET_MAX - 1);
    }
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
    // A path that looks like user and password at a host is refused.
    bool is_host = path.len > 2 && path.ptr[1] == '/' && path.ptr[2] != '/' &&
                   slice_find(path, '@') != NULL;
    if (path.len == 0 || path.ptr[0] != '/' || is_host) {
        return error_set(error, STATUS_PARSE,
                         "\"unix:\" must be followed by an absolute path, as in "
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

static enum status
bad_host(enum url_fault fault, struct error *error)
{
    switch (fault) {
    case URL_NO_HOST:
        return error_set(error, STATUS_PARSE,
                         "a host is missing or too long: write " FORMS);
    case URL_BAD_NAME:
        return error_set(error, STATUS_PARSE,
                         "a host name has letters, digits, \".\", \"-\" and \"_\"; "
                         "write an IPv6 address in brackets: redis://[::1]:6379");
    case URL_BAD_SIX:
        return error_set(
            error, STATUS_PARSE,
            "brackets must contain an IPv6 address, as in redis://[::1]:6379");
    case URL_BAD_PORT:
        return error_set(
            error, STATUS_PARSE,
            "after the host only \":\" and a port from 1 to 65535 may follow");
    case URL_GOOD:
        break;
    }
    return STATUS_OK;
}

// db: what follows the "/" before it; empty: none.
static enum status
parse_db(struct slice db, struct redis_url *url, const char *example,
         struct error *error)
{
    if (db.len == 0) {
        return STATUS_OK;
    }
    if (parse_number(db, REDIS_URL_DB_MAX, &url->db) != STATUS_OK) {
        return error_set(error, STATUS_PARSE,
                         "after the \"/\" only the number of a database may follow, "
                         "as in %s",
                         example);
    }
    url->has_db = true;
    return STATUS_OK;
}

static enum status
parse_network(struct slice text, struct redis_url *url, struct error *error)
{
    const struct url_parts parts = url_split(text, "/");
    struct slice db = parts.rest.len != 0 ? slice_from(parts.rest, 1) : SLICE_NONE;
    enum status status = STATUS_OK;
    if (!slice_is_none(parts.user)) {
        status = parse_user(parts.user, url, error);
    }
    if (status == STATUS_OK) {
        status = parse_db(db, url, "redis://localhost:6379/2", error);
    }
    if (status == STATUS_OK) {
        url->port = REDIS_URL_PORT;
        status = bad_host(url_host_parse(parts.host, url->host, &url->port), error);
    }
    return status;
}

static enum status
parse_name(struct slice name, struct redis_url *url, struct error *error)
{
    char host[URL_HOST_MAX]; // a name has the bytes allowed in a host
    bool is_name = name.ptr != NULL && name.len != 0 && name.len < REDIS_URL_NAME_MAX &&
                   slice_find(name, ':') == NULL &&
                   url_host_parse_bare(name, host) == URL_GOOD;
    if (!is_name) {
        return error_set(error, STATUS_PARSE,
                         "after the Sentinels \"/\" and the name of the master must "
                         "follow (letters, digits, \".\", \"-\" and \"_\"), as in "
                         "sentinel://localhost:26379/mymaster");
    }
    memcpy(url->name, name.ptr, name.len);
    url->name[name.len] = '\0';
    return STATUS_OK;
}

static enum status
parse_hosts(struct slice hosts, uint16_t port, struct redis_url *url,
            struct error *error)
{
    for (bool is_last = false; !is_last;) {
        const char *comma = slice_find(hosts, ',');
        is_last = comma == NULL;
        struct slice host = is_last ? hosts : slice_cut(&hosts, comma);
        if (url->host_count == REDIS_URL_HOSTS_MAX) {
            return error_set(error, STATUS_RANGE, "at most %d hosts may be named",
                             REDIS_URL_HOSTS_MAX);
        }
        struct redis_url_host *one = &url->hosts[url->host_count++];
        one->port = port;
        enum url_fault fault = url_host_parse(host, one->host, &one->port);
        if (fault != URL_GOOD) {
            return bad_host(fault, error);
        }
    }
    return STATUS_OK;
}

static enum status
parse_sentinel(struct slice rest, struct redis_url *url, struct error *error)
{
    if (slice_find(rest, '@') != NULL) {
        return error_set(error, STATUS_PARSE,
                         "user and password of Sentinels belong in redis.sentinel_user "
                         "and redis.sentinel_password_file, those of the Redis servers "
                         "in redis.user and redis.password_file");
    }
    const char *slash = slice_find(rest, '/');
    struct slice hosts = slash != NULL ? slice_cut(&rest, slash) : rest;
    struct slice name = slash != NULL ? rest : SLICE_NONE;
    slash = slice_find(name, '/');
    struct slice db = SLICE_NONE;
    if (slash != NULL) {
        db = name;
        name = slice_cut(&db, slash);
    }
    enum status status = parse_hosts(hosts, REDIS_URL_SENTINEL_PORT, url, error);
    if (status == STATUS_OK) {
        status = parse_name(name, url, error);
    }
    return status == STATUS_OK
               ? parse_db(db, url, "sentinel://localhost:26379/mymaster/2", error)
               : status;
}

static enum status
parse_cluster(struct slice hosts, struct redis_url *url, struct error *error)
{
    if (slice_find(hosts, '@') != NULL) {
        return error_set(error, STATUS_PARSE,
                         "user and password of a cluster belong in redis.user and "
                         "redis.password_file");
    }
    if (slice_find(hosts, '/') != NULL) {
        return error_set(error, STATUS_PARSE,
                         "a cluster has no databases: write "
                         "cluster://host:port,host:port");
    }
    return parse_hosts(hosts, REDIS_URL_PORT, url, error);
}

enum status
redis_url_parse(struct slice text, struct redis_url *ret_url, struct error *error)
{
    static const struct {
        const char *start;
        enum redis_url_kind kind;
        bool is_tls;
        bool is_whole; // the function gets the start, too
        enum status (*parse)(struct slice text, struct redis_url *url,
                             struct error *error);
    } forms[] = {
        {"unix:", REDIS_URL_UNIX, false, false, parse_unix},
        {"redis://", REDIS_URL_TCP, false, true, parse_network},
        {"rediss://", REDIS_URL_TLS, false, true, parse_network},
        {"sentinel://", REDIS_URL_SENTINEL, false, false, parse_sentinel},
        {"sentinels://", REDIS_URL_SENTINEL, true, false, parse_sentinel},
        {"cluster://", REDIS_URL_CLUSTER, false, false, parse_cluster},
        {"clusters://", REDIS_URL_CLUSTER, true, false, parse_cluster},
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (slice_starts(text, slice_of(forms[i].start))) {
            struct redis_url url = {.kind = forms[i].kind, .is_tls = forms[i].is_tls};
            size_t start = forms[i].is_whole ? 0 : strlen(forms[i].start);
            enum status status = forms[i].parse(slice_from(text, start), &url, error);
            if (status == STATUS_OK) {
                *ret_url = url;
            }
            return status;
        }
    }
    return error_set(error, STATUS_PARSE, "the address of Redis must be " FORMS);
}

bool
redis_url_is_tls(const struct redis_url *url)
{
    return url->kind == REDIS_URL_TLS || url->is_tls;
}

struct redis_url
redis_url_of_index(const struct redis_url *url, size_t index)
{
    const struct redis_url_host *host = &url->hosts[index];
    struct redis_url server = {
        .kind = url->is_tls ? REDIS_URL_TLS : REDIS_URL_TCP,
        .port = host->port,
    };
    memcpy(server.host, host->host, sizeof(server.host));
    return server;
}

enum status
redis_url_of_host(struct slice host, struct slice port, struct redis_url *ret_url)
{
    struct redis_url url = {.kind = REDIS_URL_TCP};
    if (url_host_parse_bare(host, url.host) != URL_GOOD ||
        !url_port_parse(port, &url.port)) {
        return STATUS_PARSE;
    }
    *ret_url = url;
    return STATUS_OK;
}

// A text that is cut at its limit.
struct line {
    char *text;
    size_t size;
    size_t length;
};

static void __attribute__((format(printf, 2, 3)))
add(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line->text + line->length, line->size - line->length, format,
                           arguments);
    va_end(arguments);
    line->length += length > 0 ? (size_t)length : 0;
    if (line->length >= line->size) {
        line->length = line->size - 1;
    }
}

static void
add_host(struct line *line, const char *host, uint16_t port)
{
    char text[URL_TEXT_MAX];
    url_host_format(host, port, text);
    add(line, "%s", text);
}

static void
add_hosts(struct line *line, const struct redis_url *url)
{
    for (size_t i = 0; i < url->host_count; i++) {
        add(line, "%s", i == 0 ? "" : ",");
        add_host(line, url->hosts[i].host, url->hosts[i].port);
    }
}

const char *
// NOLINTNEXTLINE(readability-non-const-parameter): it is written through `line`
redis_url_format(const struct redis_url *url, char text[REDIS_URL_TEXT_MAX])
{
    struct line line = {text, REDIS_URL_TEXT_MAX, 0};
    switch (url->kind) {
    case REDIS_URL_UNIX:
        add(&line, "unix:%s", url->host);
        return text;
    case REDIS_URL_TCP:
    case REDIS_URL_TLS:
        add(&line, "%s://", url->kind == REDIS_URL_TLS ? "rediss" : "redis");
        add_host(&line, url->host, url->port);
        break;
    case REDIS_URL_SENTINEL:
        add(&line, "%s://", url->is_tls ? "sentinels" : "sentinel");
        add_hosts(&line, url);
        add(&line, "/%s", url->name);
        break;
    case REDIS_URL_CLUSTER:
        add(&line, "%s://", url->is_tls ? "clusters" : "cluster");
        add_hosts(&line, url);
        break;
    }
    if (url->has_db) {
        add(&line, "/%" PRIu32, url->db);
    }
    return text;
}
