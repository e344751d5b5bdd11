// The keys this program writes: rows for --describe keys, and the names with their
// prefix.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "net/redis/redis_options.h"

struct redis_key {
    const char *name; // without the prefix; <…> is the variable part
    const char *type; // as returned by TYPE
    const char *content;
};

// Ends with a row without a name.
extern const struct redis_key redis_keys_rows[];

enum redis_key_kind {
    REDIS_KEY_USER,
    REDIS_KEY_CASCADE,
    REDIS_KEY_HANDLE,
    REDIS_KEY_TOP,
    REDIS_KEY_CARRIER,
    REDIS_KEY_CAMPAIGN,       // "cup"
    REDIS_KEY_CAMPAIGN_BOARD, // "cup:top:posts:1h", "cup:outreach"
    REDIS_KEY_OUTREACH,       // "cup:outreach:x:12"
    REDIS_KEY_OWNED, // the kinds before this one are rewritten as a whole after a loss
    REDIS_KEY_CURSOR = REDIS_KEY_OWNED,
    REDIS_KEY_DONE, // "cup:done": of cascadectl, which alone writes it
    REDIS_KEY_GAPS,
    REDIS_KEY_ALERTS, // also the channel's name
    REDIS_KEY_ALERT,
    REDIS_KEY_OUTBOX,
    REDIS_KEY_CALIBRATION,
    REDIS_KEY_META,
    REDIS_KEY_EPOCH,
    REDIS_KEY_OWNER,
    REDIS_KEY_BEAT,
    REDIS_KEY_SNAP,  // the manifest
    REDIS_KEY_CHUNK, // "3"
    REDIS_KEY_KINDS,
};

// Prefix and kind of each key: "cascaded:user:". Slices point into `bytes`.
struct redis_keys {
    char bytes[REDIS_KEY_KINDS][REDIS_PREFIX_MAX + 16];
    struct slice head[REDIS_KEY_KINDS];
    size_t prefix_len;
    char pattern[2 * REDIS_PREFIX_MAX + 2]; // glob for every key with this prefix
};

// One key: the prefix of its kind, and the rest.
struct redis_name {
    struct slice head;
    struct slice tail;
};

static inline struct redis_name
redis_keys_name(const struct redis_keys *keys, enum redis_key_kind kind,
                struct slice tail)
{
    return (struct redis_name){keys->head[kind], tail};
}

// What the keys of a kind begin with after the prefix: "user:".
static inline struct slice
redis_keys_word(const struct redis_keys *keys, enum redis_key_kind kind)
{
    struct slice head = keys->head[kind];
    return (struct slice){head.ptr + keys->prefix_len, head.len - keys->prefix_len};
}

// prefix: at most REDIS_PREFIX_MAX bytes. The struct must not be moved afterwards.
void redis_keys_init(struct redis_keys *keys, const char *prefix);

// The kind of a key that is rewritten as a whole, and the part after its head; or
// REDIS_KEY_KINDS for any other key. The part after the head must not be empty: for a
// handle it is "<network>:<handle>", for a board "<metric>:<window>" or the name of one
// without a window.
enum redis_key_kind redis_keys_owned(const struct redis_keys *keys, struct slice key,
                                     struct slice *ret_tail);

// The owner of a hash, as far as one of its fields shows it.
enum redis_keys_mark {
    REDIS_KEYS_FOREIGN, // no field of this program
    REDIS_KEYS_COMMON,  // other programs may have it, too
    REDIS_KEYS_OURS,
};

// kind: USER, CASCADE, CARRIER, CAMPAIGN or OUTREACH. A hash that was written as a
// whole has a field that is OURS.
enum redis_keys_mark redis_keys_field(enum redis_key_kind kind, struct slice field);
