#include "pipeline/records/amplifiers.h"

#include <assert.h>
#include <string.h>

#include "base/probe.h"

// An entry's first 32 bits: user + 1, below; then either flags or, with PART_BIT, which
// part it is.
#define PERSON_USER (((uint32_t)1 << 28) - 1)
#define PART_BIT ((uint32_t)1 << 31)

enum part {
    PART_FOLLOWERS, // the upper half
    PART_EVENTS,    // but one; the lower half
    PART_EVENTS_HIGH,
    PART_FORMER, // followers of somebody who is another one now, lower half; there even
                 // if it is 0
    PART_FORMER_HIGH,
};

static uint32_t
part_key(uint32_t user, enum part part)
{
    return PART_BIT | (uint32_t)part << 28 | (user + 1);
}

static uint32_t
word_of(const struct person *entry)
{
    return entry->low | (uint32_t)entry->high << 16;
}

// What finds the entry: flags do not count.
static uint32_t
key_of(const struct person *entry)
{
    uint32_t word = word_of(entry);
    return (word & PART_BIT) != 0 ? word : word & PERSON_USER;
}

// ── the table ──────────────────────────────────────────────────────────────

static struct person *
entries_of(const struct people *people, const struct slab *slab)
{
    return slab_at(slab, people->piece);
}

static size_t
size_of(const struct people *people)
{
    return people->capacity * sizeof(struct person);
}

static uint32_t
home_of(const struct people *people, uint32_t key)
{
    uint32_t hash = key * UINT32_C(0x9E3779B9); // Fibonacci hashing
    return probe_home(hash, people->capacity);
}

static struct person *
find(const struct people *people, const struct slab *slab, uint32_t key)
{
    if (people->count == 0) {
        return NULL;
    }
    struct person *entries = entries_of(people, slab);
    uint32_t at = home_of(people, key);
    uint32_t matters = (key & PART_BIT) != 0 ? UINT32_MAX : PART_BIT | PERSON_USER;
    uint32_t word;
    while ((word = word_of(&entries[at])) != 0) {
        if ((word & matters) == key) {
            return &entries[at];
        }
        at = probe_next(at, people->capacity);
    }
    return NULL;
}

static struct person *
place(const struct people *people, struct person *entries, uint32_t key)
{
    uint32_t at = home_of(people, key);
    while (word_of(&entries[at]) != 0) {
        at = probe_next(at, people->capacity);
    }
    return &entries[at];
}

static bool
grow(struct people *people, struct slab *slab)
{
    struct people bigger = *people;
    // Room for one alone holds nobody.
    uint32_t room = people->capacity != 0 ? people->capacity : 1;
    bigger.capacity = slab_grown_room(room, sizeof(struct person));
    bigger.piece = bigger.capacity != people->capacity
                       ? slab_alloc(slab, size_of(&bigger))
                       : SLAB_NONE;
    if (bigger.piece == SLAB_NONE) {
        return false;
    }
    struct person *to = entries_of(&bigger, slab);
    memset(to, 0, size_of(&bigger));
    if (people->piece != SLAB_NONE) {
        const struct person *from = entries_of(people, slab);
        for (uint32_t i = 0; i < people->capacity; i++) {
            if (word_of(&from[i]) != 0) {
                *place(&bigger, to, key_of(&from[i])) = from[i];
            }
        }
        slab_free(slab, people->piece, size_of(people));
    }
    *people = bigger;
    return true;
}

// Room for so many more. A walk ends at an empty entry, so one is always left.
static bool
reserve(struct people *people, struct slab *slab, uint32_t more)
{
    while ((uint64_t)(people->entries + more) * 8 > (uint64_t)people->capacity * 7) {
        if (!grow(people, slab)) {
            return false;
        }
    }
    return true;
}

// There must be room.
static struct person *
put(struct people *people, const struct slab *slab, uint32_t key, uint16_t value)
{
    struct person *entry = place(people, entries_of(people, slab), key);
    *entry = (struct person){(uint16_t)key, (uint16_t)(key >> 16), value};
    people->entries++;
    return entry;
}

