// The campaigns in use, and to which of them posts belong.
//
// A set of campaigns has a bit for each, in the order in which they were set. Sets are
// kept for the records of cascades, and for the newest events, whose posts may become
// cascades. Without campaigns nothing is kept.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "pipeline/campaigns/campaign.h"
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

struct campaigns {
    size_t count;
    uint32_t order;               // number of the last campaigns_set
    uint64_t moved[CAMPAIGN_MAX]; // the set of each campaign of the order before
    char names[CAMPAIGN_MAX][OPTION_TITLE_MAX];
    uint64_t speechless;                // campaigns without languages
    struct campaigns_account *accounts; // sorted by hash
    size_t account_count;
    uint64_t *of_cascade; // by row
    uint32_t cascade_capacity;
    uint64_t *of_event; // by row
    uint32_t event_capacity;
};

// False when the system refuses the memory.
bool campaigns_init(struct campaigns *campaigns, uint32_t cascades, uint32_t events);
void campaigns_fini(struct campaigns *campaigns);

// Replaces the campaigns, at most CAMPAIGN_MAX. What belongs to a campaign of the same
// name still belongs to it. Borrows all.
struct campaigns_needs {
    const struct hash_key *key;
    struct handle_form *form;
};
void campaigns_set(struct campaigns *campaigns, const struct campaign *next,
                   size_t count, const struct campaigns_needs *needs);

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

// Saves the contents without the accounts, or loads them into empty ones of the same
// capacities. cascades, events: how many rows are in use.
void campaigns_move(struct campaigns *campaigns, struct snapshot *snapshot,
                    uint32_t cascades, uint32_t events);
