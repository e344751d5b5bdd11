// The cursor and the gaps of each source, kept until they are written.
//
// A flush takes the cursors at its start; newer ones wait for the next flush. A cursor
// is therefore never in Redis before what the pipeline received until then.
#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "base/status.h"
#include "sinks/redis/redis_batch.h"
#include "sinks/redis/redis_keys.h"

struct redis_cursor;

struct redis_cursors {
    struct redis_cursor *items;
    size_t count;
    struct redis_batch taken; // the commands of those in flight
};

void redis_cursors_init(struct redis_cursors *cursors);
void redis_cursors_fini(struct redis_cursors *cursors);

// Replaces the contents of the hash cursor:<name> or gaps:<name>. Copies. FULL beyond
// REDIS_CURSORS_MAX hashes or REDIS_CURSOR_BYTES bytes.
struct redis_cursor_key {
    const struct redis_keys *keys;
    enum redis_key_kind kind;
    struct slice name;
};
enum status redis_cursors_set(struct redis_cursors *cursors,
                              const struct redis_cursor_key *key,
                              struct redis_fields fields) MUST_USE;

// True if there is something to take.
bool redis_cursors_is_due(const struct redis_cursors *cursors);

// Moves what is due into `taken`; then it is written or lost.
void redis_cursors_take(struct redis_cursors *cursors);
void redis_cursors_written(struct redis_cursors *cursors);
void redis_cursors_lost(struct redis_cursors *cursors);

// Everything that was ever set is due again; only that one.
void redis_cursors_restart(struct redis_cursors *cursors);
void redis_cursors_again(struct redis_cursors *cursors, size_t index);

// How many fields the hash `index` has in Redis; 0: none, or a newer value waits. Its
// key as kind and name, which is borrowed.
size_t redis_cursors_fields(const struct redis_cursors *cursors, size_t index,
                            enum redis_key_kind *ret_kind, struct slice *ret_name);
