// What people carry within campaigns, for the ledger of pairs (campaign_outreach.h).
//
// An act counts in the campaigns of its event, and a child in those of its own event to
// which the event of its parent act belongs, too. Acts, children and what is taken back
// come from acts.c. To what the current event belongs is known at its end: until then
// its acts, and children that came with it, wait.
#pragma once

#include <stdint.h>

#include "pipeline/carriers/carriers.h"
#include "pipeline/fold/acts.h"

struct pipeline;

// Of one event; what does not fit is left out, and counted.
enum { CAMPAIGN_ACTS_WAITING = 1024 };

// What the current event is, until it is known to which campaigns it belongs.
struct campaign_acts_waiting {
    uint32_t event; // EVENT_NONE: there is none
    uint32_t acts;
    uint32_t children;
    struct acts_act act; // the last one
    struct acts_child child[CAMPAIGN_ACTS_WAITING];
    struct carriers_child entry[CAMPAIGN_ACTS_WAITING];
};

void campaign_acts_init(struct pipeline *pipeline);

// An event came …
void campaign_acts_begin(struct pipeline *pipeline, uint32_t event);
// … and it is known to which campaigns it belongs.
void campaign_acts_end(struct pipeline *pipeline);

// An act began …
void campaign_acts_act(struct pipeline *pipeline, const struct acts_act *act);
// … or is taken back. first: event of its first child; EVENT_NONE: it has none.
void campaign_acts_act_undone(struct pipeline *pipeline, const struct acts_act *act,
                              uint32_t first);
// A child came, or is taken back; entry: for the ledger of all people.
void campaign_acts_child(struct pipeline *pipeline, const struct acts_child *child,
                         struct carriers_child entry);
void campaign_acts_child_undone(struct pipeline *pipeline,
                                const struct acts_child *child,
                                struct carriers_child entry);
