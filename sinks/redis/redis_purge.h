// Removes keys of an earlier process, at a start and after Redis lost data.
//
// A key is removed only if it is this program's: it begins with the prefix and is named
// like a user, cascade, handle or board; the pipeline does not write it; it has the
// type of that kind; a hash has only fields of this program, at least one of them
// specific (redis_keys_mark), and a handle points to a user of its network; and it does
// not belong to a longer prefix of another daemon, which is one that has an epoch. Any
// other key remains. A key to which another client added a field remains until it
// expires.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "sinks/redis/redis_answer.h"
#include "sinks/redis/redis_batch.h"
#include "sinks/redis/redis_keys.h"
#include "sinks/redis/redis_phase.h"

struct redis_item;
struct redis_sink;

enum { PURGE_LIMIT = 1 << 28 };

struct redis_candidate {
    size_t at; // of its name
    size_t len;
    size_t tail; // of its name, behind the kind
    enum redis_key_kind kind;
    size_t first_probe;
    size_t probes;
    bool is_ours; // it seems to be this program's
    bool is_kept; // it must remain nevertheless
};

struct redis_purge {
    char cursor[REDIS_ANSWER_NAME_MAX];
    struct redis_batch probes; // reads that verify the candidates of one SCAN
    struct buffer found;       // struct redis_candidate
    struct buffer names;
    size_t candidate; // the one whose answers are next
};

void redis_purge_init(struct redis_purge *purge);
void redis_purge_fini(struct redis_purge *purge);

// The next SCAN is the first one.
void redis_purge_begin(struct redis_purge *purge);

// Entering SCAN, VERIFY and PURGE.
enum redis_phase redis_purge_scan(struct redis_sink *sink);
enum redis_phase redis_purge_verify(struct redis_sink *sink);
enum redis_phase redis_purge_remove(struct redis_sink *sink);

// A key of a SCAN; an item of a reply to VERIFY.
void redis_purge_found(struct redis_sink *sink, struct slice key);
void redis_purge_item(struct redis_sink *sink, const struct redis_item *item);

// The replies are complete. After the last SCAN everything is written again.
enum redis_phase redis_purge_scanned(struct redis_sink *sink);
enum redis_phase redis_purge_verified(struct redis_sink *sink);
enum redis_phase redis_purge_removed(struct redis_sink *sink);
