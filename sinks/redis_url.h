// Where Redis is: `unix:/path`, `redis://[user[:pass]@]host[:port][/db]`, `rediss://…`
// (TLS).
//
// User and password are percent-decoded; an IPv6 address stands in brackets; the port
// is 6379 unless given. Pure: no look-up, no file.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

enum redis_url_kind { REDIS_URL_UNIX, REDIS_URL_TCP, REDIS_URL_TLS };

enum {
    REDIS_URL_HOST_MAX = 256,
    REDIS_URL_SECRET_MAX = 512,
    REDIS_URL_DB_MAX = 1 << 20,
    REDIS_URL_PORT = 6379,
};

struct redis_url {
    enum redis_url_kind kind;
    char host[REDIS_URL_HOST_MAX]; // UNIX: the path. Without brackets
    uint16_t port;
    char user[REDIS_URL_SECRET_MAX];     // empty: not given
    char password[REDIS_URL_SECRET_MAX]; // empty: not given
    bool has_db;
    uint32_t db;
};

// On failure *ret_url is untouched; the error says what would be right and holds no
// password.
enum status redis_url_parse(struct slice text, struct redis_url *ret_url,
                            struct error *error) MUST_USE;

// The URL for a human, without user and password. Returns text.
enum { REDIS_URL_TEXT_MAX = REDIS_URL_HOST_MAX + 40 };
const char *redis_url_format(const struct redis_url *url,
                             char text[REDIS_URL_TEXT_MAX]);
