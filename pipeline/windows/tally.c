#include "pipeline/windows/tally.h"

struct slice
tally_name(enum tally tally)
{
    static const char *const names[] = {
        [TALLY_POSTS] = "posts",         [TALLY_MENTIONS] = "mentions",
        [TALLY_RETWEETS] = "retweets",   [TALLY_QUOTES] = "quotes",
        [TALLY_REPLIES] = "replies",     [TALLY_REACH] = "reach",
        [TALLY_INFLUENCE] = "influence", [TALLY_CASCADES] = "cascades",
        [TALLY_HASHTAGS] = "hashtags",   [TALLY_VELOCITY] = "velocity",
    };
    return slice_of(names[tally]);
}
