// Alerts about people who take part in a campaign for the first time.
//
//     alert "arrivals" { kind = "newcomer"  campaigns = {"cup"}  min_followers = 99 }
//
// A rule of the kind newcomer looks at a person with the first act in one of its
// campaigns, and again at every change of the followers or the handle while all acts of
// the person in the campaign are within the longest window. It alerts if the person has
// at least min_followers, or is one of the carriers_in first of the board of carriers;
// the rank is that of the moment. At most once for each rule, campaign and person, also
// if the act is taken back, or the person was forgotten by the campaign to make room
// and comes again, as long as the alert is remembered (alert_memory.h).
//
// While the queue is full the alert waits. If all acts of the person are taken back
// before it is raised, or in wall time before it is pulled, there is no alert, and the
// person may be a newcomer later.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct alert_row;
struct pipeline;

// The hash of the rule of that name. A rule about cascades has another one, so that no
// rule reads the rows that another kind of rule left under its name.
uint64_t alert_newcomer_rule(const struct pipeline *pipeline, struct slice name);

// The person of the pair has the first act in its campaign (is_first), or other
// followers or another handle. If there is no room to remember an alert, only the first
// act raises it.
void alert_newcomer_judge(struct pipeline *pipeline, uint32_t pair, bool is_first);

// Time has passed: an alert of that rule, which waits.
void alert_newcomer_tick(struct pipeline *pipeline, size_t rule, struct alert_row *row);

// Two users are one person: what was raised about one was raised about both.
void alert_newcomer_merge(struct pipeline *pipeline, uint32_t from, uint32_t into);

// The pair will be removed to make room, or with its campaign. Its acts are not taken
// back, so an alert about it that is in the queue is still published.
void alert_newcomer_evicted(struct pipeline *pipeline, uint32_t pair);

// True if the user no longer has an act in the campaign of that name. If the campaign
// is gone, that is not known: false. To be asked only if the pair was not evicted.
bool alert_newcomer_left(const struct pipeline *pipeline, struct slice campaign,
                         uint32_t user);
// The alert of that rule will not be published: it is as if it was never raised.
struct alert_newcomer {
    struct slice rule, campaign;
    uint32_t user;
};
void alert_newcomer_forget(struct pipeline *pipeline,
                           const struct alert_newcomer *newcomer);
