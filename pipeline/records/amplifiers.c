#include "pipeline/records/amplifiers.h"

#include <assert.h>
#include <string.h>

#include "base/probe.h"

// An entry's first 32 bits: user + 1 in the lower bits; above them flags or, with
// PART_BIT, the number of the part.
#define AMPLIFIER_USER (((uint32_t)1 << 27) - 1)
#define PART_BIT ((uint32_t)1 << 31)

enum part {
    PART_FOLLOWERS, // the upper half
    PART_EVENTS,    // events - 1, lower half
    PART_EVENTS_HIGH,
    PART_FORMER, // followers of a person who was merged, lower half; kept
                 // even if it is 0
    PART_FORMER_HIGH,
    PART_CHILDREN, // children - 1, lower half; none: at most one
    PART_CHILDREN_HIGH,
};

static uint32_t
part_key(uint32_t user, enum part part)
{
    return PART_BIT | (uint32_t)part << 28 | (user + 1);
}

static uint32_t
word_of(const struct amplifier *entry)
{
    return entry->low | (uint32_t)entry->high << 16;
}

// The bits by which the entry is found: flags are not included.
static uint32_t
key_of(const struct amplifier *entry)
{
    uint32_t word = word_of(entry);
    return (word & PART_BIT) != 0 ? word : word & AMPLIFIER_USER;
}

// ── the table ──────────────────────────────────────────────────────────────

static struct amplifier *
entries_of(const struct amplifiers *amplifiers, const struct slab *slab)
{
    return slab_at(slab, amplifiers->piece);
}

static size_t
size_of(const struct amplifiers *amplifiers)
{
    return amplifiers->capacity * sizeof(struct amplifier);
}

static uint32_t
home_of(const struct amplifiers *amplifiers, uint32_t key)
{
    uint32_t hash = key * UINT32_C(0x9E3779B9); // Fibonacci hashing
    return probe_home(hash, amplifiers->capacity);
}

static struct amplifier *
find(const struct amplifiers *amplifiers, const struct slab *slab, uint32_t key)
{
    if (amplifiers->count == 0) {
        return NULL;
    }
    struct amplifier *entries = entries_of(amplifiers, slab);
    uint32_t at = home_of(amplifiers, key);
    uint32_t matters = (key & PART_BIT) != 0 ? UINT32_MAX : PART_BIT | AMPLIFIER_USER;
    uint32_t word;
    while ((word = word_of(&entries[at])) != 0) {
        if ((word & matters) == key) {
            return &entries[at];
        }
        at = probe_next(at, amplifiers->capacity);
    }
    return NULL;
}

static struct amplifier *
place(const struct amplifiers *amplifiers, struct amplifier *entries, uint32_t key)
{
    uint32_t at = home_of(amplifiers, key);
    while (word_of(&entries[at]) != 0) {
        at = probe_next(at, amplifiers->capacity);
    }
    return &entries[at];
}

static bool
grow(struct amplifiers *amplifiers, struct slab *slab)
{
    struct amplifiers bigger = *amplifiers;
    // A table of capacity 1 could hold no one, since one entry stays empty.
    uint32_t room = amplifiers->capacity != 0 ? amplifiers->capacity : 1;
    bigger.capacity = slab_grown_room(room, sizeof(struct amplifier));
    bigger.piece = bigger.capacity != amplifiers->capacity
                       ? slab_alloc(slab, size_of(&bigger))
                       : SLAB_NONE;
    if (bigger.piece == SLAB_NONE) {
        return false;
    }
    struct amplifier *to = entries_of(&bigger, slab);
    memset(to, 0, size_of(&bigger));
    if (amplifiers->piece != SLAB_NONE) {
        const struct amplifier *from = entries_of(amplifiers, slab);
        for (uint32_t i = 0; i < amplifiers->capacity; i++) {
            if (word_of(&from[i]) != 0) {
                *place(&bigger, to, key_of(&from[i])) = from[i];
            }
        }
        slab_free(slab, amplifiers->piece, size_of(amplifiers));
    }
    *amplifiers = bigger;
    return true;
}

