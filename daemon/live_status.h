// The status line of a live daemon for systemd: how many sources are live, how many
// posts a second come in, and what is wrong.
#pragma once

#include <stdint.h>

#include "base/usec.h"

struct alert_delivery;
struct notify;
struct redis_sink;
struct streams_figures;

enum { LIVE_STATUS_MAX = 256 };

// Initialise with zeros.
struct live_status {
    uint64_t posts; // when it was reported last
    usec counted_at;
    char text[LIVE_STATUS_MAX];
};

// What the line is made of; borrowed. posts: so far.
struct live_status_needs {
    const struct streams_figures *figures;
    const struct alert_delivery *delivery;
    const struct redis_sink *sink;
    uint64_t posts;
};

// Posts are counted from now on.
void live_status_start(struct live_status *status, uint64_t posts);
// Sends the line if it has changed.
void live_status_report(struct live_status *status, struct notify *notify,
                        const struct live_status_needs *needs);
