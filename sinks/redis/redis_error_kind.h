// The first word of an error reply determines its kind, and what to do about it.
//
// Only the whole first word counts: BUSYKEY is not BUSY. Some of those that begin with
// ERR remain until the operator acts: these are distinguished by their text.
#pragma once

#include "base/slice.h"

enum redis_error_kind {
    REDIS_ERROR_NONE,
    REDIS_ERROR_LOADING,
    REDIS_ERROR_BUSY,
    REDIS_ERROR_READONLY,
    REDIS_ERROR_OOM,
    REDIS_ERROR_MISCONF,
    REDIS_ERROR_NOREPLICAS,
    REDIS_ERROR_MASTERDOWN,
    REDIS_ERROR_NOAUTH,
    REDIS_ERROR_WRONGPASS,
    REDIS_ERROR_NOPERM,
    REDIS_ERROR_DENIED,
    REDIS_ERROR_WRONGTYPE,
    REDIS_ERROR_MOVED,
    REDIS_ERROR_CROSSSLOT,
    REDIS_ERROR_CLUSTERDOWN,
    REDIS_ERROR_ASK,
    REDIS_ERROR_TRYAGAIN,
    REDIS_ERROR_EXECABORT,
    // Up to here the kind is the first word of the reply; from here on that is ERR, and
    // the text behind it is compared.
    REDIS_ERROR_NO_COMMAND,
    REDIS_ERROR_NO_DB,
    REDIS_ERROR_NO_PASSWORD,
    REDIS_ERROR_NO_PASSWORD_5, // of Redis before 6
    REDIS_ERROR_WRONGPASS_5,
    REDIS_ERROR_IN_CLUSTER,
    REDIS_ERROR_SENTINEL, // not a reply: INFO shows it
    REDIS_ERROR_UNKNOWN,  // any other error, "ERR" first of all
    REDIS_ERROR_COUNT,
};

enum redis_action {
    // A replay waits for these as long as redis.patience, a live daemon without limit.
    REDIS_ACTION_RETRY,     // wait, then write again over the same connection
    REDIS_ACTION_RECONNECT, // wait, then connect again: the address may have changed
    REDIS_ACTION_REPAIR,    // replace the key, then write again
    REDIS_ACTION_OPERATOR,  // a replay and a start: give up. Later: as RECONNECT
};

struct redis_error_kind_row {
    const char *word;
    enum redis_action action;
    int exit_code;      // where FATAL
    const char *advice; // what to do, for the operator; no final stop
};

// text: an error reply without its "-".
enum redis_error_kind redis_error_kind_of(struct slice text);

// The row of any kind but REDIS_ERROR_NONE.
const struct redis_error_kind_row *redis_error_kind_row(enum redis_error_kind kind);
