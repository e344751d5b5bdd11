// Who carried one post: a set of people with what each of them did.
//
// Open addressing over 8-byte entries in a slab piece, at most seven eighths full and,
// once it is large, at least seven tenths: these sets are the largest part of what is
// remembered. Nearly everybody does one thing only: whoever does more gets
// a piece that counts. One set holds at most PEOPLE_MOST people.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"

enum { PEOPLE_MOST = 1 << 20 };

enum person_flag {
    PERSON_RETWEETED = 1 << 0, // retweeted this very post
    PERSON_REACHED = 1 << 1,   // gave the author reach
};

struct person {
    uint32_t user : 28;     // + 1; 0: empty
    uint32_t flags : 2;     // enum person_flag
    uint32_t has_piece : 1; // did more than one thing
    uint32_t value;         // followers, or a piece of struct person_piece
};

struct person_piece {
    uint32_t followers;
    uint32_t events;
};

struct people {
    uint32_t piece; // of struct person[capacity]
    uint32_t count;
    uint32_t capacity;
};

struct person *people_find(const struct people *people, const struct slab *slab,
                           uint32_t user);

// Followers at the person's first event.
uint32_t people_followers(const struct slab *slab, const struct person *person);
// Retweets and quotes of the post or below it.
uint32_t people_events(const struct slab *slab, const struct person *person);

// One event more of that person, who joins the set with so many followers if need be.
// NULL when the set or the slab is full: nothing has changed then. Invalidates earlier
// pointers.
struct person *people_add(struct people *people, struct slab *slab, uint32_t user,
                          uint32_t followers);

// One event less. True if it was the last: the person has left the set.
bool people_take_back(struct people *people, struct slab *slab, struct person *person);

// Goes through them in no order: start with 0; NULL at the end.
const struct person *people_next(const struct people *people, const struct slab *slab,
                                 uint32_t *at);

// Empties the set, calling `left` (may be NULL) for each of them.
typedef void (*people_left_fn)(void *context, uint32_t user);
void people_clear(struct people *people, struct slab *slab, people_left_fn left,
                  void *context);
