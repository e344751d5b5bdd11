// The people seen: ids, profiles, and the heads of their counters.
//
// A user is an index that stays valid while somebody holds a reference (refs), a
// counter is alive, or the user is in Redis. Others are remembered as long as there is
// room: at capacity those unreferenced for longest are forgotten, a sixteenth of the
// table at a time.
//
// Ids are taken for the same when their keyed 64-bit hashes are: of a million users two
// are mixed up with probability 3e-8.
//
// Texts live in a slab shared with the cascades, those of one person in one piece.
// Handles: the newest user to claim a
// handle holds it; a user known by handle only ("x:@ann") holds it while nobody else
// does.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/slab.h"
#include "base/table.h"
#include "base/usec.h"
#include "pipeline/post.h"
#include "pipeline/queue.h"

struct snapshot;

#define USER_NONE UINT32_MAX

enum user_flag {
    USER_HAS_FOLLOWERS = 1 << 0,
    USER_QUEUED = 1 << 1,  // in the list of users to write
    USER_WRITTEN = 1 << 2, // Redis has, or may have, the key
    USER_WHOLE = 1 << 3,   // the next write gives every field
    USER_HOLDS = 1 << 4,   // holds its handle
    USER_TOLD = 1 << 5,    // Redis has, or may have, the handle key
    USER_AUTHOR = 1 << 6,  // wrote the root of a cascade
    USER_KEYED_BY_HANDLE = 1 << 7,
};

enum user_profile {
    USER_NEW_HANDLE = 1 << 0,
    USER_NEW_NAME = 1 << 1,
    USER_NEW_FOLLOWERS = 1 << 2,
    USER_NEW_SEEN = 1 << 3,
    USER_RENAMED = 1 << 5,    // the handle in the user's cascades is out of date
    USER_STALE_SENT = 1 << 4, // the deletion of the stale handle is in flight
};

// What lies behind `card`: lengths, then the texts in this order.
enum user_text {
    USER_ID,
    USER_HANDLE,
    USER_NAME,
    USER_STALE_HANDLE, // whose key Redis may still have
    USER_TEXTS,
};

struct user_card {
    uint16_t len[USER_TEXTS];
    char bytes[];
};

struct user {
    uint32_t card; // slab texts
    uint32_t followers;
    uint32_t counters; // first counter or COUNTER_NONE
    uint32_t refs;
    uint8_t flags;    // enum user_flag
    uint8_t profile;  // enum user_profile: differs from what was last written
    uint16_t network; // bytes of the id before ':'; 0: the id names none
    usec last_seen;
    uint32_t whole_at; // clock of the last whole write, in seconds
    uint32_t hash;     // lower half; the table has the upper one
};

struct users {
    struct user *rows;
    uint32_t capacity;
    uint32_t high;
    uint32_t count;
    uint32_t free;      // index + 1, linked by `counters`
    struct queue queue; // of users to write
    struct table by_id;
    struct table by_handle;
    struct slab *texts;
    struct hash_key key;
    bool has_renamed_author; // some cascade's handle is out of date
    uint64_t evicted;
};

// Keeps texts. False when the system refuses the memory.
bool users_init(struct users *users, uint32_t capacity, struct slab *texts,
                const struct hash_key *key);
void users_fini(struct users *users);

// True if `count` more users surely fit, after forgetting some if need be.
bool users_make_room(struct users *users, size_t count);

uint32_t users_find(const struct users *users, struct slice id);

// The user with that id, made if new, its profile brought up to date from a message of
// that time. Borrows profile, whose id must be given. There must be room.
uint32_t users_see(struct users *users, const struct post_user *profile, usec time);

void users_queue(struct users *users, uint32_t user);

// Redis may have a key for the handle this user no longer has or needs: to be deleted.
void users_untell(struct users *users, uint32_t user);

// Contents out of, or into an empty table of the same capacity; not the key.
void users_move(struct users *users, struct snapshot *snapshot);

static inline struct user *
users_at(const struct users *users, uint32_t user)
{
    return &users->rows[user];
}

// ASCII only: handles are, where case matters.
static inline char
users_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

// Valid until users_see or another change of the user's texts.
struct slice users_text(const struct users *users, uint32_t user, enum user_text which);
// Replaces one text; `text` may be one of the user's. A text longer than UINT16_MAX
// is cut.
void users_set_text(struct users *users, uint32_t user, enum user_text which,
                    struct slice text);

static inline struct slice
users_id(const struct users *users, uint32_t user)
{
    return users_text(users, user, USER_ID);
}

static inline struct slice
users_handle(const struct users *users, uint32_t user)
{
    return users_text(users, user, USER_HANDLE);
}

// Who holds a handle, or USER_NONE. ASCII letters compare without case.
uint32_t users_holder(const struct users *users, struct slice network,
                      struct slice handle);
// Network of an id: what stands before ':', else "post".
struct slice users_network_of(struct slice id);
