// Writes alerts to standard output, one JSON object a line.
//
// The reader may be slow: what does not fit into the pipe waits in memory, up to a
// limit; more is dropped and counted. The event loop never waits.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

struct alert_out {
    struct buffer text;
    size_t written; // of the text
    uint64_t dropped;
    bool is_broken; // nothing more can be written
    bool is_failed; // for another reason than a closed pipe
};

void alert_out_init(struct alert_out *out);
void alert_out_fini(struct alert_out *out);

void alert_out_add(struct alert_out *out, struct slice json);
// Writes what can be written without waiting. True if something is left.
bool alert_out_pump(struct alert_out *out);
// Writes the rest, and waits as long as the reader takes some bytes every few seconds.
void alert_out_finish(struct alert_out *out);

// False if alerts could not be written, for example to a full disk. A closed pipe is
// not a failure.
bool alert_out_is_good(const struct alert_out *out);
