#include "sinks/redis/redis_error_kind.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sysexits.h>

#define IS_CLUSTER                                                                     \
    "it is a Redis Cluster: set redis.url = cluster://host:port and a redis.prefix "   \
    "with a hash tag, as {cascaded}:"

// clang-format off
static const struct redis_error_kind_row rows[REDIS_ERROR_COUNT] = {
    [REDIS_ERROR_LOADING] = {"LOADING", REDIS_ACTION_RETRY, 0,
        "it is loading its data; writing is resumed when it is ready"},
    [REDIS_ERROR_BUSY] = {"BUSY", REDIS_ACTION_RETRY, 0,
        "it is blocked by a script: wait, or end the script with SCRIPT KILL"},
    [REDIS_ERROR_READONLY] = {"READONLY", REDIS_ACTION_RECONNECT, 0,
        "it is a read-only replica: set redis.url to the master, or to its Sentinels"},
    [REDIS_ERROR_OOM] = {"OOM", REDIS_ACTION_RETRY, 0,
        "it is out of memory: raise maxmemory or free some; no change is lost"},
    [REDIS_ERROR_MISCONF] = {"MISCONF", REDIS_ACTION_RETRY, 0,
        "it cannot save to its disk and refuses writes: see Redis' log"},
    [REDIS_ERROR_NOREPLICAS] = {"NOREPLICAS", REDIS_ACTION_RETRY, 0,
        "it has too few replicas (min-replicas-to-write) and refuses writes"},
    [REDIS_ERROR_MASTERDOWN] = {"MASTERDOWN", REDIS_ACTION_RECONNECT, 0,
        "it is a replica without its master: set redis.url to the master, or to its Sentinels"},
    [REDIS_ERROR_NOAUTH] = {"NOAUTH", REDIS_ACTION_OPERATOR, EX_NOPERM,
        "it requires a password: set redis.password_file"},
    [REDIS_ERROR_WRONGPASS] = {"WRONGPASS", REDIS_ACTION_OPERATOR, EX_NOPERM,
        "the user or the password is wrong: see redis.user and redis.password_file"},
    [REDIS_ERROR_NOPERM] = {"NOPERM", REDIS_ACTION_OPERATOR, EX_NOPERM,
        "its user has no permission for that: extend the ACL"},
    [REDIS_ERROR_DENIED] = {"DENIED", REDIS_ACTION_OPERATOR, EX_NOPERM,
        "it is in protected mode: give it a password, or let it listen on loopback only"},
    [REDIS_ERROR_WRONGTYPE] = {"WRONGTYPE", REDIS_ACTION_REPAIR, 0,
        "a key of cascaded has another type: it is replaced"},
    [REDIS_ERROR_MOVED] = {"MOVED", REDIS_ACTION_OPERATOR, EX_CONFIG,
        IS_CLUSTER},
    [REDIS_ERROR_CROSSSLOT] = {"CROSSSLOT", REDIS_ACTION_OPERATOR, EX_CONFIG,
        IS_CLUSTER},
    [REDIS_ERROR_CLUSTERDOWN] = {"CLUSTERDOWN", REDIS_ACTION_OPERATOR, EX_CONFIG,
        IS_CLUSTER},
    [REDIS_ERROR_ASK] = {"ASK", REDIS_ACTION_OPERATOR, EX_CONFIG,
        IS_CLUSTER},
    [REDIS_ERROR_TRYAGAIN] = {"TRYAGAIN", REDIS_ACTION_OPERATOR, EX_CONFIG,
        IS_CLUSTER},
    [REDIS_ERROR_EXECABORT] = {"EXECABORT", REDIS_ACTION_RETRY, 0,
        "a transaction was refused; it is sent again"},
    [REDIS_ERROR_NO_COMMAND] = {"ERR unknown command", REDIS_ACTION_OPERATOR, EX_NOPERM,
        "the command was renamed or switched off there (rename-command): allow it; "
        "the address of a Sentinel is written sentinel://host:port/name"},
    [REDIS_ERROR_NO_DB] = {"ERR DB index is out of range", REDIS_ACTION_OPERATOR, EX_CONFIG,
        "it has no database with this number: see redis.url, redis.db and its option databases"},
    [REDIS_ERROR_NO_PASSWORD] = {"ERR AUTH <password> called without any password",
        REDIS_ACTION_OPERATOR, EX_NOPERM,
        "it has no password: remove redis.password_file and the password in redis.url; the "
        "address of a Sentinel is written sentinel://host:port/name"},
    [REDIS_ERROR_NO_PASSWORD_5] = {"ERR Client sent AUTH, but no password is set",
        REDIS_ACTION_OPERATOR, EX_NOPERM,
        "it has no password: remove redis.password_file and the password in redis.url; the "
        "address of a Sentinel is written sentinel://host:port/name"},
    [REDIS_ERROR_WRONGPASS_5] = {"ERR invalid password", REDIS_ACTION_OPERATOR, EX_NOPERM,
        "the password is wrong: see redis.password_file"},
    [REDIS_ERROR_IN_CLUSTER] = {"ERR SELECT is not allowed in cluster mode", REDIS_ACTION_OPERATOR,
        EX_CONFIG, IS_CLUSTER},
    [REDIS_ERROR_SENTINEL] = {"ERR this server is a Sentinel", REDIS_ACTION_OPERATOR, EX_CONFIG,
        "set redis.url = sentinel://host:port/name, with the name of its master"},
    [REDIS_ERROR_UNKNOWN] = {"ERR", REDIS_ACTION_RETRY, 0,
        "writing is tried again"},
};
// clang-format on

// Without the right to EXEC, or with an unknown command, the reply to EXEC contains why
// the transaction is discarded.
static struct slice
skip_discarded(struct slice text)
{
    static const char mark[] = "EXECABORT Transaction discarded because of: ";
    size_t len = sizeof(mark) - 1;
    bool is_there = slice_starts(text, (struct slice){mark, len});
    return is_there ? (struct slice){text.ptr + len, text.len - len} : text;
}

enum redis_error_kind
redis_error_kind_of(struct slice text)
{
    text = skip_discarded(text);
    const char *space = text.len != 0 ? memchr(text.ptr, ' ', text.len) : NULL;
    struct slice first = {text.ptr,
                          space != NULL ? (size_t)(space - text.ptr) : text.len};
    for (enum redis_error_kind kind = REDIS_ERROR_LOADING; kind < REDIS_ERROR_UNKNOWN;
         kind++) {
        bool is_text = kind >= REDIS_ERROR_NO_COMMAND;
        struct slice row = slice_of(rows[kind].word);
        if (is_text ? slice_starts(text, row) : slice_equal(first, row)) {
            return kind;
        }
    }
    return REDIS_ERROR_UNKNOWN;
}

const struct redis_error_kind_row *
redis_error_kind_row(enum redis_error_kind kind)
{
    assert(kind > REDIS_ERROR_NONE && kind < REDIS_ERROR_COUNT);
    return &rows[kind];
}
