// A snapshot in Redis: `<prefix>snap:<n>`, chunks of at most REDIS_CHUNK_BYTES, and a
// manifest, `<prefix>snap`, which is written last.
//
// One chunk at a time is at Redis, over a connection of its own, so the loop never
// waits and at most one chunk is in memory. The chunks of the next snapshot have other
// numbers; the manifest changes from one to the next in one step, and then the old
// chunks are removed. `until` of the manifest is set before the first chunk, so that
// chunks of a copy that was not completed are removed by the next one.
//
// All is written by scripts that compare the owner first.
#pragma once

#include <stdbool.h>

#include "base/status.h"
#include "net/redis/redis_options.h"
#include "sinks/redis/redis_manifest.h"
#include "sinks/redis/redis_tenure.h"

struct event_base;
struct redis_store;

struct redis_store_setup {
    struct event_base *base;             // kept, as tenure and context
    const struct redis_options *options; // not kept
    const struct redis_tenure *tenure;
    // Reads bytes of the snapshot that is put. False: it cannot be read.
    bool (*read)(void *context, uint64_t at, char *bytes, size_t size);
    // What is put is in Redis; or error. Not to be destroyed from within.
    void (*on_put)(void *context, const struct error *error);
    // What is fetched: first the manifest (chunks 0: there is none), whose chunks are
    // wanted if that returns true; it may come again after a lost connection.
    bool (*on_manifest)(void *context, const struct redis_manifest *manifest);
    // The next chunk. False: no more are wanted.
    bool (*on_chunk)(void *context, struct slice bytes);
    // All chunks were passed on; or the snapshot in Redis cannot be used: error.
    void (*on_fetched)(void *context, const struct error *error);
    // Redis refuses or cannot be reached: it is tried again. Once.
    void (*on_trouble)(void *context, const struct error *error);
    void *context;
};

enum status redis_store_create(const struct redis_store_setup *setup,
                               struct redis_store **ret_store,
                               struct error *error) MUST_USE;
// Accepts NULL.
void redis_store_destroy(struct redis_store **store);

// One at a time. put: fails when the connection is lost; format, version, sha256,
// bytes, epoch, run and number are of the snapshot, the rest is set here. fetch: tries
// until Redis has answered.
void redis_store_put(struct redis_store *store, const struct redis_manifest *manifest);
void redis_store_fetch(struct redis_store *store);
