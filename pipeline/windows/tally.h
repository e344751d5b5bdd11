// What is counted, and for whom: one tally per leaderboard, plus the one behind
// velocities.
#pragma once

#include "base/slice.h"

// One row a tally: the constant TALLY_…, and its name in Redis keys. The tallies of
// users come first, then
//   CASCADES  direct retweets and quotes of a post
//   HASHTAGS  posts that use a hashtag
//   VELOCITY  every retweet and quote below a post; no board
// Behind them are those of campaigns: each tally with a board once more, and
//   ACTS      posts and retweets of a person in a campaign; no board
//   TOTAL     of the campaign itself; no board
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
enum tally {
    TALLY_ROWS(TALLY_CONSTANT) // the comma is in the rows
    TALLY_CAMPAIGN,
    TALLY_ACTS = TALLY_CAMPAIGN + TALLY_VELOCITY,
    TALLY_TOTAL,
};

#define TALLY_USERS TALLY_CASCADES  // tallies below this one belong to users
#define TALLY_BOARDS TALLY_VELOCITY // tallies below this one have leaderboards

// The same within a campaign, and back.
static inline enum tally
tally_within(enum tally tally)
{
    return (enum tally)(TALLY_CAMPAIGN + tally);
}

static inline enum tally
tally_plain(enum tally tally)
{
    return tally < TALLY_CAMPAIGN ? tally : (enum tally)(tally - TALLY_CAMPAIGN);
}

// Of one with a board, within a campaign or not.
struct slice tally_name(enum tally tally);
