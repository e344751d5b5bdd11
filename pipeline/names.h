// Names for people and posts on the boards that no message has told.
//
// Bluesky's stream carries neither handles nor followers, and no text with a repost.
// Whoever can ask for them finds here what is worth asking for, and hands in what was
// learnt. That changes no counter: followers serve the reach of later events.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/post.h"

struct pipeline;

// Where a search stands; zeroed: at its beginning.
struct names_cursor {
    uint32_t board;
    uint32_t entry;
};

struct names_item {
    struct slice id; // valid until the pipeline changes
    bool is_post;
    bool is_known; // handle, or text and the author's handle, are there
};

// The next person or post of that network on the boards as published; false at the end.
// The same one may come several times.
bool names_next(const struct pipeline *pipeline, struct slice network,
                struct names_cursor *cursor, struct names_item *ret_item);

// What was learnt about a person or post; nothing happens if nobody knows its id by
// now, or when there is no room. Borrows.
void names_learn_user(struct pipeline *pipeline, const struct post_user *profile);
void names_learn_post(struct pipeline *pipeline, const struct post_ref *facts);
