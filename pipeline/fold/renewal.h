// Cascades that a post begins again.
//
// A cascade that is closed and zero in every window counts from 0 with its next event.
// Alerts about it may still wait to be written; their texts contain the counts of
// before. In event time these texts are rendered first, so that no rule changes a
// count, whatever the speed of Redis. In wall time a cascade with such an alert keeps
// its counts for the moment that a flush takes.
#pragma once

#include <stdbool.h>

#include "pipeline/fold/ids.h"
#include "pipeline/post.h"

struct pipeline;

// True if the post has to come again after the alerts were shown or written. A close
// that rules have yet to report is reported.
bool renewal_waits(struct pipeline *pipeline, const struct post *post,
                   const struct ids *ids);