// Makes room for `count` more. A search ends at an empty entry, so one is always kept
// empty.
static bool
reserve(struct amplifiers *amplifiers, struct slab *slab, uint32_t more)
{
    while ((uint64_t)(amplifiers->entries + more) * 8 >
           (uint64_t)amplifiers->capacity * 7) {
        if (!grow(amplifiers, slab)) {
            return false;
        }
    }
    return true;
}

// There must be room.
static struct amplifier *
put(struct amplifiers *amplifiers, const struct slab *slab, uint32_t key,
    uint16_t value)
{
    struct amplifier *entry = place(amplifiers, entries_of(amplifiers, slab), key);
    *entry = (struct amplifier){(uint16_t)key, (uint16_t)(key >> 16), value};
    amplifiers->entries++;
    return entry;
}

static void
drop(struct amplifiers *amplifiers, const struct slab *slab,
     const struct amplifier *entry)
{
    struct amplifier *entries = entries_of(amplifiers, slab);
    uint32_t hole = (uint32_t)(entry - entries);
    for (uint32_t at = probe_next(hole, amplifiers->capacity);
         word_of(&entries[at]) != 0; at = probe_next(at, amplifiers->capacity)) {
        uint32_t home = home_of(amplifiers, key_of(&entries[at]));
        if (probe_may_fill(hole, home, at, amplifiers->capacity)) {
            entries[hole] = entries[at];
            hole = at;
        }
    }
    entries[hole] = (struct amplifier){0};
    amplifiers->entries--;
}

// ── parts ──────────────────────────────────────────────────────────────────

static uint32_t
part_of(const struct amplifiers *amplifiers, const struct slab *slab, uint32_t user,
        enum part part)
{
    const struct amplifier *entry = find(amplifiers, slab, part_key(user, part));
    return entry != NULL ? entry->value : 0;
}

// There must be room for another entry.
static void
set_part(struct amplifiers *amplifiers, const struct slab *slab, uint32_t key,
         uint32_t value)
{
    struct amplifier *entry = find(amplifiers, slab, key);
    if (entry != NULL && value != 0) {
        entry->value = (uint16_t)value;
    } else if (entry != NULL) {
        drop(amplifiers, slab, entry);
    } else if (value != 0) {
        put(amplifiers, slab, key, (uint16_t)value);
    }
}

// A number in two parts. If it changes by 1, one entry more is needed at most.
static void
set_halves(struct amplifiers *amplifiers, const struct slab *slab, uint32_t low,
           uint32_t high, uint32_t number)
{
    // The removed entry makes room for the new one.
    if ((number & UINT16_MAX) == 0) {
        set_part(amplifiers, slab, low, 0);
        set_part(amplifiers, slab, high, number >> 16);
    } else {
        set_part(amplifiers, slab, high, number >> 16);
        set_part(amplifiers, slab, low, number & UINT16_MAX);
    }
}

static void
set_events(struct amplifiers *amplifiers, const struct slab *slab, uint32_t user,
           uint32_t events)
{
    set_halves(amplifiers, slab, part_key(user, PART_EVENTS),
               part_key(user, PART_EVENTS_HIGH), events - 1);
}

static void
set_more_children(struct amplifiers *amplifiers, const struct slab *slab, uint32_t user,
                  uint32_t more)
{
    set_halves(amplifiers, slab, part_key(user, PART_CHILDREN),
               part_key(user, PART_CHILDREN_HIGH), more);
}

// ── people ─────────────────────────────────────────────────────────────────

struct amplifier *
amplifiers_find(const struct amplifiers *amplifiers, const struct slab *slab,
                uint32_t user)
{
    return find(amplifiers, slab, user + 1);
}

uint32_t
amplifiers_followers(const struct amplifiers *amplifiers, const struct slab *slab,
                     const struct amplifier *person)
{
    if (!amplifiers_has(person, AMPLIFIER_PARTED)) {
        return person->value;
    }
    return person->value |
           part_of(amplifiers, slab, amplifiers_user(person), PART_FOLLOWERS) << 16;
}

uint32_t
amplifiers_events(const struct amplifiers *amplifiers, const struct slab *slab,
                  const struct amplifier *person)
{
    if (!amplifiers_has(person, AMPLIFIER_PARTED)) {
        return 1;
    }
    uint32_t user = amplifiers_user(person);
    return 1 + (part_of(amplifiers, slab, user, PART_EVENTS) |
                part_of(amplifiers, slab, user, PART_EVENTS_HIGH) << 16);
}

