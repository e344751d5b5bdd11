// Owning the prefix: who is there, who owned it last, and what to do then.
#pragma once

struct redis_sink;

// What tells our own claim from another daemon's: random bytes, and as text.
enum { REDIS_TOKEN_BYTES = 16, REDIS_TOKEN_TEXT = 2 * REDIS_TOKEN_BYTES + 1 };

void redis_owner_greet(struct redis_sink *sink);
void redis_owner_greeted(struct redis_sink *sink);
void redis_owner_claimed(struct redis_sink *sink);
void redis_owner_recalled(struct redis_sink *sink);
// Begins to write: everything if Redis may hold other keys than ours, else changes.
void redis_owner_write(struct redis_sink *sink);
// The keys of an earlier life are gone.
void redis_owner_purged(struct redis_sink *sink);
