// Fills the course of a campaign (pipeline/campaigns/course.h): with each amount of its
// totals, each act, and who joins or leaves.
#pragma once

#include <stdint.h>

#include "pipeline/campaigns/figures.h"
#include "pipeline/records/event_records_entry.h"
#include "pipeline/windows/windows.h"

struct event;
struct pairs_row;
struct pipeline;

// A total of the campaign grew at that moment, which a window contains.
struct campaign_course_amount {
    enum figures_total total;
    uint32_t amount;
};
void campaign_course_count(struct pipeline *pipeline, unsigned campaign,
                           struct campaign_course_amount amount,
                           const struct windows_moment *moment);
// What an event added to a counter is taken back, at the moment of pipeline->hand.
void campaign_course_note_undone(struct pipeline *pipeline,
                                 struct event_records_entry note);

// The event is an act in the campaign …
void campaign_course_act(struct pipeline *pipeline, unsigned campaign,
                         const struct event *event);
// … or is taken back.
void campaign_course_act_undone(struct pipeline *pipeline, unsigned campaign,
                                const struct event *event);

// The person of the pair, which counts an act of that time, joined or was there.
void campaign_course_met(struct pipeline *pipeline, struct pairs_row *pair, usec time);
// The last act of the pair was taken back.
void campaign_course_left(struct pipeline *pipeline, const struct pairs_row *pair);
// The pairs are one person, the acts of both still apart.
void campaign_course_merge(struct pipeline *pipeline, const struct pairs_row *from,
                           struct pairs_row *into);
