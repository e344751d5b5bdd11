#include "pipeline/people.h"

#include <string.h>

#define PERSON_USER (((uint32_t)1 << 28) - 1)

static struct person *
entries_of(const struct people *people, const struct slab *slab)
{
    return slab_at(slab, people->piece);
}

static uint32_t
home_of(const struct people *people, uint32_t key)
{
    // Fibonacci hashing, then a multiplication in place of a division.
    uint32_t hash = key * UINT32_C(0x9E3779B9);
    return (uint32_t)(((uint64_t)hash * people->capacity) >> 32);
}

static uint32_t
next_of(const struct people *people, uint32_t at)
{
    return at + 1 == people->capacity ? 0 : at + 1;
}

// How far `at` lies behind `from`, around the end.
static uint32_t
distance(const struct people *people, uint32_t from, uint32_t at)
{
    return at >= from ? at - from : at + people->capacity - from;
}

struct person *
people_find(const struct people *people, const struct slab *slab, uint32_t user)
{
    if (people->count == 0) {
        return NULL;
    }
    struct person *entries = entries_of(people, slab);
    uint32_t at = home_of(people, user + 1);
    while (entries[at].user != 0) {
        if (entries[at].user == user + 1) {
            return &entries[at];
        }
        at = next_of(people, at);
    }
    return NULL;
}

static size_t
size_of(const struct people *people)
{
    return people->capacity * sizeof(struct person);
}

static struct person *
place(const struct people *people, struct person *entries, uint32_t key)
{
    uint32_t at = home_of(people, key);
    while (entries[at].user != 0) {
        at = next_of(people, at);
    }
    return &entries[at];
}

static bool
grow(struct people *people, struct slab *slab)
{
    struct people bigger = {
        .count = people->count,
        .capacity = slab_grown_room(people->capacity, sizeof(struct person)),
    };
    bigger.piece = slab_alloc(slab, size_of(&bigger));
    if (bigger.piece == SLAB_NONE) {
        return false;
    }
    struct person *to = entries_of(&bigger, slab);
    memset(to, 0, size_of(&bigger));
    if (people->piece != SLAB_NONE) {
        const struct person *from = entries_of(people, slab);
        for (uint32_t i = 0; i < people->capacity; i++) {
            if (from[i].user != 0) {
                *place(&bigger, to, from[i].user) = from[i];
            }
        }
        slab_free(slab, people->piece, size_of(people));
    }
    *people = bigger;
    return true;
}

uint32_t
people_followers(const struct slab *slab, const struct person *person)
{
    if (person->has_piece == 0) {
        return person->value;
    }
    const struct person_piece *piece = slab_at(slab, person->value);
    return piece->followers;
}

uint32_t
people_events(const struct slab *slab, const struct person *person)
{
    if (person->has_piece == 0) {
        return 1;
    }
    const struct person_piece *piece = slab_at(slab, person->value);
    return piece->events;
}

static struct person *
add_again(struct slab *slab, struct person *person)
{
    if (person->has_piece == 0) {
        uint32_t ref = slab_alloc(slab, sizeof(struct person_piece));
        if (ref == SLAB_NONE) {
            return NULL;
        }
        struct person_piece *fresh = slab_at(slab, ref);
        *fresh = (struct person_piece){person->value, 1};
        person->value = ref;
        person->has_piece = 1;
    }
    struct person_piece *piece = slab_at(slab, person->value);
    piece->events++;
    return person;
}

struct person *
people_add(struct people *people, struct slab *slab, uint32_t user, uint32_t followers)
{
    struct person *person = people_find(people, slab, user);
    if (person != NULL) {
        return add_again(slab, person);
    }
    if (people->count == PEOPLE_MOST) {
        return NULL;
    }
    // A walk ends at an empty entry, so there is always one.
    while ((uint64_t)(people->count + 1) * 8 > (uint64_t)people->capacity * 7) {
        if (!grow(people, slab)) {
            return NULL;
        }
    }
    person = place(people, entries_of(people, slab), user + 1);
    *person = (struct person){.user = (user + 1) & PERSON_USER, .value = followers};
    people->count++;
    return person;
}

static void
piece_free(struct slab *slab, const struct person *person)
{
    if (person->has_piece != 0) {
        slab_free(slab, person->value, sizeof(struct person_piece));
    }
}

static void
leave(struct people *people, struct slab *slab, struct person *person)
{
    piece_free(slab, person);
    struct person *entries = entries_of(people, slab);
    uint32_t hole = (uint32_t)(person - entries);
    for (uint32_t at = next_of(people, hole); entries[at].user != 0;
         at = next_of(people, at)) {
        uint32_t home = home_of(people, entries[at].user);
        // Move back whoever may stand in the hole without leaving its probe path.
        if (distance(people, home, at) >= distance(people, hole, at)) {
            entries[hole] = entries[at];
            hole = at;
        }
    }
    entries[hole].user = 0;
    people->count--;
}

bool
people_take_back(struct people *people, struct slab *slab, struct person *person)
{
    if (people_events(slab, person) == 1) {
        leave(people, slab, person);
        return true;
    }
    struct person_piece *piece = slab_at(slab, person->value);
    piece->events--;
    return false;
}

const struct person *
people_next(const struct people *people, const struct slab *slab, uint32_t *at)
{
    const struct person *entries = people->count != 0 ? entries_of(people, slab) : NULL;
    while (entries != NULL && *at < people->capacity) {
        const struct person *person = &entries[(*at)++];
        if (person->user != 0) {
            return person;
        }
    }
    return NULL;
}

void
people_clear(struct people *people, struct slab *slab, people_left_fn left,
             void *context)
{
    if (people->piece == SLAB_NONE) {
        return;
    }
    const struct person *entries = entries_of(people, slab);
    for (uint32_t i = 0; i < people->capacity; i++) {
        if (entries[i].user == 0) {
            continue;
        }
        piece_free(slab, &entries[i]);
        if (left != NULL) {
            left(context, entries[i].user - 1);
        }
    }
    slab_free(slab, people->piece, size_of(people));
    memset(people, 0, sizeof(*people));
}
