// Raising: how an alert gets into the queue or into a digest.
//
// The rules decide when (pipeline/alerts/alerts.h); here is what becomes of it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pipeline/alerts/alert_memory.h"
#include "pipeline/alerts/rules.h"

struct alerts_record;
struct cascade;
struct pipeline;

// One rule looking at one cascade.
struct alert_sight {
    size_t rule;
    uint32_t cascade;
    bool is_late; // the event belongs to a backlog
};

// What the match conditions see of a cascade. Points into the pipeline until the texts
// change.
struct rules_root alert_raise_root(const struct pipeline *pipeline,
                                   const struct cascade *row);

// True if the queue of alerts has no room, or none before those in it are seen, or the
// texts have none.
bool alert_raise_is_full(const struct pipeline *pipeline);

// Puts the alert into the queue, which has room, and the level into the row.
void alert_raise(struct pipeline *pipeline, const struct alert_sight *sight,
                 struct alert_row *row, uint64_t level);
// Puts it into the rule's digest instead. False: that is full and cannot leave.
bool alert_raise_later(struct pipeline *pipeline, const struct alert_sight *sight,
                       struct alert_row *row, uint64_t level);

// Puts the last word on the row's cascade into the queue, which has room.
void alert_raise_resolved(struct pipeline *pipeline, size_t rule,
                          const struct alert_row *row);

// Puts the rule's digest, if there is one, into the queue; not if that is full.
void alert_raise_close_digest(struct pipeline *pipeline, size_t rule);
// The digest at hand of a rule that is gone is not told.
void alert_raise_abandon(struct pipeline *pipeline, const struct alerts_record *record);
