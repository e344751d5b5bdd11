#include "pipeline/people.h"

#include <string.h>

static struct person *
entries_of(const struct people *people, const struct slab *slab)
{
    return slab_at(slab, people->piece);
}

static uint32_t
mask_of(const struct people *people)
{
    return ((uint32_t)1 << people->bits) - 1;
}

static uint32_t
home_of(const struct people *people, uint32_t key)
{
    // Fibonacci hashing: indexes are dense, their low bits spread well.
    return (uint32_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - people->bits));
}

struct person *
people_find(const struct people *people, const struct slab *slab, uint32_t user)
{
    if (people->count == 0) {
        return NULL;
    }
    struct person *entries = entries_of(people, slab);
    uint32_t mask = mask_of(people);
    uint32_t at = home_of(people, user + 1);
    while (entries[at].user != 0) {
        if (entries[at].user == user + 1) {
            return &entries[at];
        }
        at = (at + 1) & mask;
    }
    return NULL;
}

static struct person *
place(const struct people *people, struct person *entries, uint32_t key)
{
    uint32_t mask = mask_of(people);
    uint32_t at = home_of(people, key);
    while (entries[at].user != 0) {
        at = (at + 1) & mask;
    }
    return &entries[at];
}

static bool
resize(struct people *people, struct slab *slab, uint8_t bits)
{
    size_t size = sizeof(struct person) << bits;
    struct people bigger = {slab_alloc(slab, size), people->count, bits};
    if (bigger.piece == SLAB_NONE) {
        return false;
    }
    struct person *to = entries_of(&bigger, slab);
    memset(to, 0, size);
    if (people->piece != SLAB_NONE) {
        const struct person *from = entries_of(people, slab);
        for (uint32_t i = 0; i <= mask_of(people); i++) {
            if (from[i].user != 0) {
                *place(&bigger, to, from[i].user) = from[i];
            }
        }
        slab_free(slab, people->piece, sizeof(struct person) << people->bits);
    }
    *people = bigger;
    return true;
}

struct person *
people_put(struct people *people, struct slab *slab, uint32_t user)
{
    struct person *person = people_find(people, slab, user);
    if (person != NULL) {
        return person;
    }
    if (people->count == PEOPLE_MOST) {
        return NULL;
    }
    if (people->piece == SLAB_NONE) {
        if (!resize(people, slab, 1)) {
            return NULL;
        }
    } else if ((people->count + 1) * 4 > (mask_of(people) + 1) * 3 &&
               !resize(people, slab, (uint8_t)(people->bits + 1))) {
        return NULL;
    }
    person = place(people, entries_of(people, slab), user + 1);
    *person = (struct person){.user = user + 1};
    people->count++;
    return person;
}

void
people_remove(struct people *people, struct slab *slab, struct person *person)
{
    struct person *entries = entries_of(people, slab);
    uint32_t mask = mask_of(people);
    uint32_t hole = (uint32_t)(person - entries);
    for (uint32_t at = (hole + 1) & mask; entries[at].user != 0; at = (at + 1) & mask) {
        uint32_t home = home_of(people, entries[at].user);
        // Move back whoever may stand in the hole without leaving its probe path.
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            entries[hole] = entries[at];
            hole = at;
        }
    }
    entries[hole].user = 0;
    people->count--;
}

void
people_clear(struct people *people, struct slab *slab, people_left_fn left,
             void *context)
{
    if (people->piece == SLAB_NONE) {
        return;
    }
    const struct person *entries = entries_of(people, slab);
    for (uint32_t i = 0; left != NULL && i <= mask_of(people); i++) {
        if (entries[i].user != 0) {
            left(context, entries[i].user - 1);
        }
    }
    slab_free(slab, people->piece, sizeof(struct person) << people->bits);
    memset(people, 0, sizeof(*people));
}
