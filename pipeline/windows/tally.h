// What is counted, and for whom: one tally per leaderboard, plus the one behind
// velocities.
#pragma once

#include <stdint.h>

#include "base/slice.h"

enum tally {
    TALLY_POSTS,
    TALLY_MENTIONS,
    TALLY_RETWEETS,
    TALLY_QUOTES,
    TALLY_REPLIES,
    TALLY_REACH,
    TALLY_INFLUENCE,
    TALLY_CASCADES, // direct retweets and quotes of a post
    TALLY_HASHTAGS, // posts that use a hashtag
    TALLY_VELOCITY, // every retweet and quote below a post; no board
};

#define TALLY_USERS TALLY_CASCADES  // tallies below this one belong to users
#define TALLY_BOARDS TALLY_VELOCITY // tallies below this one have leaderboards

// "posts", "mentions" … as in Redis keys; "velocity" for the last.
struct slice tally_name(enum tally tally);
