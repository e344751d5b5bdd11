// One process' hold on a prefix: a random name, which `<prefix>owner` contains as long
// as no other process took the prefix over.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

enum { REDIS_TOKEN_BYTES = 16, REDIS_TOKEN_TEXT = 2 * REDIS_TOKEN_BYTES + 1 };

struct redis_tenure {
    char token[REDIS_TOKEN_TEXT];
    uint64_t epoch; // at which it began; 0: it has not
};

// A new name. False if the system has no random bytes.
bool redis_tenure_name(char token[REDIS_TOKEN_TEXT]) MUST_USE;

struct redis_sink;
// At which that sink took its prefix last; 0: not yet.
uint64_t redis_tenure_epoch(const struct redis_sink *sink);
