// What a user may set about Redis: option rows, and the address they make.
//
// A URL may carry user, password and database for compatibility with other clients; the
// rows redis.user, redis.password_file and redis.db are the better place and must not
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

// Whether the options make sense together: the URL's form, a user or password given
// twice, a password without the file being readable, TLS files without TLS. For -t and
// before a start.
enum status redis_options_check(const struct redis_options *options,
                                struct error *error) MUST_USE;
