// The options of the Redis sink, and the address they describe.
//
// A URL may contain user, password and database for compatibility with other clients.
// The rows redis.user, redis.password_file and redis.db are preferred and must not
// contradict it.
#pragma once

#include <stdint.h>

#include "base/option.h"
#include "base/status.h"
#include "base/usec.h"

enum { REDIS_PREFIX_MAX = 128 };

struct redis_options {
    char url[OPTION_TEXT_MAX];
    char prefix[OPTION_TEXT_MAX];
    char user[OPTION_TEXT_MAX];          // empty: Redis' default user
    char password_file[OPTION_TEXT_MAX]; // empty: no password
    char sentinel_user[OPTION_TEXT_MAX]; // for the Sentinels, as the two above
    char sentinel_password_file[OPTION_TEXT_MAX];
    char ca_file[OPTION_TEXT_MAX];   // empty: the system's certificate authorities
    char cert_file[OPTION_TEXT_MAX]; // empty: no client certificate
    char key_file[OPTION_TEXT_MAX];
    uint64_t db;
    usec flush;
    usec connect_timeout;
    usec timeout;
    usec patience;
};

extern const struct option redis_options_rows[];

// Checks the options together: the URL's form, a user or password given twice, an
// unreadable password file, TLS files without TLS. For -t and before a start.
enum status redis_options_check(const struct redis_options *options,
                                struct error *error) MUST_USE;
