// Writes alerts to standard output, one JSON object a line.
//
// The reader may be slow, or the disk full: what cannot be written waits in memory, up
// to 4 MiB; more is dropped and counted. The event loop never waits. Lines stay whole:
// one that was written in part when the disk became full is completed later.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/metric.h"
#include "base/slice.h"

struct alert_out_metrics {
    uint64_t added;
    uint64_t dropped;
    uint64_t is_failing; // the last attempt to write failed
};

extern const struct metric alert_out_metric_rows[];

struct alert_out {
    struct buffer text;
    size_t written; // of the text
    bool is_broken; // nothing more can be written
    bool is_failed; // for another reason than a closed pipe
    struct alert_out_metrics metrics;
};

void alert_out_init(struct alert_out *out);
void alert_out_fini(struct alert_out *out);

void alert_out_add(struct alert_out *out, struct slice json);
// Writes what can be written without waiting. True if something is left.
bool alert_out_pump(struct alert_out *out);
// Writes the rest, and waits as long as the reader takes some bytes every few seconds.
void alert_out_finish(struct alert_out *out);

// False if alerts could not be written, for example to a disk that still is full. A
// closed pipe is not a failure.
bool alert_out_is_good(const struct alert_out *out);
