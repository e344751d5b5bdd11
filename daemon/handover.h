// The posts of an ingest process, in entries for workers.
//
// An entry is ended when it is full and when a flush begins, so that the cursors that
// the flush writes are exactly behind it. While there are no posts, entries without
// posts let the time of the workers pass: one at each tick, and fewer the longer no
// worker has removed entries, so that they do not fill the stream.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/status.h"
#include "base/usec.h"

struct campaign_words;
struct post;
struct redis_sink;

struct handover {
    struct redis_sink *sink; // NULL: there is no handover
    const struct campaign_words *campaigns;
    struct buffer entry;   // the open one, if there are posts in it
    struct buffer post;    // the bytes of the next post
    size_t count;          // posts in it
    uint64_t compared_to;  // the campaigns of these
    usec wall;             // of the newest of them, or of the last entry
    usec lag;              // of the slowest source
    bool is_complete;      // no source may have missed anything
    uint64_t posts;        // so far
    uint64_t in_stream;    // entries, at the last tick
    uint64_t ticks_kept;   // since a worker removed some
    uint64_t ticks_silent; // since an entry was ended
};

// Keeps sink and campaigns. Allocates all memory; STATUS_NOMEM: there is none.
enum status handover_init(struct handover *handover, struct redis_sink *sink,
                          const struct campaign_words *campaigns,
                          struct error *error) MUST_USE;
// Accepts a zeroed and a half-built one.
void handover_fini(struct handover *handover);

// Copies post, which arrived at `wall`. STATUS_AGAIN: there is no room; STATUS_FULL: it
// is too large for an entry.
enum status handover_add(struct handover *handover, const struct post *post,
                         usec wall) MUST_USE;
// A flush begins: ends the open entry. False if that failed: there is no memory, and
// the cursors of the sources must not be saved, since they are behind posts that are
// only here. True without a handover.
bool handover_flush(struct handover *handover) MUST_USE;
// Time passes; and the state of the sources.
void handover_tick(struct handover *handover, usec wall, usec lag, bool is_complete);
