// After a start from a snapshot that is older than Redis, nothing is written until the
// sources have reached the position in Redis, so that no value in Redis goes back.
#pragma once

#include "base/usec.h"

struct redis_sink;
struct streams;

struct catch_up {
    usec held_since; // monotonic, while the sink is held
};

// The sources were started: holds the sink if they are behind.
void catch_up_begin(struct catch_up *catch_up, const struct streams *streams,
                    struct redis_sink *sink);
// Once in a beat: releases it when they are not, or after five minutes.
void catch_up_step(const struct catch_up *catch_up, const struct streams *streams,
                   struct redis_sink *sink);