static void
drop(struct people *people, const struct slab *slab, const struct person *entry)
{
    struct person *entries = entries_of(people, slab);
    uint32_t hole = (uint32_t)(entry - entries);
    for (uint32_t at = probe_next(hole, people->capacity); word_of(&entries[at]) != 0;
         at = probe_next(at, people->capacity)) {
        uint32_t home = home_of(people, key_of(&entries[at]));
        if (probe_may_fill(hole, home, at, people->capacity)) {
            entries[hole] = entries[at];
            hole = at;
        }
    }
    entries[hole] = (struct person){0};
    people->entries--;
}

// ── parts ──────────────────────────────────────────────────────────────────

static uint32_t
part_of(const struct people *people, const struct slab *slab, uint32_t user,
        enum part part)
{
    const struct person *entry = find(people, slab, part_key(user, part));
    return entry != NULL ? entry->value : 0;
}

// There must be room for another entry.
static void
set_part(struct people *people, const struct slab *slab, uint32_t key, uint32_t value)
{
    struct person *entry = find(people, slab, key);
    if (entry != NULL && value != 0) {
        entry->value = (uint16_t)value;
    } else if (entry != NULL) {
        drop(people, slab, entry);
    } else if (value != 0) {
        put(people, slab, key, (uint16_t)value);
    }
}

static void
set_events(struct people *people, const struct slab *slab, uint32_t user,
           uint32_t events)
{
    uint32_t low = part_key(user, PART_EVENTS);
    uint32_t high = part_key(user, PART_EVENTS_HIGH);
    // What goes makes room for what comes.
    if (((events - 1) & UINT16_MAX) == 0) {
        set_part(people, slab, low, 0);
        set_part(people, slab, high, (events - 1) >> 16);
    } else {
        set_part(people, slab, high, (events - 1) >> 16);
        set_part(people, slab, low, (events - 1) & UINT16_MAX);
    }
}

// ── people ─────────────────────────────────────────────────────────────────

struct person *
people_find(const struct people *people, const struct slab *slab, uint32_t user)
{
    return find(people, slab, user + 1);
}

uint32_t
people_followers(const struct people *people, const struct slab *slab,
                 const struct person *person)
{
    if (!people_has(person, PERSON_PARTED)) {
        return person->value;
    }
    return person->value | part_of(people, slab, people_user(person), PART_FOLLOWERS)
                               << 16;
}

uint32_t
people_events(const struct people *people, const struct slab *slab,
              const struct person *person)
{
    if (!people_has(person, PERSON_PARTED)) {
        return 1;
    }
    uint32_t user = people_user(person);
    return 1 + (part_of(people, slab, user, PART_EVENTS) |
                part_of(people, slab, user, PART_EVENTS_HIGH) << 16);
}

static struct person *
add_again(struct people *people, struct slab *slab, uint32_t user)
{
    // At most one of the halves begins to be more than 0.
    if (!reserve(people, slab, 1)) {
        return NULL;
    }
    struct person *person = people_find(people, slab, user);
    uint32_t events = people_events(people, slab, person);
    people_mark(person, PERSON_PARTED, true);
    set_events(people, slab, user, events + 1);
    return people_find(people, slab, user);
}

struct person *
people_add(struct people *people, struct slab *slab, uint32_t user, uint32_t followers)
{
    if (people_find(people, slab, user) != NULL) {
        return add_again(people, slab, user);
    }
    uint32_t high = followers >> 16;
    if (people->count == PEOPLE_MOST || !reserve(people, slab, 1 + (high != 0))) {
        return NULL;
    }
    assert(user < PERSON_USER);
    people->count++;
    struct person *person = put(people, slab, user + 1, (uint16_t)followers);
    if (high != 0) {
        people_mark(person, PERSON_PARTED, true);
        put(people, slab, part_key(user, PART_FOLLOWERS), (uint16_t)high);
    }
    return person;
}

