// Names for people and posts on the boards that no message has told.
//
// Bluesky's stream carries neither handles nor followers, and no text with a repost.
// Whoever can ask for them finds here what is worth asking for, and hands in what was
// learnt. That changes no counter: followers serve the reach of later events.
//
// When the network itself reports a new handle (POST_RENAMED), what others answer may
// be older for a while: for NAMES_RENAMED_FOR their handle of that person is not taken.
// The newest NAMES_RENAMED_MOST of these reports are remembered.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/post.h"

struct pipeline;

#define NAMES_RENAMED_FOR (10 * USEC_PER_MIN)

enum { NAMES_RENAMED_MOST = 1024 };

// People with a new handle: a ring.
struct names_renamed {
    struct {
        uint64_t person; // hash of the id
        usec clock;
    } rows[NAMES_RENAMED_MOST];
    uint64_t next;
};

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

// The network reports the person's new handle. Nothing happens if the person is
// unknown. There must be room for one more person. Borrows.
void names_rename(struct pipeline *pipeline, const struct post_user *profile);
