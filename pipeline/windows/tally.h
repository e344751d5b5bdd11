// What is counted, and for whom: one tally per leaderboard, plus the one behind
// velocities.
#pragma once

#include "base/slice.h"

// One row a tally: the constant TALLY_…, and its name in Redis keys. The tallies of
// users come first, then
//   CASCADES  direct retweets and quotes of a post
//   HASHTAGS  posts that use a hashtag
//   VELOCITY  every retweet and quote below a post; no board
// clang-format off
#define TALLY_ROWS(ROW) \
    ROW(POSTS,       "posts") \
    ROW(MENTIONS,    "mentions") \
    ROW(RETWEETS,    "retweets") \
    ROW(QUOTES,      "quotes") \
    ROW(REPLIES,     "replies") \
    ROW(REACH,       "reach") \
    ROW(INFLUENCE,   "influence") \
    ROW(CARRIED,     "carried") \
    ROW(TRANSLATED,  "translated") \
    ROW(CASCADES,    "cascades") \
    ROW(HASHTAGS,    "hashtags") \
    ROW(VELOCITY,    "velocity")
// clang-format on

#define TALLY_CONSTANT(constant, name) TALLY_##constant,
enum tally { TALLY_ROWS(TALLY_CONSTANT) };

#define TALLY_USERS TALLY_CASCADES  // tallies below this one belong to users
#define TALLY_BOARDS TALLY_VELOCITY // tallies below this one have leaderboards

struct slice tally_name(enum tally tally);
