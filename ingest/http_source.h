// A stream over HTTP: lines of JSON (X) or server-sent events (Mastodon).
//
// Connects, waits, tells silence from death (liveness.h, reconnect.h). Redirections are
// not followed: they count as an HTTP error. A message that was cut by the end of its
// connection is dropped. The network cannot resume, so there is no cursor; what was
// missed is asked for with backfill_minutes where that is set, else it is a gap.
#pragma once

#include "base/status.h"

struct source;
struct source_setup;

// setup's client may not be NULL. On failure *ret_source is untouched.
enum status http_source_create(const struct source_setup *setup,
                               struct source **ret_source,
                               struct error *error) MUST_USE;
