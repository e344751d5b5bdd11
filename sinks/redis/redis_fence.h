// Owning the prefix: who is there, who owned it last, and what to do then.
#pragma once

struct redis_sink;

// What tells our own claim from another daemon's: random bytes, and as text.
enum { REDIS_TOKEN_BYTES = 16, REDIS_TOKEN_TEXT = 2 * REDIS_TOKEN_BYTES + 1 };

void redis_fence_greet(struct redis_sink *sink);
void redis_fence_greeted(struct redis_sink *sink);
void redis_fence_claimed(struct redis_sink *sink);
void redis_fence_recalled(struct redis_sink *sink);
// Begins to write: everything if Redis may hold other keys than ours, else changes.
void redis_fence_write(struct redis_sink *sink);
// The keys of an earlier life are gone.
void redis_fence_purged(struct redis_sink *sink);
