// Room for new people while users.capacity is reached: what is older than every window
// releases the people it refers to.
//
// Two kinds of records refer to people that no window counts: remembered events to
// their author, and posts whose cascade was forgotten to theirs. Both stay, so that
// duplicates are still recognised; only the reference goes. An undo does not need it:
// what the event added has left the windows, and an event below a cascade that is not
// forgotten keeps its reference.
//
// Rounds through all cascades and events, a part with each post that lacks room for
// people; one round begins in each step of the longest window, and one after each flush
// that a post waited for.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct pipeline;
struct snapshot;

enum release_stage {
    RELEASE_CASCADES,
    RELEASE_NEWEST,
    RELEASE_LASTING,
    RELEASE_DONE,
};

struct release {
    int64_t step;   // of the longest window: the round began in it
    uint64_t at;    // sequence number of an event, or index of a cascade
    uint32_t freed; // people that nothing refers to since
    uint32_t stage; // enum release_stage
};

void release_init(struct release *release);

// A flush was waited for: the next round may begin in the same step.
void release_renew(struct release *release);

// Continues the round. True if people may be forgotten now.
bool release_people(struct pipeline *pipeline);

void release_move(struct release *release, struct snapshot *snapshot);
