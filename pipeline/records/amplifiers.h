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
// One set holds at most PEOPLE_MOST people.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"

enum { PEOPLE_MOST = 1 << 20 };

// In `high`.
enum person_flag {
    PERSON_RETWEETED = 1 << 12, // retweeted this very post
    PERSON_REACHED = 1 << 13,   // gave the author reach
    PERSON_PARTED = 1 << 14,    // has or had further entries
};

// The user + 1 are `low` and the lower 12 bits of `high`; both 0: empty. In a further
// entry the upper bits say which.
struct person {
    uint16_t low;
    uint16_t high;
    uint16_t value; // the lower half of the followers, or another one
};

struct people {
    uint32_t piece; // of struct person[capacity]
    uint32_t count;
    uint32_t entries; // that are taken
    uint32_t capacity;
};

struct person *people_find(const struct people *people, const struct slab *slab,
                           uint32_t user);

static inline uint32_t
people_user(const struct person *person)
{
    return (person->low | (person->high & 0xFFFu) << 16) - 1;
}

static inline bool
people_has(const struct person *person, enum person_flag flag)
{
    return (person->high & flag) != 0;
}

static inline void
people_mark(struct person *person, enum person_flag flag, bool holds)
{
    unsigned high = person->high & ~(unsigned)flag;
    person->high = (uint16_t)(high | (holds ? flag : 0u));
}

// Followers at the person's first event.
uint32_t people_followers(const struct people *people, const struct slab *slab,
                          const struct person *person);
// Retweets and quotes of the post or below it.
uint32_t people_events(const struct people *people, const struct slab *slab,
                       const struct person *person);

// One event more of that person, who joins the set with so many followers if need be.
// NULL when the set or the slab is full: nothing has changed then. Invalidates earlier
// pointers.
struct person *people_add(struct people *people, struct slab *slab, uint32_t user,
                          uint32_t followers);

// One event less. True if it was the last: the person has left the set. Invalidates
// pointers.
bool people_take_back(struct people *people, struct slab *slab, struct person *person);

// What `from` did, `into` did: their events are added up, and whoever is in the set
// already keeps the followers. PEOPLE_JOINED: both were in it, and `ret_followers` are
// those that no longer count. Invalidates pointers.
enum people_merged { PEOPLE_ABSENT, PEOPLE_RENAMED, PEOPLE_JOINED };
enum people_merged people_merge(struct people *people, struct slab *slab, uint32_t from,
                                uint32_t into, uint32_t *ret_followers);
// Followers with which `from`, who was merged into that person, was in the set.
uint32_t people_followers_as(const struct people *people, const struct slab *slab,
                             uint32_t from, const struct person *person);

// Goes through them in no order: start with 0; NULL at the end.
const struct person *people_next(const struct people *people, const struct slab *slab,
                                 uint32_t *at);

// Empties the set, calling `left` (may be NULL) for each of them.
typedef void (*people_left_fn)(void *context, uint32_t user);
void people_clear(struct people *people, struct slab *slab, people_left_fn left,
                  void *context);
