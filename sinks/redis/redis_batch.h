// One transaction's bytes, in the Redis protocol.
//
//     MULTI  command …  EXEC  WATCH <prefix>epoch  GET <prefix>epoch
//
// The bytes are built in place and remain until the answer came: they are sent without
// a copy, and the key of any command can be found again. The WATCH guards the next
// transaction; the GET shows if it came too late. Values are absolute, never
// increments, except for the epoch.
//
// Overflow is sticky (text.is_failed): check once after redis_batch_end.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "base/usec.h"
#include "pipeline/changes.h"
#include "sinks/redis/redis_keys.h"

enum {
    REDIS_BATCH_HEAD = 1, // replies before the first QUEUED
    REDIS_BATCH_TAIL = 3, // after the last one: EXEC, WATCH, GET
};

struct redis_batch {
    struct buffer text;
    size_t commands; // between MULTI and EXEC
    size_t changes;  // number of changes in them; the caller counts
    size_t entries;  // and of entries (redis_outlet.h)
};

void redis_batch_init(struct redis_batch *batch);
void redis_batch_fini(struct redis_batch *batch);

// Begins a transaction; discards what the batch contained.
void redis_batch_begin(struct redis_batch *batch);
void redis_batch_end(struct redis_batch *batch, const struct redis_keys *keys);

// Only a sequence of commands, to be added to a transaction by redis_batch_append.
void redis_batch_reset(struct redis_batch *batch);
void redis_batch_append(struct redis_batch *batch, const struct redis_batch *commands);

void redis_batch_unlink(struct redis_batch *batch, struct redis_name key);
void redis_batch_get(struct redis_batch *batch, struct redis_name key);
void redis_batch_info(struct redis_batch *batch); // INFO memory
void redis_batch_hlen(struct redis_batch *batch, struct redis_name key);
void redis_batch_hgetall(struct redis_batch *batch, struct redis_name key);
// Returns the member's score, or nil, and changes nothing (ZADD XX INCR 0): a read that
// needs only the right to write boards.
void redis_batch_zadd_nothing(struct redis_batch *batch, struct redis_name key,
                              struct slice member);
// The whole board with its scores.
void redis_batch_zrange(struct redis_batch *batch, struct redis_name key);
void redis_batch_incr(struct redis_batch *batch, struct redis_name key);
void redis_batch_set(struct redis_batch *batch, struct redis_name key,
                     struct slice value);
// XADD with that id and one field, "e".
void redis_batch_xadd(struct redis_batch *batch, struct redis_name key, struct slice id,
                      struct slice entry);
// ttl: rounded up to whole seconds, at least one.
void redis_batch_expire(struct redis_batch *batch, struct redis_name key, usec ttl);

struct redis_fields {
    const struct change_field *items;
    size_t count;
};

// HSET of the fields that have a value; HDEL of those that have none. No command
// without fields.
void redis_batch_hset(struct redis_batch *batch, struct redis_name key,
                      struct redis_fields fields);
void redis_batch_hdel(struct redis_batch *batch, struct redis_name key,
                      struct redis_fields fields);

struct redis_entries {
    const struct change_entry *items;
    size_t count;
    uint64_t unit; // as in struct change: a power of ten
    uint64_t above;
};

// ZADD of the entries that have a score; ZREM of those that have none; in chunks.
void redis_batch_zadd(struct redis_batch *batch, struct redis_name key,
                      struct redis_entries entries);
void redis_batch_zrem(struct redis_batch *batch, struct redis_name key,
                      struct redis_entries entries);

// A script with all its keys declared. The text of the last argument ends two bytes
// before the end of the batch's text.
struct redis_script {
    struct slice text;
    const struct redis_name *keys;
    size_t key_count;
    const struct slice *args;
    size_t arg_count;
};
void redis_batch_eval(struct redis_batch *batch, const struct redis_script *script);

// The key of the command `index` between MULTI and EXEC; points into the batch.
struct slice redis_batch_key(const struct redis_batch *batch, size_t index);
