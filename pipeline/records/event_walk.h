// Iterates over the memory of events in their order of arrival.
//
// Events that the horizon has passed may be among them. The memory must not change
// between two steps.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/records/event_records.h"

struct event_walk {
    uint32_t event;
    uint32_t left; // of the part
    bool is_last;  // the newest part
};

// Over the events that arrived after this one; EVENT_NONE: over all.
struct event_walk event_walk_after(const struct event_records *records, uint32_t event);
// EVENT_NONE: the end.
uint32_t event_walk_next(const struct event_records *records, struct event_walk *walk);

// The sequence number of an event in its part.
uint64_t event_walk_sequence(const struct event_records *records, uint32_t event);
// Numbers the events in that order.
uint64_t event_walk_order(const struct event_records *records, uint32_t event);
