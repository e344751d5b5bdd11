// Claims alerts, each at most once, in the transaction that contains them.
//
// A script claims up to REDIS_CLAIMS_GROUP alerts that go to the same webhooks. For
// each it sets the key alert:<id> if there is none (SET NX), and only then publishes,
// appends to the stream and fills the outboxes. The right to append is checked before.
// If Redis refuses a command, that claim is taken back, the transaction is refused as a
// whole, and its alerts are written again: those that were claimed change nothing then.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "sinks/redis/redis_recent.h"
#include "sinks/webhook/webhook_sign.h"

struct change;
struct redis_item;
struct redis_sink;

enum {
    REDIS_CLAIMS_MAX = 1024, // alerts of one transaction
    REDIS_CLAIMS_GROUP = 64, // of one script
};

// Seconds. A cascade closes at most a week and six hours after its root.
#define REDIS_CLAIM_TTL "864000"

// An alert within a transaction that is being built or at Redis.
struct redis_claim {
    char id[WEBHOOK_ID_MAX];
    char entry[REDIS_ENTRY_MAX]; // its id in the stream
    size_t name_at;              // in `names`; what the key is named after
    size_t name_len;
    size_t json_at; // in the group while that is open, then in the batch
    size_t json_len;
    uint64_t asked; // endpoints
    int64_t answer; // of the script
};

struct redis_claims {
    size_t count;
    size_t grouped;  // of them, those in the batch
    size_t answered; // how many of the answers came
    struct buffer names;
    struct redis_claim items[REDIS_CLAIMS_MAX];
};

// Renders the alerts with their current values, as far as there is room for the texts;
// they are written with the next flushes.
void redis_claims_render(struct redis_sink *sink);

// ── for the sink ───────────────────────────────────────────────────────────

// Starts with the current batch, adds to it, and ends the open group.
void redis_claims_begin(struct redis_sink *sink, unsigned which);
void redis_claims_add(struct redis_sink *sink, unsigned which,
                      const struct change *change);
void redis_claims_close(struct redis_sink *sink, unsigned which);

// The next element of a script's answer.
void redis_claims_result(struct redis_sink *sink, const struct redis_item *item);
// The alerts of the batch are written.
void redis_claims_written(struct redis_sink *sink, unsigned which);
