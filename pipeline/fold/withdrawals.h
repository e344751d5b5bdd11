// Accounts that are gone: what they did is taken back, exactly as a deletion of each of
// their posts and retweets would take it back, and all their posts are hidden.
//
// No index leads from a person to their events, so the memory of events and the table
// of cascades are searched, for all accounts at hand at once and a part at a time:
// WITHDRAWALS_AT_ONCE entries when a search begins and with each pipeline_settle,
// WITHDRAWALS_PER_POST with each post. An event that is taken back costs as much as
// WITHDRAWALS_PER_EVENT entries. So an account with 100 000 events delays no other post
// by more than a millisecond or two. What the person does afterwards is not touched.
//
// At most WITHDRAWALS_MOST accounts wait. The counts of those beyond stay, and each is
// counted in withdrawals_refused.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"

struct pipeline;
struct post_user;
struct snapshot;

enum {
    WITHDRAWALS_MOST = 4096,
    WITHDRAWALS_AT_ONCE = 16384,
    WITHDRAWALS_PER_POST = 256,
    WITHDRAWALS_PER_EVENT = 16,
};

struct withdrawal {
    uint64_t events; // as many events had come then
    uint32_t births; // and as many cascades
    uint32_t user;   // referenced
};

enum withdrawals_stage {
    WITHDRAWALS_NEWEST, // events, of either part of the event records
    WITHDRAWALS_LASTING,
    WITHDRAWALS_CASCADES,
};

struct withdrawals {
    struct withdrawal rows[WITHDRAWALS_MOST]; // ring
    uint64_t first;
    uint64_t next;
    uint64_t end; // of those that are searched for; first: no search is on
    uint64_t at;  // sequence number of the next event, or index of the next cascade
    enum withdrawals_stage stage;
    struct table by_user; // of those that are searched for
};

bool withdrawals_init(struct withdrawals *withdrawals);
void withdrawals_fini(struct withdrawals *withdrawals);

// The account is gone. Nothing happens if the person is unknown. Borrows.
void withdrawals_add(struct pipeline *pipeline, const struct post_user *account);

// Goes on with the search for that many entries.
void withdrawals_search(struct pipeline *pipeline, uint32_t entries);

// Contents out of, or into an empty one.
void withdrawals_move(struct withdrawals *withdrawals, struct snapshot *snapshot);

static inline bool
withdrawals_wait(const struct withdrawals *withdrawals)
{
    return withdrawals->first != withdrawals->next;
}
