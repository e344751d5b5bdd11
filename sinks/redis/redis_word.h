// The first word of an error reply says what kind it is, and so what to do about it.
//
// Only the whole first word counts: BUSYKEY is not BUSY. Of those that begin with ERR
// some stay until the operator acts: they are told apart by their text.
#pragma once

#include "base/slice.h"

enum redis_word {
    REDIS_WORD_NONE,
    REDIS_WORD_LOADING,
    REDIS_WORD_BUSY,
    REDIS_WORD_READONLY,
    REDIS_WORD_OOM,
    REDIS_WORD_MISCONF,
    REDIS_WORD_NOREPLICAS,
    REDIS_WORD_MASTERDOWN,
    REDIS_WORD_NOAUTH,
    REDIS_WORD_WRONGPASS,
    REDIS_WORD_NOPERM,
    REDIS_WORD_DENIED,
    REDIS_WORD_WRONGTYPE,
    REDIS_WORD_MOVED,
    REDIS_WORD_CROSSSLOT,
    REDIS_WORD_CLUSTERDOWN,
    REDIS_WORD_ASK,
    REDIS_WORD_TRYAGAIN,
    REDIS_WORD_EXECABORT,
    REDIS_WORD_NO_COMMAND, // ERR, and what follows says which of these it is
    REDIS_WORD_NO_DB,
    REDIS_WORD_NO_PASSWORD,
    REDIS_WORD_NO_PASSWORD_5, // of Redis before 6
    REDIS_WORD_WRONGPASS_5,
    REDIS_WORD_IN_CLUSTER,
    REDIS_WORD_UNKNOWN, // any other error, "ERR" first of all
    REDIS_WORD_COUNT,
};

enum redis_action {
    // A replay waits for these as long as redis.patience, a live daemon for ever.
    REDIS_ACTION_RETRY,     // wait, then write again over the same connection
    REDIS_ACTION_RECONNECT, // wait, then connect anew: the address may lead elsewhere
    REDIS_ACTION_REPAIR,    // replace the key, then write again
    REDIS_ACTION_FATAL,     // a replay and a start: give up. Later: as RECONNECT
};

struct redis_word_row {
    const char *word;
    enum redis_action action;
    int exit_code;      // where FATAL
    const char *advice; // what to do, for the operator; no final stop
};

// text: an error reply without its "-".
enum redis_word redis_word_of(struct slice text);

// The row of any word but REDIS_WORD_NONE.
const struct redis_word_row *redis_word_row(enum redis_word word);
