// A stand-in for the pipeline: things that a test sets by hand, pulled through
// pipeline/changes.h as the sink does.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "pipeline/changes.h"

enum { SINK_MODEL_TTL_S = 90000 };

struct pipeline *sink_model_create(void);
void sink_model_destroy(struct pipeline **model);

// Sets a field of a hash or a member of a board (value: its score). A none value
// removes it.
void sink_model_set(struct pipeline *model, enum change_kind kind, struct slice name,
                    struct slice field, struct slice value);
// An alert of the rule "viral" comes again after a loss or restart, as all things do.
// Removes a user or cascade.
void sink_model_drop(struct pipeline *model, enum change_kind kind, struct slice name);
// The user's handle key from now on. At most one change a flush.
void sink_model_set_handle(struct pipeline *model, struct slice name,
                           struct slice handle);
void sink_model_set_meta(struct pipeline *model, const struct changes_meta *meta);

struct sink_model_counts {
    size_t pulled;
    size_t written;
    size_t losses;
    size_t restarts;
    size_t in_flight;
};
const struct sink_model_counts *sink_model_counts(const struct pipeline *model);
