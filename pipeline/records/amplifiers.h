// The amplifiers of one post: a set of people, with their followers, number of events,
// and number of people who came through them.
//
// Open addressing over 6-byte entries in a slab piece. It is at most seven eighths full
// and, from 64 KiB on, at least three quarters, because these sets take the largest
// part of the memory: an entry takes at most 8 bytes. Most people have one entry.
// Numbers that do not fit have further entries for their halves, in the same table
// under keys of their own; a half that is 0 has none:
//
//     |   | 16 bits of followers | person   | events - 1, lower half | part of person |
//
// One set holds at most AMPLIFIERS_MAX people.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"

enum { AMPLIFIERS_MAX = 1 << 20 };

// Bits of `high`.
enum amplifier_flag {
    AMPLIFIER_CARRIED = 1 << 11,   // other people came through this one
    AMPLIFIER_RETWEETED = 1 << 12, // retweeted this very post
    AMPLIFIER_REACHED = 1 << 13,   // gave the author reach
    AMPLIFIER_PARTED = 1 << 14,    // has or had further entries
};

// `low` and the lower 11 bits of `high` are the user + 1; both 0: empty. In a further
// entry the upper bits contain the number of the part.
struct amplifier {
    uint16_t low;
    uint16_t high;
    uint16_t value; // the lower half of the followers, or of the part
};

struct amplifiers {
    uint32_t piece; // of struct person[capacity]
    uint32_t count;
    uint32_t entries; // occupied ones
    uint32_t capacity;
};

struct amplifier *amplifiers_find(const struct amplifiers *amplifiers,
                                  const struct slab *slab, uint32_t user);

static inline uint32_t
amplifiers_user(const struct amplifier *person)
{
    return (person->low | (person->high & 0x7FFu) << 16) - 1;
}

static inline bool
amplifiers_has(const struct amplifier *person, enum amplifier_flag flag)
{
    return (person->high & flag) != 0;
}

static inline void
amplifiers_mark(struct amplifier *person, enum amplifier_flag flag, bool holds)
{
    unsigned high = person->high & ~(unsigned)flag;
    person->high = (uint16_t)(high | (holds ? flag : 0u));
}

// Followers at the person's first event.
uint32_t amplifiers_followers(const struct amplifiers *amplifiers,
                              const struct slab *slab, const struct amplifier *person);
// Retweets and quotes of the post or below it.
uint32_t amplifiers_events(const struct amplifiers *amplifiers, const struct slab *slab,
                           const struct amplifier *person);

// Children of the person's act (pipeline/fold/acts.h).
uint32_t amplifiers_children(const struct amplifiers *amplifiers,
                             const struct slab *slab, const struct amplifier *person);
// Invalidates earlier pointers. When the slab is full, a number greater than 1 may
// become 1.
void amplifiers_set_children(struct amplifiers *amplifiers, struct slab *slab,
                             uint32_t user, uint32_t children);

// Adds one event of that person, who is added to the set with that number of followers
// if new. NULL when the set or the slab is full; nothing is changed then. Invalidates
// earlier pointers.
struct amplifier *amplifiers_add(struct amplifiers *amplifiers, struct slab *slab,
                                 uint32_t user, uint32_t followers);

// Removes one event. True if it was the last: the person is removed from the set.
// Invalidates pointers.
bool amplifiers_take_back(struct amplifiers *amplifiers, struct slab *slab,
                          struct amplifier *person);

// Attributes what `from` did to `into`: adds up their events; if both are in the set,
// `into` keeps its followers. AMPLIFIERS_JOINED: both were in it, and *ret_followers is
// the number that no longer counts. Invalidates pointers.
enum amplifiers_merged { AMPLIFIERS_ABSENT, AMPLIFIERS_RENAMED, AMPLIFIERS_JOINED };
enum amplifiers_merged amplifiers_merge(struct amplifiers *amplifiers,
                                        struct slab *slab, uint32_t from, uint32_t into,
                                        uint32_t *ret_followers);
// The followers that `from`, who was merged into that person, had in the set.
uint32_t amplifiers_followers_as(const struct amplifiers *amplifiers,
                                 const struct slab *slab, uint32_t from,
                                 const struct amplifier *person);

// Iterates over the people in no order: start with 0; NULL at the end.
const struct amplifier *amplifiers_next(const struct amplifiers *amplifiers,
                                        const struct slab *slab, uint32_t *at);

// Empties the set and calls `left` (may be NULL) for each person.
typedef void (*amplifiers_left_fn)(void *context, uint32_t user);
void amplifiers_clear(struct amplifiers *amplifiers, struct slab *slab,
                      amplifiers_left_fn left, void *context);
