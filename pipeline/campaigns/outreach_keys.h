// The people of one outreach list of whom Redis has, or may have, a hash.
//
// A person is held by the owner of the list as long as the entry is there. An entry
// whose deletion is in flight stays until that is reported written, so that nothing is
// left behind if it is lost.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct snapshot;

enum { OUTREACH_MAX = 1000, OUTREACH_KEYS_MAX = 2 * OUTREACH_MAX };

#define OUTREACH_KEY_NONE UINT32_MAX

enum outreach_key_state {
    OUTREACH_KEY_WRITTEN,
    OUTREACH_KEY_WHOLE, // the next write contains every field
    OUTREACH_KEY_FRESH, // the same, and there is no key
    OUTREACH_KEY_GONE,  // its deletion is in flight
};

struct outreach_key {
    uint32_t user;
    enum outreach_key_state state;
};

struct outreach_keys {
    struct outreach_key *rows; // NULL: none yet
    uint32_t count;
    uint32_t begun; // how many there were when the flush came to them
    bool is_due;    // the flush looks at them
};

// False when the system refuses the memory.
bool outreach_keys_init(struct outreach_keys *keys);
// Accepts zeroed.
void outreach_keys_fini(struct outreach_keys *keys);

// OUTREACH_KEY_NONE: there is none.
uint32_t outreach_keys_find(const struct outreach_keys *keys, uint32_t user);
// A new entry, to be written; OUTREACH_KEY_NONE: there is no room.
uint32_t outreach_keys_add(struct outreach_keys *keys, uint32_t user);
// The last entry takes its place.
void outreach_keys_remove(struct outreach_keys *keys, uint32_t index);

// Saves the contents, or loads them into initialised ones.
void outreach_keys_move(struct outreach_keys *keys, struct snapshot *snapshot);
