// Alerts on standard output, one JSON object a line.
//
// Whoever reads them may be slow: what does not fit into the pipe waits in memory, up
// to a ceiling; what goes beyond is dropped and counted. The event loop never waits.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

struct alert_out {
    struct buffer text;
    size_t written; // of the text
    uint64_t dropped;
    bool is_broken; // nothing can be written any more
    bool is_failed; // and not because the reader went away
};

void alert_out_init(struct alert_out *out);
void alert_out_fini(struct alert_out *out);

void alert_out_add(struct alert_out *out, struct slice json);
// Writes what is taken without waiting. True if something is left for later.
bool alert_out_pump(struct alert_out *out);
// Writes the rest, waiting for the reader as long as it takes something every few
// seconds.
void alert_out_finish(struct alert_out *out);

// False if alerts could not be written, as to a full disk. A reader that went away has
// what it wants.
bool alert_out_is_good(const struct alert_out *out);
