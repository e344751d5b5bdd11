// What people carry within campaigns, for the ledger of pairs (campaign_outreach.h).
//
// An act counts in the campaigns in which its event counts, and a child in those of its
// own event in which the event of its parent act counts, too. An act through which a
// person came within the campaign counts as carried at its own time, as long as such
// a child is there. Nothing counts in a pair that is younger than the act.
//
// Acts, children and what is taken back come from acts.c. In which campaigns the
// current event counts is known at its end: until then its acts, and children that came
// with it, wait.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/fold/acts.h"

struct pipeline;

// What the current event is, until it is known in which campaigns it counts.
struct campaign_acts_waiting {
    uint32_t event; // EVENT_NONE: there is none
    uint32_t acts;
    uint32_t children;
    struct acts_act act;      // the last one
    struct acts_child *child; // room for as many as can come with one event
};

// False when the system refuses the memory.
bool campaign_acts_init(struct pipeline *pipeline);
void campaign_acts_fini(struct pipeline *pipeline);

// An event came …
void campaign_acts_begin(struct pipeline *pipeline, uint32_t event);
// … and it is known in which campaigns it counts.
void campaign_acts_end(struct pipeline *pipeline);

// An act began, or is taken back.
void campaign_acts_act(struct pipeline *pipeline, const struct acts_act *act);
void campaign_acts_act_undone(struct pipeline *pipeline, const struct acts_act *act,
                              const struct acts_end *end);
// A child came, or is taken back.
void campaign_acts_child(struct pipeline *pipeline, const struct acts_child *child);
void campaign_acts_child_undone(struct pipeline *pipeline,
                                const struct acts_child *child);
