// The newest alerts, as they were published. Pure.
//
// Keeps at most API_ALERTS_MAX alerts and API_ALERTS_BYTES bytes; an alert that is too
// long for that is not kept.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct person_text;

enum { API_ALERTS_MAX = 1000, API_ALERTS_BYTES = 8 << 20 };

struct api_alerts_row {
    char *json;
    size_t size;
};

// Zeroed: none.
struct api_alerts {
    struct api_alerts_row rows[API_ALERTS_MAX]; // ring
    uint64_t first;
    uint64_t next; // number of the next one
    size_t bytes;
};

void api_alerts_fini(struct api_alerts *alerts);
// Copies the JSON; drops the oldest ones for which there is no room.
void api_alerts_add(struct api_alerts *alerts, struct slice json);
// The same of an entry that was read from Redis: what is no JSON object, or is there
// already because the reading began again, is not added.
void api_alerts_recall(struct api_alerts *alerts, struct slice json);
// Drops those that name the person.
void api_alerts_forget(struct api_alerts *alerts, const struct person_text *person);
size_t api_alerts_count(const struct api_alerts *alerts);
// 0: the newest; it must be below the count. Valid until the next api_alerts_add.
struct slice api_alerts_at(const struct api_alerts *alerts, size_t age);
