// Claiming alerts: at most once each, in the transaction that carries them.
//
// A script claims up to REDIS_CLAIMS_GROUP alerts that the same webhooks get. Of each
// it sets the key alert:<id> if there is none (SET NX), and only then publishes,
// appends to the stream and fills the outboxes. The right to append is tried before. If
// Redis refuses a command, that claim is taken back, the transaction is refused as a
// whole, and its alerts come again: those that were claimed change nothing then.
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

// Seconds. No cascade lives longer than a week and its last six hours.
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
    size_t grouped;  // of them, those that stand in the batch
    size_t answered; // how many of the answers came
    size_t shown;    // those whose text lies in the stash
    struct buffer names;
    struct redis_claim items[REDIS_CLAIMS_MAX];
};

// Renders the alerts that were raised as things are now; they leave with the flushes
// that follow. False: there is no room for all of them; a flush makes some.
bool redis_claims_render(struct redis_sink *sink);

// ── for the sink ───────────────────────────────────────────────────────────

// Starts with the batch that is being built, adds to it, and ends the open group.
void redis_claims_begin(struct redis_sink *sink, unsigned which);
void redis_claims_add(struct redis_sink *sink, unsigned which,
                      const struct change *change);
void redis_claims_close(struct redis_sink *sink, unsigned which);

// The next answer of a script.
void redis_claims_result(struct redis_sink *sink, const struct redis_item *item);
// What the batch carried is written.
void redis_claims_written(struct redis_sink *sink, unsigned which);
// What the batches carried comes again.
void redis_claims_lost(struct redis_sink *sink);
