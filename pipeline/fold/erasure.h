// Removes one person, for `cascadectl purge`.
//
//     erasure_begin    every remembered post and reshare is taken back, every post is
//                      hidden, as when the account is gone (withdrawals.h)
//     erasure_detach   counters, ledger entries, pairs of campaigns and the author's
//                      baseline are removed; no id or handle finds the person
//     erasure_finish   once the changes are written: id, names and texts are
//                      overwritten, so that no later snapshot contains them
//
// What others did stays counted for others. Reshares that are no longer remembered stay
// in the sizes of cascades, without a name. A keyed hash of every remembered post
// stays: a post that a source sends again after a reconnection is a duplicate. A later
// post by the person makes a new person.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

struct pipeline;

struct erasure {
    uint64_t search;   // its withdrawal is number search - 1
    uint64_t posts;    // remembered posts and reshares of the person
    uint64_t cascades; // of the person's posts
    uint64_t flushed;  // place in the order of changes that has to be acknowledged; 0:
                       // none yet
    uint64_t losses;   // of changes that are accounted for
    unsigned flushes;  // begun since the person was detached, or changes were lost
    bool is_due;       // a flush began since the tables were looked at
};

// The id of the person who holds the handle in "x:@ann"; SLICE_NONE: no one does, or
// that is the only id of the person.
struct slice erasure_other_id(const struct pipeline *pipeline, struct slice id);
// STATUS_RANGE: no person of that id is known; STATUS_AGAIN: too many withdrawals wait.
enum status erasure_begin(struct pipeline *pipeline, struct slice id,
                          struct erasure *ret_erasure) MUST_USE;
// False while pipeline_settle has to continue the search.
bool erasure_is_searched(const struct pipeline *pipeline,
                         const struct erasure *erasure);

// Of a person who is not known: cascades whose ids contain the id. Takes time in
// proportion to all tables: some 50 ms with millions of rows.
void erasure_detach(struct pipeline *pipeline, struct slice id,
                    struct erasure *erasure);

// Before each flush.
void erasure_flush_begins(struct erasure *erasure);
// False: a deletion is not acknowledged yet; call it again later. Looks at all tables
// twice; cheap otherwise.
bool erasure_finish(struct pipeline *pipeline, struct erasure *erasure);
