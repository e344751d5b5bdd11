// Ownership of the prefix: greets the server, checks the last owner, and claims the
// prefix.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "sinks/redis/redis_answer.h"
#include "sinks/redis/redis_phase.h"
#include "sinks/redis/redis_tenure.h"

struct redis_sink;

struct redis_fence {
    uint64_t epoch;               // ours; 0: never claimed
    char token[REDIS_TOKEN_TEXT]; // distinguishes our claim from another daemon's
    bool is_claimed;              // on this connection
    bool is_claim_open;           // a claim was sent and its answer never came
    bool is_unknown;              // Redis may contain other keys than those written
    char run_id[REDIS_ANSWER_NAME_MAX];
};

// tenure: that began before; or NULL. False if the system has no random bytes.
bool redis_fence_init(struct redis_fence *fence,
                      const struct redis_tenure *tenure) MUST_USE;

// Entering GREET and CLAIM.
enum redis_phase redis_fence_greet(struct redis_sink *sink);
enum redis_phase redis_fence_claim(struct redis_sink *sink);

// The replies to GREET, CLAIM, RECALL, OUTBOX and PLACE are complete.
enum redis_phase redis_fence_greeted(struct redis_sink *sink);
enum redis_phase redis_fence_claimed(struct redis_sink *sink);
enum redis_phase redis_fence_recalled(struct redis_sink *sink);
enum redis_phase redis_fence_outbox_read(struct redis_sink *sink);
enum redis_phase redis_fence_placed(struct redis_sink *sink);

// Begins to write: everything if Redis may contain other keys than those written, else
// changes.
enum redis_phase redis_fence_write(struct redis_sink *sink);
