// Raising an alert: into the queue or into a digest.
//
// The rules decide when to raise (pipeline/alerts/alerts.h).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pipeline/alerts/alert_memory.h"
#include "pipeline/alerts/rules.h"

struct alerts_record;
struct cascade;
struct pipeline;

// One rule that evaluates one cascade.
struct alert_sight {
    size_t rule;
    uint32_t cascade;
    bool is_late; // the event belongs to a backlog
};

// The values that the match conditions compare. Points into the pipeline until the
// texts change.
struct rules_root alert_raise_root(const struct pipeline *pipeline,
                                   const struct cascade *row);

// The value that the condition compares; NAN: not known.
double alert_raise_measured(const struct pipeline *pipeline,
                            const struct alert_sight *sight,
                            const struct rules_condition *condition);

// True if the queue of alerts has no room, or no room until those in it were shown, or
// if there is no room for texts.
bool alert_raise_is_full(const struct pipeline *pipeline);

// Puts the alert into the queue, which must have room, and stores the level in the row.
void alert_raise(struct pipeline *pipeline, const struct alert_sight *sight,
                 struct alert_row *row, uint64_t level);
// Puts the alert into the rule's digest instead. False: the digest is full and cannot
// be published yet.
bool alert_raise_later(struct pipeline *pipeline, const struct alert_sight *sight,
                       struct alert_row *row, uint64_t level);

// Puts the alert about a newcomer into the queue, which must have room. text: as in
// struct alert_item.
void alert_raise_newcomer(struct pipeline *pipeline, uint32_t user, const char *text);

// Puts the `resolved` alert of the row's cascade into the queue, which must have room.
void alert_raise_resolved(struct pipeline *pipeline, size_t rule,
                          const struct alert_row *row);

// The record of the row's cascade, or the row, is evicted: its close is not reported.
void alert_raise_lose_close(struct pipeline *pipeline, const struct alert_row *row);
// An alert_left_fn; context: the pipeline.
void alert_raise_left(void *context, struct alert_row *row);

// Puts the rule's digest, if there is one, into the queue, unless that is full.
void alert_raise_close_digest(struct pipeline *pipeline, size_t rule);
// Drops the current digest of a rule that was removed.
void alert_raise_abandon(struct pipeline *pipeline, const struct alerts_record *record);