uint32_t
amplifiers_children(const struct amplifiers *amplifiers, const struct slab *slab,
                    const struct amplifier *person)
{
    if (!amplifiers_has(person, AMPLIFIER_CARRIED)) {
        return 0;
    }
    uint32_t user = amplifiers_user(person);
    return 1 + (part_of(amplifiers, slab, user, PART_CHILDREN) |
                part_of(amplifiers, slab, user, PART_CHILDREN_HIGH) << 16);
}

void
amplifiers_set_children(struct amplifiers *amplifiers, struct slab *slab, uint32_t user,
                        uint32_t children)
{
    struct amplifier *person = amplifiers_find(amplifiers, slab, user);
    uint32_t former = amplifiers_children(amplifiers, slab, person);
    amplifiers_mark(person, AMPLIFIER_CARRIED, children != 0);
    if (children > 1 || former > 1) {
        bool has_room = children < former || reserve(amplifiers, slab, 2);
        set_more_children(amplifiers, slab, user,
                          has_room && children != 0 ? children - 1 : 0);
    }
}

static struct amplifier *
add_again(struct amplifiers *amplifiers, struct slab *slab, uint32_t user)
{
    // At most one of the halves changes from 0.
    if (!reserve(amplifiers, slab, 1)) {
        return NULL;
    }
    struct amplifier *person = amplifiers_find(amplifiers, slab, user);
    uint32_t events = amplifiers_events(amplifiers, slab, person);
    amplifiers_mark(person, AMPLIFIER_PARTED, true);
    set_events(amplifiers, slab, user, events + 1);
    return amplifiers_find(amplifiers, slab, user);
}

struct amplifier *
amplifiers_add(struct amplifiers *amplifiers, struct slab *slab, uint32_t user,
               uint32_t followers)
{
    if (amplifiers_find(amplifiers, slab, user) != NULL) {
        return add_again(amplifiers, slab, user);
    }
    uint32_t high = followers >> 16;
    if (amplifiers->count == AMPLIFIERS_MAX ||
        !reserve(amplifiers, slab, 1 + (high != 0))) {
        return NULL;
    }
    assert(user < AMPLIFIER_USER);
    amplifiers->count++;
    struct amplifier *person = put(amplifiers, slab, user + 1, (uint16_t)followers);
    if (high != 0) {
        amplifiers_mark(person, AMPLIFIER_PARTED, true);
        put(amplifiers, slab, part_key(user, PART_FOLLOWERS), (uint16_t)high);
    }
    return person;
}

bool
amplifiers_take_back(struct amplifiers *amplifiers, struct slab *slab,
                     struct amplifier *person)
{
    uint32_t user = amplifiers_user(person);
    uint32_t events = amplifiers_events(amplifiers, slab, person);
    if (events != 1) {
        set_events(amplifiers, slab, user, events - 1);
        return false;
    }
    if (amplifiers_has(person, AMPLIFIER_CARRIED)) {
        set_more_children(amplifiers, slab, user, 0);
        person = amplifiers_find(amplifiers, slab, user);
    }
    if (amplifiers_has(person, AMPLIFIER_PARTED)) {
        set_part(amplifiers, slab, part_key(user, PART_FOLLOWERS), 0);
        person = amplifiers_find(amplifiers, slab, user);
    }
    drop(amplifiers, slab, person);
    amplifiers->count--;
    return true;
}

static uint32_t
children_of(const struct amplifiers *amplifiers, const struct slab *slab, uint32_t user)
{
    const struct amplifier *person = amplifiers_find(amplifiers, slab, user);
    return person != NULL ? amplifiers_children(amplifiers, slab, person) : 0;
}

// Removes the person and all their entries.
static void
remove_person(struct amplifiers *amplifiers, const struct slab *slab, uint32_t user)
{
    if (amplifiers_has(amplifiers_find(amplifiers, slab, user), AMPLIFIER_PARTED)) {
        set_events(amplifiers, slab, user, 1);
        set_part(amplifiers, slab, part_key(user, PART_FOLLOWERS), 0);
    }
    set_more_children(amplifiers, slab, user, 0);
    drop(amplifiers, slab, amplifiers_find(amplifiers, slab, user));
    amplifiers->count--;
}

