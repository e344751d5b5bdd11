#include "net/redis/redis_options.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/redact.h"
#include "net/redis/redis_cluster.h"
#include "net/redis/redis_url.h"

#define AT(member) offsetof(struct redis_options, member)

// clang-format off
const struct option redis_options_rows[] = {
    {"redis.url", OPTION_TEXT, "unix:/run/redis/redis-server.sock", 1, OPTION_TEXT_MAX - 1, false,
     AT(url), "Where Redis is: unix:/path, redis://host:port/db, rediss:// for TLS, sentinel://host:port,host:port/name, or cluster://host:port,host:port "
              "(sentinels://, clusters:// for TLS)"},
    {"redis.prefix", OPTION_TEXT, "cascaded:", 1, REDIS_PREFIX_MAX, false,
     AT(prefix), "Prefix of every key, not empty; one daemon at a time owns a prefix"},
    {"redis.flush", OPTION_SPAN, "100ms", 10 * USEC_PER_MS, USEC_PER_MIN, false,
     AT(flush), "Interval at which changes are written"},
    {"redis.user", OPTION_TEXT, "", 0, REDIS_URL_SECRET_MAX - 1, false,
     AT(user), "User to log in as; empty for the default user"},
    {"redis.password_file", OPTION_TEXT, "", 0, OPTION_TEXT_MAX - 1, false,
     AT(password_file), "File whose first line is the password, read at every connection"},
    {"redis.sentinel_user", OPTION_TEXT, "", 0, REDIS_URL_SECRET_MAX - 1, false,
     AT(sentinel_user), "User to log in as at the Sentinels; empty for the default user"},
    {"redis.sentinel_password_file", OPTION_TEXT, "", 0, OPTION_TEXT_MAX - 1, false,
     AT(sentinel_password_file), "File whose first line is the password of the Sentinels, read whenever one is asked"},
    {"redis.db", OPTION_COUNT, "0", 0, REDIS_URL_DB_MAX, false,
     AT(db), "Number of the database"},
    {"redis.ca_file", OPTION_TEXT, "", 0, OPTION_TEXT_MAX - 1, false,
     AT(ca_file), "Certificate authorities to trust (PEM) instead of the system's"},
    {"redis.cert_file", OPTION_TEXT, "", 0, OPTION_TEXT_MAX - 1, false,
     AT(cert_file), "Client certificate chain (PEM), where Redis asks for one"},
    {"redis.key_file", OPTION_TEXT, "", 0, OPTION_TEXT_MAX - 1, false,
     AT(key_file), "Private key of the client certificate (PEM)"},
    {"redis.connect_timeout", OPTION_SPAN, "3s", 50 * USEC_PER_MS, USEC_PER_MIN, false,
     AT(connect_timeout), "Maximum time to look up, connect and log in"},
    {"redis.timeout", OPTION_SPAN, "2500ms", 100 * USEC_PER_MS, USEC_PER_MIN, false,
     AT(timeout), "Maximum time for an answer; an idle connection is checked every second"},
    {"redis.patience", OPTION_SPAN, "60s", USEC_PER_S, USEC_PER_DAY, false,
     AT(patience), "Time that a replay waits for Redis when the connection is lost (then exit 69) "
                   "or Redis refuses (then exit 75)"},
    OPTION_END,
};
// clang-format on

static enum status
check_file(const char *option, const char *path, struct error *error)
{
    char shown[REDACT_MAX];
    if (path[0] != '\0' && access(path, R_OK) != 0) {
        return error_set(error, STATUS_IO, "%s: cannot read %s: %s", option,
                         redact_path(path, errno, shown), strerror(errno));
    }
    return STATUS_OK;
}

