// A table of values per window, of a hash with fields such as "posts:1h": a column for
// each window, a line for each metric.
#pragma once

#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "base/usec.h"
#include "ctl/client.h"

enum { WINDOWS_MAX = 8, WINDOWS_NAME_COLUMNS = 16, WINDOWS_COLUMNS = 16 };

struct window {
    struct slice name; // points into the reply
    usec span;
};

struct windows {
    size_t count;
    struct window at[WINDOWS_MAX];
};

// The window of a field; none for a field that has none.
struct slice windows_of(struct slice field);

// The windows for which the hash has values, shortest first.
struct windows windows_find(const redisReply *hash);

// The value of a metric in a window; none: the hash has none.
struct slice windows_value(const redisReply *hash, const char *metric,
                           struct slice window);

void windows_put_head(struct buffer *out, const struct windows *windows);
// Values that are not there are 0.
void windows_put_row(struct buffer *out, const redisReply *hash, const char *metric,
                     const struct windows *windows);
