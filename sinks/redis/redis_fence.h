// Ownership of the prefix: greets the server, checks the last owner, and claims the
// prefix.
#pragma once

#include "base/slice.h"

struct redis_sink;

// Distinguishes this process' own claim from another daemon's: random bytes, and their
// text.
enum { REDIS_TOKEN_BYTES = 16, REDIS_TOKEN_TEXT = 2 * REDIS_TOKEN_BYTES + 1 };

void redis_fence_greet(struct redis_sink *sink);
void redis_fence_greeted(struct redis_sink *sink);
void redis_fence_claimed(struct redis_sink *sink);
void redis_fence_recalled(struct redis_sink *sink);
// Begins to write: everything if Redis may contain other keys than those written, else
// changes.
void redis_fence_write(struct redis_sink *sink);
// The keys of an earlier process are removed.
void redis_fence_purged(struct redis_sink *sink);
// What INFO answered later on: advises once when a policy that evicts was set.
void redis_fence_check_policy(struct redis_sink *sink, struct slice info);
