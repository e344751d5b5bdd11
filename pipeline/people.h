// Who carried one post: a set of people with what each of them did.
//
// Open addressing over 12-byte entries in a slab piece, at most seven eighths full;
// grows by half and fills the slab's size class, since these sets are the largest part
// of what is remembered. One set holds at most PEOPLE_MOST people.
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
    uint32_t user;        // + 1; 0: empty
    uint32_t events : 24; // retweets and quotes of the post or below it
    uint32_t flags : 8;   // enum person_flag
    uint32_t followers;   // at the first of these events
};

struct people {
    uint32_t piece; // of struct person[capacity]
    uint32_t count;
    uint32_t capacity;
};

struct person *people_find(const struct people *people, const struct slab *slab,
                           uint32_t user);

// Finds or adds; NULL when the set or the slab is full. Invalidates earlier pointers.
struct person *people_put(struct people *people, struct slab *slab, uint32_t user);

void people_remove(struct people *people, struct slab *slab, struct person *person);

// Empties the set, calling `left` (may be NULL) for each of them.
typedef void (*people_left_fn)(void *context, uint32_t user);
void people_clear(struct people *people, struct slab *slab, people_left_fn left,
                  void *context);
