#include "pipeline/campaigns/known_people.h"

#include "base/probe.h"
#include "base/region.h"
#include "pipeline/campaigns/account.h"

enum { SIZE_MIN = 512 };

void
known_people_init(struct known_people *people)
{
    *people = (struct known_people){0};
}

void
known_people_fini(struct known_people *people)
{
    region_release(people->slots, people->size * sizeof(*people->slots));
    known_people_init(people);
}

void
known_people_swap(struct known_people *people, struct known_people *other)
{
    struct known_people kept = *people;
    *people = *other;
    *other = kept;
}

// The slot with the value, or the empty one in which it belongs.
static uint64_t *
find_slot(const struct known_people *people, uint64_t value)
{
    uint32_t slot = probe_home((uint32_t)(value >> 32), people->size);
    while (people->slots[slot] != 0 && people->slots[slot] != value) {
        slot = probe_next(slot, people->size);
    }
    return &people->slots[slot];
}

static bool
grow(struct known_people *people)
{
    uint32_t size = people->size != 0 ? 2 * people->size : SIZE_MIN;
    struct known_people next = {
        .slots = region_reserve(size * sizeof(*next.slots)),
        .size = size,
        .count = people->count,
    };
    if (next.slots == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < people->size; i++) {
        if (people->slots[i] != 0) {
            *find_slot(&next, people->slots[i]) = people->slots[i];
        }
    }
    known_people_swap(people, &next);
    known_people_fini(&next);
    return true;
}

// 0 is an empty slot.
static uint64_t
value_of(uint64_t hash)
{
    return hash != 0 ? hash : 1;
}

enum status
known_people_add(struct known_people *people, uint64_t hash)
{
    uint64_t value = value_of(hash);
    if (known_people_has(people, hash)) {
        return STATUS_OK;
    }
    if (people->count == KNOWN_PEOPLE_MAX) {
        return STATUS_FULL;
    }
    if (people->count >= people->size - people->size / 4 && !grow(people)) {
        return STATUS_NOMEM;
    }
    *find_slot(people, value) = value;
    people->count++;
    return STATUS_OK;
}

bool
known_people_has(const struct known_people *people, uint64_t hash)
{
    return people->size != 0 && *find_slot(people, value_of(hash)) != 0;
}

bool
known_people_have(const struct known_people *people, const struct users *users,
                  uint32_t user)
{
    uint64_t hashes[ACCOUNT_HASHES];
    if (people->count == 0) {
        return false;
    }
    size_t count = account_hashes(users, user, hashes);
    bool is_known = false;
    for (size_t i = 0; i < count && !is_known; i++) {
        is_known = known_people_has(people, hashes[i]);
    }
    return is_known;
}
