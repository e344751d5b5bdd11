#include "net/redis/redis_target.h"

#include <stdio.h>
#include <string.h>

#include "net/token_file.h"

_Static_assert((int)OPTION_TEXT_MAX <= (int)REDIS_URL_SECRET_MAX,
               "an option's text fits a login");
_Static_assert((int)TOKEN_FILE_LINE_MAX == (int)REDIS_URL_SECRET_MAX,
               "a line of a file is a login's password");

enum status
redis_target_read(const struct redis_options *options, struct redis_target *ret_target,
                  struct error *error)
{
    struct redis_target target = {
        .connect_timeout = options->connect_timeout,
        .timeout = options->timeout,
    };
    enum status status = redis_options_check(options, error);
    if (status == STATUS_OK) {
        status = redis_url_parse(slice_of(options->url), &target.url, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (options->user[0] != '\0') {
        memcpy(target.url.user, options->user, sizeof(options->user));
    }
    if (options->db != 0) {
        target.url.db = (uint32_t)options->db;
        target.url.has_db = true;
    }
    redis_url_format(&target.url, target.address);
    memcpy(target.password_file, options->password_file, sizeof(target.password_file));
    memcpy(target.sentinel_user, options->sentinel_user, sizeof(target.sentinel_user));
    memcpy(target.sentinel_password_file, options->sentinel_password_file,
           sizeof(target.sentinel_password_file));
    *ret_target = target;
    return STATUS_OK;
}

enum status
redis_target_password(const struct redis_target *target,
                      char ret_password[REDIS_URL_SECRET_MAX], struct error *error)
{
    if (target->password_file[0] != '\0') {
        return token_file_line("redis.password_file", target->password_file,
                               ret_password, error);
    }
    memcpy(ret_password, target->url.password, REDIS_URL_SECRET_MAX);
    return STATUS_OK;
}

enum status
redis_target_sentinel_password(const struct redis_target *target,
                               char ret_password[REDIS_URL_SECRET_MAX],
                               struct error *error)
{
    if (target->sentinel_password_file[0] != '\0') {
        return token_file_line("redis.sentinel_password_file",
                               target->sentinel_password_file, ret_password, error);
    }
    ret_password[0] = '\0';
    return STATUS_OK;
}
