// The address of Redis: `unix:/path`, `redis://[user[:pass]@]host[:port][/db]`,
// `rediss://…` (TLS), `sentinel://host[:port][,host[:port]…]/name[/db]`: the Sentinels
// to ask for the master of that name; `sentinels://…`: Sentinels and master use TLS; or
// `cluster://host[:port][,host[:port]…]`: nodes of a Redis Cluster, any of which names
// the owner of a slot; `clusters://…`: with TLS.
//
// User and password are percent-decoded; an IPv6 address is in brackets; the port is
// 6379 unless given, that of a Sentinel 26379. Pure: no look-up, no file.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"
#include "net/url.h"

enum redis_url_kind {
    REDIS_URL_UNIX,
    REDIS_URL_TCP,
    REDIS_URL_TLS,
    REDIS_URL_SENTINEL,
    REDIS_URL_CLUSTER
};

enum {
    REDIS_URL_HOST_MAX = URL_HOST_MAX,
    REDIS_URL_SECRET_MAX = 512,
    REDIS_URL_DB_MAX = 1 << 20,
    REDIS_URL_PORT = 6379,
    REDIS_URL_SENTINEL_PORT = 26379,
    REDIS_URL_HOSTS_MAX = 8,
    REDIS_URL_NAME_MAX = 128,
};

struct redis_url_host {
    char host[REDIS_URL_HOST_MAX]; // without brackets
    uint16_t port;
};

struct redis_url {
    enum redis_url_kind kind;
    // UNIX: the path. SENTINEL, CLUSTER: empty. Without brackets
    char host[REDIS_URL_HOST_MAX];
    uint16_t port;
    char user[REDIS_URL_SECRET_MAX];     // empty: not given
    char password[REDIS_URL_SECRET_MAX]; // empty: not given
    bool has_db;
    uint32_t db;
    // SENTINEL, CLUSTER
    bool is_tls;
    size_t host_count;
    struct redis_url_host hosts[REDIS_URL_HOSTS_MAX];
    char name[REDIS_URL_NAME_MAX]; // of the master; CLUSTER: none
};

// On failure *ret_url is untouched; the error contains what would be valid and no
// password.
enum status redis_url_parse(struct slice text, struct redis_url *ret_url,
                            struct error *error) MUST_USE;

// True if connections to it are encrypted.
bool redis_url_is_tls(const struct redis_url *url);

// The server at one of the hosts of SENTINEL or CLUSTER: TCP, or TLS, without a login.
struct redis_url redis_url_of_index(const struct redis_url *url, size_t index);

// The redis:// URL of a host and port in an answer of a Sentinel or a cluster: a name
// or an address of IPv4 or IPv6, without brackets. On failure *ret_url is untouched.
enum status redis_url_of_host(struct slice host, struct slice port,
                              struct redis_url *ret_url) MUST_USE;

// The URL for messages, without user and password; cut to fit. Returns text.
enum { REDIS_URL_TEXT_MAX = REDIS_URL_HOST_MAX + 40 };
const char *redis_url_format(const struct redis_url *url,
                             char text[REDIS_URL_TEXT_MAX]);
