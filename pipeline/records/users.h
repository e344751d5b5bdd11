// The people seen: ids, profiles, and the heads of their counters.
//
// A user is an index that remains valid while a reference (refs) or a counter exists or
// the user is in Redis. Others remain as long as there is room: at capacity the users
// unreferenced for longest are evicted, a sixteenth of the table at a time.
//
// Ids are compared by their keyed 64-bit hashes: among a million users two are confused
// with probability 3e-8. Texts are in a slab shared with the cascades
// (pipeline/records/user_card.h).
//
// Handles: the newest user to claim a handle holds it. A user known by handle only
// ("x:@ann") holds that handle, and is merged into the first user known by id who
// claims it: `merge` moves all that refers to the user. No id finds the row then.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/queue.h"
#include "base/slab.h"
#include "base/table.h"
#include "base/usec.h"
#include "pipeline/post.h"
#include "pipeline/records/handle_form.h"
#include "pipeline/records/traces.h"
#include "pipeline/records/user.h"

struct snapshot;

// Moves all references from `from`, a user known by handle only, to `into`.
typedef void (*users_merge_fn)(void *context, uint32_t from, uint32_t into);
typedef void (*users_renamed_fn)(void *context, uint32_t user); // or other followers

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
    bool has_renamed_author;  // the handle in some cascade is out of date
    bool is_packed;           // few could be evicted at the last check
    uint32_t idle, looked_at; // so many can be evicted, of so many; 0: not checked yet
    uint64_t evicted;
    uint64_t texts_refused; // changes of texts that did not fit
    struct traces traces;   // of cascades that name users known by handle only
    uint64_t merges;
    uint32_t merged; // rows that are merged
    uint32_t alone;  // known by handle only
    users_merge_fn merge;
    users_renamed_fn renamed;
    void *context;
    struct handle_form *form;
};

// All but the key is kept. merge may be NULL if no user is known by handle only.
struct users_needs {
    struct slab *texts;
    const struct hash_key *key;
    struct handle_form *form;
    users_merge_fn merge;
    users_renamed_fn renamed;
    void *context; // of both
};
bool users_init(struct users *users, uint32_t capacity,
                const struct users_needs *needs);
void users_fini(struct users *users);

// True if `count` more users are certain to fit, after evicting some if needed.
bool users_make_room(struct users *users, size_t count);

// Some may have become idle: users_make_room checks again.
void users_unpack(struct users *users);
// True if people who cannot be evicted use more than half of the capacity.
bool users_is_pressed(struct users *users);

uint32_t users_find(const struct users *users, struct slice id);
uint32_t users_find_hash(const struct users *users, uint64_t hash);

// The user with that id, created if new, with the profile updated from a message of
// that time. Borrows profile, whose id must be given. There must be room.
uint32_t users_see(struct users *users, const struct post_user *profile, usec time);
// hash: the keyed one of the profile's id.
uint32_t users_see_hash(struct users *users, const struct post_user *profile,
                        uint64_t hash, usec time);

// That cascade has the user as its author or among its amplifiers. Remembered if the
// user is known by handle only.
void users_trace(struct users *users, uint32_t user, struct trace trace);

void users_queue(struct users *users, uint32_t user);

// Redis may have a key for the handle that this user no longer has or needs: has it
// deleted.
void users_retract_handle(struct users *users, uint32_t user);

// Removes a person without counters: nothing finds the row any more, its key is deleted
// with the next flush, and what refers to it stays. users_clear frees the texts once
// users_is_clear: no key is to be deleted any more.
void users_erase(struct users *users, uint32_t user);
bool users_is_clear(const struct user *row);
void users_clear(struct users *users, uint32_t user);

// Saves the contents without the key, or loads them into an empty table of that size.
void users_move(struct users *users, struct snapshot *snapshot);

static inline struct user *
users_at(const struct users *users, uint32_t user)
{
    return &users->rows[user];
}

// The user itself, or the one it was merged into.
static inline uint32_t
users_now(const struct users *users, uint32_t user)
{
    const struct user *row = users_at(users, user);
    return (row->identity & USER_MERGED) != 0 ? row->followers : user;
}

// Valid until users_see or another change of the user's texts.
struct slice users_text(const struct users *users, uint32_t user, enum user_text which);
// Replaces one text; `text` may be one of the user's own texts.
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

// The user who holds a handle, or USER_NONE.
uint32_t users_holder(const struct users *users, struct slice network,
                      struct slice handle);
// The part of an id before ':', or "post"; and the handle in the id of a user known by
// handle only, or none.
struct slice users_network_of(struct slice id);
struct slice users_handle_in(struct slice id);