uint32_t
amplifiers_followers_as(const struct amplifiers *amplifiers, const struct slab *slab,
                        uint32_t from, const struct amplifier *person)
{
    const struct amplifier *former =
        find(amplifiers, slab, part_key(from, PART_FORMER));
    if (former == NULL) {
        return amplifiers_followers(amplifiers, slab, person);
    }
    return former->value | part_of(amplifiers, slab, from, PART_FORMER_HIGH) << 16;
}

static void
keep_former(struct amplifiers *amplifiers, const struct slab *slab, uint32_t from,
            uint32_t followers)
{
    put(amplifiers, slab, part_key(from, PART_FORMER), (uint16_t)followers);
    set_part(amplifiers, slab, part_key(from, PART_FORMER_HIGH), followers >> 16);
}

enum amplifiers_merged
amplifiers_merge(struct amplifiers *amplifiers, struct slab *slab, uint32_t from,
                 uint32_t into, uint32_t *ret_followers)
{
    if (amplifiers_find(amplifiers, slab, from) == NULL) {
        return AMPLIFIERS_ABSENT;
    }
    bool has_room = reserve(amplifiers, slab, 2);
    uint32_t children = children_of(amplifiers, slab, from);
    const struct amplifier *old = amplifiers_find(amplifiers, slab, from);
    const struct amplifier was = *old;
    uint32_t events = amplifiers_events(amplifiers, slab, old);
    uint32_t followers = amplifiers_followers(amplifiers, slab, old);
    // Removing entries makes room for adding them: one person never needs more.
    remove_person(amplifiers, slab, from);
    struct amplifier *person = amplifiers_find(amplifiers, slab, into);
    bool is_new = person == NULL;
    if (is_new) {
        amplifiers->count++;
        person = put(amplifiers, slab, into + 1, (uint16_t)followers);
        if (followers >> 16 != 0) {
            amplifiers_mark(person, AMPLIFIER_PARTED, true);
            put(amplifiers, slab, part_key(into, PART_FOLLOWERS),
                (uint16_t)(followers >> 16));
        }
    } else {
        events += amplifiers_events(amplifiers, slab, person);
        *ret_followers = followers;
        if (has_room && followers != amplifiers_followers(amplifiers, slab, person)) {
            keep_former(amplifiers, slab, from, followers);
        }
    }
    if (events > 1) {
        amplifiers_mark(amplifiers_find(amplifiers, slab, into), AMPLIFIER_PARTED,
                        true);
        set_events(amplifiers, slab, into, events);
    }
    person = amplifiers_find(amplifiers, slab, into);
    for (unsigned flag = AMPLIFIER_RETWEETED; flag <= AMPLIFIER_REACHED; flag <<= 1) {
        if ((was.high & flag) != 0) {
            amplifiers_mark(person, (enum amplifier_flag)flag, true);
        }
    }
    children += children_of(amplifiers, slab, into);
    amplifiers_set_children(amplifiers, slab, into, children);
    return is_new ? AMPLIFIERS_RENAMED : AMPLIFIERS_JOINED;
}

const struct amplifier *
amplifiers_next(const struct amplifiers *amplifiers, const struct slab *slab,
                uint32_t *at)
{
    const struct amplifier *entries =
        amplifiers->count != 0 ? entries_of(amplifiers, slab) : NULL;
    while (entries != NULL && *at < amplifiers->capacity) {
        const struct amplifier *person = &entries[(*at)++];
        uint32_t word = word_of(person);
        if (word != 0 && (word & PART_BIT) == 0) {
            return person;
        }
    }
    return NULL;
}

void
amplifiers_clear(struct amplifiers *amplifiers, struct slab *slab,
                 amplifiers_left_fn left, void *context)
{
    if (amplifiers->piece == SLAB_NONE) {
        return;
    }
    const struct amplifier *person;
    uint32_t at = 0;
    while (left != NULL && (person = amplifiers_next(amplifiers, slab, &at)) != NULL) {
        left(context, amplifiers_user(person));
    }
    slab_free(slab, amplifiers->piece, size_of(amplifiers));
    memset(amplifiers, 0, sizeof(*amplifiers));
}
