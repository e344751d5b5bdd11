// Who carried one post: a set of people with what each of them did.
//
// Open addressing over 6-byte entries in a slab piece, at most seven eighths full and,
// from 64 KiB on, at least three quarters: these sets are the largest part of what is
// remembered, and 6 bytes are 8 at most so. Nearly everybody has one entry. Numbers
// that do not fit into it have further ones for their halves, in the same place under
// keys of their own; a half that is 0 has none:
//
//     |   | 16 bits of followers | person   | events - 1, lower half | part of person |
//
// One set holds at most AMPLIFIERS_MOST people.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"

enum { AMPLIFIERS_MOST = 1 << 20 };

// In `high`.
enum amplifier_flag {
    AMPLIFIER_RETWEETED = 1 << 12, // retweeted this very post
    AMPLIFIER_REACHED = 1 << 13,   // gave the author reach
    AMPLIFIER_PARTED = 1 << 14,    // has or had further entries
};

// The user + 1 are `low` and the lower 12 bits of `high`; both 0: empty. In a further
// entry the upper bits say which.
struct amplifier {
    uint16_t low;
    uint16_t high;
    uint16_t value; // the lower half of the followers, or another one
};

struct amplifiers {
    uint32_t piece; // of struct person[capacity]
    uint32_t count;
    uint32_t entries; // that are taken
    uint32_t capacity;
};

struct amplifier *amplifiers_find(const struct amplifiers *amplifiers,
                                  const struct slab *slab, uint32_t user);

static inline uint32_t
amplifiers_user(const struct amplifier *person)
{
    return (person->low | (person->high & 0xFFFu) << 16) - 1;
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

// One event more of that person, who joins the set with so many followers if need be.
// NULL when the set or the slab is full: nothing has changed then. Invalidates earlier
// pointers.
struct amplifier *amplifiers_add(struct amplifiers *amplifiers, struct slab *slab,
                                 uint32_t user, uint32_t followers);

// One event less. True if it was the last: the person has left the set. Invalidates
// pointers.
bool amplifiers_take_back(struct amplifiers *amplifiers, struct slab *slab,
                          struct amplifier *person);

// What `from` did, `into` did: their events are added up, and whoever is in the set
// already keeps the followers. AMPLIFIERS_JOINED: both were in it, and `ret_followers`
// are those that no longer count. Invalidates pointers.
enum people_merged { AMPLIFIERS_ABSENT, AMPLIFIERS_RENAMED, AMPLIFIERS_JOINED };
enum people_merged amplifiers_merge(struct amplifiers *amplifiers, struct slab *slab,
                                    uint32_t from, uint32_t into,
                                    uint32_t *ret_followers);
// Followers with which `from`, who was merged into that person, was in the set.
uint32_t amplifiers_followers_as(const struct amplifiers *amplifiers,
                                 const struct slab *slab, uint32_t from,
                                 const struct amplifier *person);

// Goes through them in no order: start with 0; NULL at the end.
const struct amplifier *amplifiers_next(const struct amplifiers *amplifiers,
                                        const struct slab *slab, uint32_t *at);

// Empties the set, calling `left` (may be NULL) for each of them.
typedef void (*amplifiers_left_fn)(void *context, uint32_t user);
void amplifiers_clear(struct amplifiers *amplifiers, struct slab *slab,
                      amplifiers_left_fn left, void *context);
