// The transport of a stream over HTTP: lines of JSON (X) or server-sent events
// (Mastodon).
//
// Redirections are not followed: they count as an HTTP error. A message that was cut by
// the end of its connection is dropped. These networks cannot resume a stream. What was
// missed is recovered with backfill_minutes if that is set (X), or by a backfill
// (mastodon_backfill_http.h); else it is a gap.
#pragma once

#include "base/status.h"

struct source;
struct source_setup;

// setup's client may not be NULL. On failure *ret_source is untouched.
enum status http_source_create(const struct source_setup *setup,
                               struct source **ret_source,
                               struct error *error) MUST_USE;
