// Entries for another process, in a stream of Redis.
//
// The owner puts entries in; each flush appends them (XADD) in its transactions, and
// the cursors of the sources in the last one, so that both are there or none. The ids
// are made here: "<run>-<number>". A run begins with each process, numbers count from
// 1. After a lost connection the last id in the stream shows what is missing there, and
// only that is sent again, under the same ids.
//
// A master that dies may have acknowledged what its replica does not have. So entries
// are kept until a replica has confirmed them (WAIT): always with Sentinel or a
// cluster, otherwise from the time at which the master has had one (ROLE). If there is
// no room for more and no replica is connected, those that the master has are
// forgotten, counted and reported: reading continues.
//
// Everything is bounded: when REDIS_OUTLET_ENTRIES_MAX entries or
// REDIS_OUTLET_BYTES_MAX bytes wait, or the stream has `most` entries that no one has
// removed, there is no room, and the sources are paused.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/metric.h"
#include "base/slice.h"
#include "base/status.h"
#include "sinks/redis/redis_phase.h"

struct redis_item;
struct redis_sink;

enum {
    REDIS_OUTLET_ENTRIES_MAX = 1 << 14,
    REDIS_OUTLET_BYTES_MAX = 64 << 20,
    REDIS_OUTLET_ENTRY_MAX = 1 << 20, // bytes of one, which readers can read
};

// An id as one number, in the order of the ids. Source and sink agree on it.
static inline uint64_t
redis_outlet_id(uint64_t run, uint64_t number)
{
    return run << 32 | (number & UINT32_MAX);
}

// Of redis_sink_setup.
struct redis_outlet_setup {
    const char *key; // of the stream, kept
    uint64_t most;   // entries in it
};

struct redis_outlet_metrics {
    uint64_t sent;      // entries acknowledged by Redis
    uint64_t resent;    // of those, sent again
    uint64_t lost;      // no longer in the stream, nor here
    uint64_t refused;   // errors in place of a confirmation
    uint64_t uncopied;  // forgotten without one
    uint64_t waiting;   // kept here, because Redis or a replica has not confirmed them
    uint64_t in_stream; // as last read
};

// Copies an entry, which the next flush writes before the cursors. STATUS_FULL: there
// is no room.
enum status redis_outlet_put(struct redis_sink *sink, struct slice entry) MUST_USE;
// There is one to be put when the next flush begins; it does not wait for other work.
void redis_outlet_expect(struct redis_sink *sink);
// True when there is no room for two more.
bool redis_outlet_has_no_room(const struct redis_sink *sink);
// From READY on: an earlier process has put entries.
bool redis_outlet_was_in_use(const struct redis_sink *sink);
const struct redis_outlet_metrics *redis_outlet_metrics(const struct redis_sink *sink);
extern const struct metric redis_outlet_metric_rows[];

// ── for the sink ───────────────────────────────────────────────────────────

struct redis_outlet {
    const struct redis_outlet_setup *setup;   // NULL: there is no outlet
    struct buffer bytes;                      // of the entries that are kept
    uint32_t sizes[REDIS_OUTLET_ENTRIES_MAX]; // of each, in a ring
    uint64_t run;                             // 0: not known yet
    uint64_t oldest;                          // number of the first one that is kept
    size_t first;                             // where its size is
    size_t count;
    size_t written;    // of these, acknowledged
    size_t built;      // and those in transactions that are not
    size_t due;        // those that the flush under way writes
    size_t at;         // the first byte of the entry behind those built
    bool is_expected;  // the owner has more, and adds it at the next flush
    bool is_placed;    // the last id in the stream is known, on this connection
    bool was_in_use;   // there was one before this process
    bool must_copy;    // a replica may take over
    bool is_master;    // by the answer to ROLE
    bool has_replica;  // the same, connected now
    bool is_copied;    // by the answer to WAIT
    bool is_refused;   // an answer was an error
    bool is_advised;   // that, or a missing replica, was reported
    bool is_next;      // the next item of the answer is the last id
    uint64_t last_run; // of the last id in the stream; 0: there is none
    uint64_t last_number;
    struct redis_outlet_metrics metrics;
};

void redis_outlet_init(struct redis_sink *sink);
void redis_outlet_fini(struct redis_sink *sink);

bool redis_outlet_has_work(const struct redis_outlet *outlet);

// Whether the last id is to be read; entering PLACE; and its answer. STATUS_RANGE: the
// stream has an id behind which no entry can be appended; error has the way out.
bool redis_outlet_is_unplaced(const struct redis_sink *sink);
enum redis_phase redis_outlet_ask(struct redis_sink *sink);
enum status redis_outlet_place(struct redis_sink *sink, struct error *error) MUST_USE;

// A flush begins. Its next entry goes into that batch; false: all are in batches. What
// a batch contains was acknowledged; or all that is not has to be sent again.
void redis_outlet_begin(struct redis_outlet *outlet);
bool redis_outlet_build(struct redis_sink *sink, unsigned which);
void redis_outlet_written(struct redis_outlet *outlet, size_t entries);
void redis_outlet_lose(struct redis_outlet *outlet);

// Entering COPY, after each flush: whether a replica has the entries, and how many are
// in the stream. And its answer.
enum redis_phase redis_outlet_confirm(struct redis_sink *sink);
void redis_outlet_confirmed(struct redis_sink *sink);

// An item of the answer in PLACE or COPY.
void redis_outlet_item(struct redis_sink *sink, const struct redis_item *item);
