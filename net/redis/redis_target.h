// The address and the login: derived from the redis.* options.
#pragma once

#include "base/status.h"
#include "base/usec.h"
#include "net/redis/redis_options.h"
#include "net/redis/redis_url.h"

struct redis_target {
    struct redis_url url; // including redis.user and redis.db
    char address[REDIS_URL_TEXT_MAX];
    char password_file[OPTION_TEXT_MAX]; // empty: the URL's password, if any
    char sentinel_user[OPTION_TEXT_MAX]; // empty: the default user
    char sentinel_password_file[OPTION_TEXT_MAX];
    usec connect_timeout;
    usec timeout;
};

// Checks the options; on failure *ret_target is untouched.
enum status redis_target_read(const struct redis_options *options,
                              struct redis_target *ret_target,
                              struct error *error) MUST_USE;

// The same for Sentinels.
enum status redis_target_sentinel_password(const struct redis_target *target,
                                           char ret_password[REDIS_URL_SECRET_MAX],
                                           struct error *error) MUST_USE;

// Reads the password; empty when none is set. The caller clears it.
enum status redis_target_password(const struct redis_target *target,
                                  char ret_password[REDIS_URL_SECRET_MAX],
                                  struct error *error) MUST_USE;
