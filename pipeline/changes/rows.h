// The options of the modules of this room; pipeline/options.h explains the rows.
#pragma once

#include "base/option.h"

// clang-format off
// ── key_rule.h ──────────────────────────────────────────────────────────

#define KEY_RULE_OPTIONS(ROW) \
    ROW(users_from, COUNT, "redis.users_from", "2", 1, 1000000, \
        "Mentions, retweets, quotes, replies and carried in the longest window from which a person " \
        "has a key in Redis; those on a board have one in any case. 1: everybody") \
    ROW(cascades_from, COUNT, "redis.cascades_from", "2", 1, 1000000, \
        "Retweets, quotes and replies from which a cascade has a key in Redis; those on a board or " \
        "with an alert have one in any case. 1: all")
// clang-format on
