// The campaigns in use, and to which of them posts belong.
//
// A set of campaigns has a bit for each, in the order in which they were set. Sets are
// kept for the records of cascades, and for the newest events, whose posts may become
// cascades. Without campaigns nothing is kept. An event belongs to campaigns in which
// it does not count if there was no room.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "pipeline/campaigns/campaign.h"
#include "pipeline/campaigns/figures.h"
#include "pipeline/campaigns/known_people.h"
#include "pipeline/campaigns/pairs.h"
#include "pipeline/carriers/carriers.h"
#include "pipeline/post.h"
#include "pipeline/records/handle_form.h"
#include "pipeline/records/users.h"

struct snapshot;

// An account of some campaigns: the hash of an id, or of a handle in the form
// "x:@acme" or "@acme".
struct campaigns_account {
    uint64_t hash;
    uint64_t campaigns;
};

// The context of the boards of one campaign.
struct campaigns_board {
    void *owner;
    uint8_t number;
};

// A campaign that is gone, whose keys have yet to be deleted.
struct campaigns_leaving {
    char name[OPTION_TITLE_MAX];
    struct outreach_keys keys;
    uint32_t pulled; // so many deletions of its keys were pulled in this flush
};

struct campaigns {
    size_t count;
    uint32_t order;               // number of the last campaigns_set
    uint64_t moved[CAMPAIGN_MAX]; // the set of each campaign of the order before
    char names[CAMPAIGN_MAX][OPTION_TITLE_MAX];
    uint64_t speechless;                // campaigns without languages
    uint64_t rivalled;                  // campaigns with words of rivals
    struct campaigns_account *accounts; // sorted by hash
    size_t account_count;
    uint64_t *of_cascade; // by row
    uint32_t cascade_capacity;
    uint64_t *of_event;   // by row
    uint64_t *counted_in; // by row of an event: the campaigns in which it counts
    uint32_t event_capacity;
    // By row of the lasting part of the memory of events: the sequence number that the
    // event had in the other part.
    uint64_t *arrived;
    uint32_t lasting_capacity;
    struct figures *figures; // by number
    struct pairs pairs;
    uint8_t *present;          // by counter: bit per window in which it is above zero
    uint32_t counter_capacity; // of counters of campaigns
    uint32_t present_capacity;
    bool is_moving; // counters change their numbers
    struct known_people known[CAMPAIGN_MAX];
    uint32_t looked_up; // pairs up to there are looked up in them; PAIR_NONE: all are
    struct carriers carried; // of pairs (pipeline/campaigns/campaign_outreach.h)
    struct campaigns_board boards[CAMPAIGN_MAX];
    struct campaigns_leaving leaving[CAMPAIGN_MAX];
    uint32_t leaving_count;
};

// False when the system refuses the memory.
struct campaigns_sizes {
    uint32_t cascades, events; // rows
    uint32_t lasting;          // of these events
    uint32_t pairs;
    uint32_t counters; // of campaigns
    uint32_t all_counters;
};
bool campaigns_init(struct campaigns *campaigns, const struct campaigns_sizes *sizes);
void campaigns_fini(struct campaigns *campaigns);

// Replaces the campaigns, at most CAMPAIGN_MAX. What belongs to a campaign of the same
// name still belongs to it. Borrows all.
struct campaigns_needs {
    const struct hash_key *key;
    struct handle_form *form;
};
void campaigns_set(struct campaigns *campaigns, const struct campaign *next,
                   size_t count, const struct campaigns_needs *needs);

// The row of an event moves to the lasting part of the memory of events, which begins
// at that row; sequence: its number in the other part.
struct campaigns_moved {
    uint32_t from, to;
    uint32_t lasting_begin;
    uint64_t sequence;
};
void campaigns_moved(struct campaigns *campaigns, const struct campaigns_moved *moved);

// True if the user is on the outreach list of a campaign.
bool campaigns_list(const struct campaigns *campaigns, uint32_t user);

// The sets in the current order; empty if they are of one older than the one before it.
struct post_campaigns campaigns_now(const struct campaigns *campaigns,
                                    struct post_campaigns sets);

// The campaigns that have the user among their accounts.
uint64_t campaigns_of_user(const struct campaigns *campaigns, const struct users *users,
                           uint32_t user);

// The campaigns to which the post with that record belongs.
static inline uint64_t
campaigns_of_cascade(const struct campaigns *campaigns, uint32_t cascade)
{
    return campaigns->count != 0 ? campaigns->of_cascade[cascade] : 0;
}

// True if the set contains the campaign of that name.
bool campaigns_have(const struct campaigns *campaigns, uint64_t set, struct slice name);

// The set of each campaign in use among the next ones, in their order; 0: it is gone.
// True if all stay where they are.
bool campaigns_find(const struct campaigns *campaigns, const struct campaign *next,
                    size_t count, uint64_t bits[CAMPAIGN_MAX]);

// Saves the contents without the accounts and figures, or loads them into empty ones of
// the same capacities. used: how many rows are in use; `lasting` of the events from
// `lasting_begin` on.
struct campaigns_used {
    uint32_t cascades;
    uint32_t events;
    uint32_t lasting_begin;
    uint32_t lasting;
};
void campaigns_move(struct campaigns *campaigns, struct snapshot *snapshot,
                    struct campaigns_used used);