static enum status
check_login(const struct redis_options *options, const struct redis_url *url,
            struct error *error)
{
    if (url->user[0] != '\0' && options->user[0] != '\0') {
        return error_set(error, STATUS_RANGE,
                         "redis.url and redis.user both name a user: keep redis.user");
    }
    if (url->password[0] != '\0' && options->password_file[0] != '\0') {
        return error_set(error, STATUS_RANGE,
                         "redis.url and redis.password_file both give a password: keep "
                         "redis.password_file");
    }
    bool has_user = url->user[0] != '\0' || options->user[0] != '\0';
    if (has_user && url->password[0] == '\0' && options->password_file[0] == '\0') {
        return error_set(error, STATUS_RANGE,
                         "a user needs a password: set redis.password_file");
    }
    if (url->has_db && options->db != 0 && options->db != url->db) {
        return error_set(
            error, STATUS_RANGE,
            "redis.url and redis.db name different databases: keep redis.db");
    }
    return STATUS_OK;
}

static enum status
check_sentinel(const struct redis_options *options, const struct redis_url *url,
               struct error *error)
{
    bool has_user = options->sentinel_user[0] != '\0';
    bool has_password = options->sentinel_password_file[0] != '\0';
    if (url->kind != REDIS_URL_SENTINEL && (has_user || has_password)) {
        return error_set(error, STATUS_RANGE,
                         "redis.sentinel_user and redis.sentinel_password_file are for "
                         "Sentinels: write the address as sentinel://…");
    }
    if (has_user && !has_password) {
        return error_set(error, STATUS_RANGE,
                         "a user needs a password: set redis.sentinel_password_file");
    }
    return STATUS_OK;
}

static enum status
check_cluster(const struct redis_options *options, const struct redis_url *url,
              struct error *error)
{
    if (url->kind != REDIS_URL_CLUSTER) {
        return STATUS_OK;
    }
    if (options->db != 0) {
        return error_set(error, STATUS_RANGE,
                         "redis.db: a Redis Cluster has no databases");
    }
    if (!redis_cluster_has_tag(options->prefix)) {
        return error_set(
            error, STATUS_RANGE,
            "redis.prefix needs a hash tag in a Redis Cluster, so that all "
            "keys are in one slot: write redis.prefix = \"{cascaded}:\"");
    }
    return STATUS_OK;
}

static enum status
check_tls(const struct redis_options *options, const struct redis_url *url,
          struct error *error)
{
    bool has_cert = options->cert_file[0] != '\0';
    bool has_key = options->key_file[0] != '\0';
    if (!redis_url_is_tls(url) &&
        (has_cert || has_key || options->ca_file[0] != '\0')) {
        return error_set(
            error, STATUS_RANGE,
            "redis.ca_file, redis.cert_file and redis.key_file are for TLS: "
            "write the address as rediss://…, sentinels://… or clusters://…");
    }
    if (has_cert != has_key) {
        return error_set(error, STATUS_RANGE,
                         "redis.cert_file and redis.key_file belong together");
    }
    return STATUS_OK;
}

enum status
redis_options_check(const struct redis_options *options, struct error *error)
{
    struct redis_url url;
    struct error why = {.code = STATUS_OK};
    enum status status = redis_url_parse(slice_of(options->url), &url, &why);
    if (status != STATUS_OK) {
        return error_set(error, status, "redis.url: %s", why.text);
    }
    const struct {
        const char *option;
        const char *path;
    } files[] = {
        {"redis.password_file", options->password_file},
        {"redis.sentinel_password_file", options->sentinel_password_file},
        {"redis.ca_file", options->ca_file},
        {"redis.cert_file", options->cert_file},
        {"redis.key_file", options->key_file},
    };
    status = check_login(options, &url, error);
    if (status == STATUS_OK) {
        status = check_sentinel(options, &url, error);
    }
    if (status == STATUS_OK) {
        status = check_cluster(options, &url, error);
    }
    if (status == STATUS_OK) {
        status = check_tls(options, &url, error);
    }
    for (size_t i = 0; status == STATUS_OK && i < sizeof(files) / sizeof(files[0]);
         i++) {
        status = check_file(files[i].option, files[i].path, error);
    }
    return status;
}