bool
people_take_back(struct people *people, struct slab *slab, struct person *person)
{
    uint32_t user = people_user(person);
    uint32_t events = people_events(people, slab, person);
    if (events != 1) {
        set_events(people, slab, user, events - 1);
        return false;
    }
    if (people_has(person, PERSON_PARTED)) {
        set_part(people, slab, part_key(user, PART_FOLLOWERS), 0);
        person = people_find(people, slab, user);
    }
    drop(people, slab, person);
    people->count--;
    return true;
}

// The person leaves, whatever they did.
static void
remove_person(struct people *people, const struct slab *slab, uint32_t user)
{
    if (people_has(people_find(people, slab, user), PERSON_PARTED)) {
        set_events(people, slab, user, 1);
        set_part(people, slab, part_key(user, PART_FOLLOWERS), 0);
    }
    drop(people, slab, people_find(people, slab, user));
    people->count--;
}

uint32_t
people_followers_as(const struct people *people, const struct slab *slab, uint32_t from,
                    const struct person *person)
{
    const struct person *former = find(people, slab, part_key(from, PART_FORMER));
    if (former == NULL) {
        return people_followers(people, slab, person);
    }
    return former->value | part_of(people, slab, from, PART_FORMER_HIGH) << 16;
}

static void
keep_former(struct people *people, const struct slab *slab, uint32_t from,
            uint32_t followers)
{
    put(people, slab, part_key(from, PART_FORMER), (uint16_t)followers);
    set_part(people, slab, part_key(from, PART_FORMER_HIGH), followers >> 16);
}

enum people_merged
people_merge(struct people *people, struct slab *slab, uint32_t from, uint32_t into,
             uint32_t *ret_followers)
{
    if (people_find(people, slab, from) == NULL) {
        return PEOPLE_ABSENT;
    }
    bool has_room = reserve(people, slab, 2);
    const struct person *old = people_find(people, slab, from);
    const struct person was = *old;
    uint32_t events = people_events(people, slab, old);
    uint32_t followers = people_followers(people, slab, old);
    // What goes makes room for what comes: of the same person never more entries.
    remove_person(people, slab, from);
    struct person *person = people_find(people, slab, into);
    bool is_new = person == NULL;
    if (is_new) {
        people->count++;
        person = put(people, slab, into + 1, (uint16_t)followers);
        if (followers >> 16 != 0) {
            people_mark(person, PERSON_PARTED, true);
            put(people, slab, part_key(into, PART_FOLLOWERS),
                (uint16_t)(followers >> 16));
        }
    } else {
        events += people_events(people, slab, person);
        *ret_followers = followers;
        if (has_room && followers != people_followers(people, slab, person)) {
            keep_former(people, slab, from, followers);
        }
    }
    if (events > 1) {
        people_mark(people_find(people, slab, into), PERSON_PARTED, true);
        set_events(people, slab, into, events);
    }
    person = people_find(people, slab, into);
    for (unsigned flag = PERSON_RETWEETED; flag <= PERSON_REACHED; flag <<= 1) {
        if ((was.high & flag) != 0) {
            people_mark(person, (enum person_flag)flag, true);
        }
    }
    return is_new ? PEOPLE_RENAMED : PEOPLE_JOINED;
}

const struct person *
people_next(const struct people *people, const struct slab *slab, uint32_t *at)
{
    const struct person *entries = people->count != 0 ? entries_of(people, slab) : NULL;
    while (entries != NULL && *at < people->capacity) {
        const struct person *person = &entries[(*at)++];
        uint32_t word = word_of(person);
        if (word != 0 && (word & PART_BIT) == 0) {
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
    const struct person *person;
    uint32_t at = 0;
    while (left != NULL && (person = people_next(people, slab, &at)) != NULL) {
        left(context, people_user(person));
    }
    slab_free(slab, people->piece, size_of(people));
    memset(people, 0, sizeof(*people));
}
