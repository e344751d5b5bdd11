// The social networks whose posts are read. An id begins with the name of its network
// and a colon ("x:783214"), a handle of a network may (ctl/).
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

#define NETWORK_X "x"
#define NETWORK_BLUESKY "bsky"
#define NETWORK_MASTODON "masto"

struct network {
    struct slice name;
    // It reports that a retweet is undone with nothing but the id of the retweet.
    bool is_undone_by_id;
};

enum { NETWORK_COUNT = 3 };
extern const struct network network_rows[NETWORK_COUNT];

// The row of an id; NULL if it is of no known network.
const struct network *network_of_id(struct slice id);
