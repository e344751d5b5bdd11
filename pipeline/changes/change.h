// Builds one change: the fields of a user or a cascade that are to be written.
//
// The pulls of pipeline/changes.h call these functions for what is in the queues. Texts
// are in the pipeline's scratch arena until the next pull.
#pragma once

#include "pipeline/inside.h"

// Begins a whole change for a reader, without fields. Changes no state.
void change_show(struct pipeline *pipeline, enum change_kind kind, struct slice name,
                 struct change *ret_change);
// Adds a field; value none: the field is to be removed.
void change_put(struct pipeline *pipeline, struct change *change, struct slice name,
                struct slice value);
struct slice change_number(struct pipeline *pipeline, uint64_t value);
// count / unit to ten significant digits, without trailing zeros: the same text as
// printf's %.10g, at a tenth of its cost. unit: 1 to 2^60; the whole part must be below
// 10^10.
struct slice change_rate(struct pipeline *pipeline, uint64_t count, uint64_t unit);
// An estimated value, to four significant digits; none if it is not a number.
struct slice change_estimate(struct pipeline *pipeline, double value);
struct slice change_ms(struct pipeline *pipeline, usec time);

// A key whose thing is kept: whether the receiver has it, whether that may be stale,
// when it was written whole last (seconds of the clock), and how long it lasts.
struct change_key {
    bool is_written;
    bool is_stale;
    uint32_t whole_at;
    usec length;
};
// Sets is_fresh, is_whole and ttl of its change. A key is written whole in time to
// renew its time to live.
void change_begin(const struct pipeline *pipeline, struct change *change,
                  const struct change_key *key);
// The clock, as whole_at has it.
uint32_t change_now(const struct pipeline *pipeline);

// Adds a change to those in flight.
void change_fly(struct pipeline *pipeline, enum change_kind kind, uint32_t index);

// The change of one thing taken from its queue; false if there is nothing to write. A
// change that is returned holds the thing until it is reported written or lost.
bool change_user(struct pipeline *pipeline, uint32_t user, struct change *change);
// Adds every field of a user that has a value. Changes no state.
void change_user_fields(struct pipeline *pipeline, struct change *change,
                        uint32_t user);
// How many fields of a user have a value, and the user's handle key if it was
// published.
size_t change_user_size(const struct pipeline *pipeline, uint32_t user);
struct slice change_user_handle(struct pipeline *pipeline, uint32_t user);
void change_user_written(struct pipeline *pipeline, uint32_t user);
void change_user_lost(struct pipeline *pipeline, uint32_t user);
bool change_cascade(struct pipeline *pipeline, uint32_t cascade, struct change *change);
// What forecasts have learnt, if that has changed.
bool change_calibration(struct pipeline *pipeline, struct change *change);
// Adds the fields about speed and forecast whose bits are in `fields`.
void change_forecast(struct pipeline *pipeline, uint32_t cascade, struct change *change,
                     uint32_t fields);
void change_cascade_written(struct pipeline *pipeline, uint32_t cascade);
void change_cascade_lost(struct pipeline *pipeline, uint32_t cascade);
// Adds those fields of a cascade; if the change is whole, only those with a known
// value. Changes no state: change_cascade records what the receiver has.
void change_cascade_fields(struct pipeline *pipeline, struct change *change,
                           uint32_t cascade, uint32_t fields);

// The next alert in the queue; false if it was dropped.
bool change_alert(struct pipeline *pipeline, struct change *change);
// The next alert in the queue that was not shown; false if there is none, or no room
// for its text.
bool change_alert_show(struct pipeline *pipeline, struct change *change);
// Keeps the text of the alert at that place of the queue, if it is the last that was
// shown: texts are in the order of the queue.
void change_alert_keep(struct pipeline *pipeline, uint64_t place, struct slice text);
// True if an alert about the cascade, which has some in the queue, has yet to read its
// counts.
bool change_alert_needs(struct pipeline *pipeline, uint32_t cascade);
// All fields of a cascade, its author, and the people an alert names. Changes no state.
void change_alert_cascade(struct pipeline *pipeline, struct change *change,
                          uint32_t cascade);
void change_alert_written(struct pipeline *pipeline);
// All alerts in flight are pulled again.
void change_alerts_lost(struct pipeline *pipeline);
