// Names of people and posts on the boards that messages do not contain.
//
// Bluesky's stream contains neither handles nor followers, and reposts have no text. A
// look-up service finds here which names are missing, and stores the answers here. This
// changes no counter: followers are used for the reach of later events.
//
// When the network itself reports a new handle (POST_RENAMED), a look-up may return the
// older one for a while: for NAMES_RENAMED_FOR the handle in answers about that person
// is ignored. The newest NAMES_RENAMED_MAX of these reports are remembered.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/post.h"

struct pipeline;

#define NAMES_RENAMED_FOR (10 * USEC_PER_MIN)

enum { NAMES_RENAMED_MAX = 1024 };

// People with a new handle: a ring.
struct names_renamed {
    struct {
        uint64_t person; // hash of the id
        usec clock;
    } rows[NAMES_RENAMED_MAX];
    uint64_t next;
};

// Position of a search; zeroed: at its beginning.
struct names_cursor {
    uint32_t campaign; // its number + 1; 0: the boards of all
    uint32_t board;
    uint32_t entry;
};

struct names_item {
    struct slice id; // valid until the pipeline changes
    bool is_post;
    bool is_known; // handle, or text and the author's handle, are known
};

// The next person or post of that network on the published boards; false at the end.
// One may be returned several times.
bool names_next(const struct pipeline *pipeline, struct slice network,
                struct names_cursor *cursor, struct names_item *ret_item);

// Stores the answer about a person or post. Does nothing if its id is unknown by now,
// or when there is no room. Borrows.
void names_learn_user(struct pipeline *pipeline, const struct post_user *profile);
void names_learn_post(struct pipeline *pipeline, const struct post_ref *facts);

// The network reports the person's new handle. Does nothing if the person is unknown.
// There must be room for one more person. Borrows.
void names_rename(struct pipeline *pipeline, const struct post_user *profile);
