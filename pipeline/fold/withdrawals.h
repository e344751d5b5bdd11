// Accounts that are gone: takes back what they added, exactly as a deletion of each of
// their posts and retweets would, and hides all their posts.
//
// There is no index from a user to their events, so the memory of events and the table
// of cascades are searched, for all waiting accounts together and in parts:
// WITHDRAWALS_AT_ONCE entries when a search begins and with each pipeline_settle,
// WITHDRAWALS_PER_POST with each post. Taking back one event costs as much as
// WITHDRAWALS_PER_EVENT entries. An account with 100 000 events therefore delays no
// other post by more than 1 to 2 ms.
//
// Later events of the user are not affected: neither those that arrive after the
// message, nor those with a later time than the message has. So a message that arrives
// again, after a restart for example, takes back nothing that the person did since.
//
// At most WITHDRAWALS_MAX accounts wait. The counts of further accounts stay; each is
// counted in withdrawals_refused.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"
#include "base/usec.h"

struct pipeline;
struct post;
struct snapshot;

enum {
    WITHDRAWALS_MAX = 4096,
    WITHDRAWALS_AT_ONCE = 16384,
    WITHDRAWALS_PER_POST = 256,
    WITHDRAWALS_PER_EVENT = 16,
};

struct withdrawal {
    usec until;      // the account was gone at that time; INT64_MAX: not known
    uint64_t events; // so many events had come when the message arrived
    uint32_t births; // and so many cascades
    uint32_t user;   // referenced
};

enum withdrawals_stage {
    WITHDRAWALS_NEWEST, // events, of either part of the event records
    WITHDRAWALS_LASTING,
    WITHDRAWALS_CASCADES,
};

struct withdrawals {
    struct withdrawal rows[WITHDRAWALS_MAX]; // a ring
    uint64_t first;
    uint64_t next;
    uint64_t end; // of those being searched for; first: there is no search
    uint64_t at;  // sequence number of the next event, or index of the next cascade
    enum withdrawals_stage stage;
    struct table by_user; // of those being searched for
};

bool withdrawals_init(struct withdrawals *withdrawals);
void withdrawals_fini(struct withdrawals *withdrawals);

// The account of its author is gone (POST_WITHDRAWN). Does nothing if the user is
// unknown. Borrows.
void withdrawals_add(struct pipeline *pipeline, const struct post *post);

// Continues the search for that many entries.
void withdrawals_search(struct pipeline *pipeline, uint32_t entries);

// Saves the contents, or loads them into an empty one.
void withdrawals_move(struct withdrawals *withdrawals, struct snapshot *snapshot);

static inline bool
withdrawals_wait(const struct withdrawals *withdrawals)
{
    return withdrawals->first != withdrawals->next;
}
