#include "pipeline/records/users.h"

#include <assert.h>
#include <string.h>

#include "base/region.h"
#include "base/snapshot.h"
#include "pipeline/records/user_card.h"
#include "pipeline/windows/windows.h"

enum { FORGOTTEN_PART = 16 }; // of the capacity is evicted at a time

bool
users_init(struct users *users, uint32_t capacity, const struct users_needs *needs)
{
    memset(users, 0, sizeof(*users));
    users->capacity = capacity;
    users->texts = needs->texts;
    users->key = *needs->key;
    users->form = needs->form;
    users->merge = needs->merge;
    users->renamed = needs->renamed;
    users->context = needs->context;
    users->rows = region_reserve((size_t)capacity * sizeof(*users->rows));
    return users->rows != NULL && queue_init(&users->queue, capacity) &&
           table_init(&users->by_id, capacity) &&
           table_init(&users->by_handle, capacity) &&
           traces_init(&users->traces, capacity / TRACES_PART + 1);
}

void
users_fini(struct users *users)
{
    traces_fini(&users->traces);
    table_fini(&users->by_handle);
    table_fini(&users->by_id);
    queue_fini(&users->queue);
    region_release(users->rows, (size_t)users->capacity * sizeof(*users->rows));
    memset(users, 0, sizeof(*users));
}

// ── texts ──────────────────────────────────────────────────────────────────

// If there is no room, the texts keep their old values.
static void
card_put(struct users *users, struct user *row, const struct slice texts[USER_TEXTS])
{
    uint32_t card = user_card_put(users->texts, texts);
    if (card == SLAB_NONE) {
        users->texts_refused++;
        return;
    }
    user_card_free(users->texts, row->card); // the texts may have been in it
    row->card = card;
}

struct slice
users_text(const struct users *users, uint32_t user, enum user_text which)
{
    return user_card_text(users->texts, users->rows[user].card, which);
}

void
users_set_text(struct users *users, uint32_t user, enum user_text which,
               struct slice text)
{
    struct slice texts[USER_TEXTS];
    for (enum user_text i = USER_ID; i < USER_TEXTS; i++) {
        texts[i] = i == which ? text : users_text(users, user, i);
    }
    struct user *row = &users->rows[user];
    card_put(users, row, texts);
    row->identity &= (uint8_t)~USER_STALE;
    row->identity |=
        users_text(users, user, USER_STALE_HANDLE).len != 0 ? USER_STALE : 0;
}

struct slice
users_network_of(struct slice id)
{
    size_t len = 0; // a few bytes: a library call would be slower
    while (len < id.len && id.ptr[len] != ':') {
        len++;
    }
    return len != 0 && len != id.len ? (struct slice){id.ptr, len} : SLICE_LIT("post");
}

struct slice
users_handle_in(struct slice id)
{
    struct slice network = users_network_of(id);
    if (network.ptr != id.ptr || id.len < network.len + 3 ||
        id.ptr[network.len + 1] != '@') {
        return SLICE_NONE;
    }
    return (struct slice){id.ptr + network.len + 2, id.len - network.len - 2};
}

uint32_t
users_find_hash(const struct users *users, uint64_t hash)
{
    struct table_walk walk = table_walk(&users->by_id, hash);
    uint32_t user;
    while ((user = table_next(&users->by_id, &walk)) != TABLE_NONE) {
        if (users->rows[user].hash == (uint32_t)hash) {
            return user;
        }
    }
    return USER_NONE;
}

uint32_t
users_find(const struct users *users, struct slice id)
{
    return users_find_hash(users, hash_slice(&users->key, id));
}

void
users_queue(struct users *users, uint32_t user)
{
    struct user *row = &users->rows[user];
    if ((row->flags & USER_QUEUED) == 0) {
        row->flags |= USER_QUEUED;
        queue_push(&users->queue, user);
    }
}

// ── handles ────────────────────────────────────────────────────────────────

static uint64_t
handle_hash(const struct users *users, struct slice network, struct slice handle)
{
    char text[POST_ID_MAX + 1 + HANDLE_FORM_MAX];
    assert(network.len <= POST_ID_MAX);
    memcpy(text, network.ptr, network.len);
    text[network.len] = ':';
    size_t len = handle_form_put(users->form, handle, text + network.len + 1);
    return hash_slice(&users->key, (struct slice){text, network.len + 1 + len});
}

static uint32_t
holder_of(const struct users *users, struct slice network, struct slice handle,
          uint64_t hash)
{
    struct table_walk walk = table_walk(&users->by_handle, hash);
    uint32_t other;
    while ((other = table_next(&users->by_handle, &walk)) != TABLE_NONE) {
        if (handle_form_same(users->form, users_handle(users, other), handle) &&
            slice_equal(users_network_of(users_id(users, other)), network)) {
            return other;
        }
    }
    return USER_NONE;
}

uint32_t
users_holder(const struct users *users, struct slice network, struct slice handle)
{
    return holder_of(users, network, handle, handle_hash(users, network, handle));
}

static uint64_t
handle_hash_of(const struct users *users, uint32_t user)
{
    return handle_hash(users, users_network_of(users_id(users, user)),
                       users_handle(users, user));
}

static void
handle_release(struct users *users, uint32_t user)
{
    struct user *row = &users->rows[user];
    if ((row->flags & USER_HOLDS) == 0) {
        return;
    }
    table_remove(&users->by_handle, handle_hash_of(users, user), user);
    row->flags &= (uint8_t)~USER_HOLDS;
    users_retract_handle(users, user);
}

void
users_retract_handle(struct users *users, uint32_t user)
{
    struct user *row = &users->rows[user];
    if ((row->flags & USER_HANDLE_SENT) == 0) {
        return;
    }
    // A handle stored here is in flight; only the write that sends the new one sets the
    // flag again.
    users_set_text(users, user, USER_STALE_HANDLE, users_handle(users, user));
    row->profile &= (uint8_t)~USER_STALE_SENT;
    row->flags &= (uint8_t)~USER_HANDLE_SENT;
    users_queue(users, user);
}

static void
drop_traces(struct users *users, uint32_t user)
{
    struct trace trace;
    while (traces_take(&users->traces, user, &trace)) {
    }
}

static void
take_profile(struct users *users, uint32_t from, uint32_t into)
{
    const struct user *old = &users->rows[from];
    struct user *row = &users->rows[into];
    if ((row->flags & USER_HAS_FOLLOWERS) == 0 &&
        (old->flags & USER_HAS_FOLLOWERS) != 0) {
        row->followers = old->followers;
        row->flags |= USER_HAS_FOLLOWERS;
        row->profile |= USER_NEW_FOLLOWERS;
    }
    if (old->last_seen > row->last_seen) {
        row->last_seen = old->last_seen;
        row->profile |= USER_NEW_SEEN;
    }
    struct slice name = users_text(users, from, USER_NAME);
    if (name.len != 0 && users_text(users, into, USER_NAME).len == 0) {
        users_set_text(users, into, USER_NAME, name);
        row->profile |= USER_NEW_NAME;
    }
}

// Merges the person known by handle only into that person.
static void
merge(struct users *users, uint32_t from, uint32_t into)
{
    struct user *row = &users->rows[from];
    take_profile(users, from, into);
    users->merge(users->context, from, into);
    drop_traces(users, from);
    table_remove(&users->by_id, hash_slice(&users->key, users_id(users, from)), from);
    row->flags &= (uint8_t) ~(USER_HAS_FOLLOWERS | USER_AUTHOR);
    row->identity = (uint8_t)((row->identity & ~USER_UNTRACED) | USER_MERGED);
    row->followers = into;
    users->rows[into].refs++;
    users->merges++;
    users->merged++;
    users->alone--;
    users_queue(users, from); // its key is deleted
    users_queue(users, into);
}

// `hash` is that of the user's handle, which the user does not hold yet.
static void
handle_claim(struct users *users, uint32_t user, uint64_t hash)
{
    struct user *row = &users->rows[user];
    uint32_t holder = holder_of(users, users_network_of(users_id(users, user)),
                                users_handle(users, user), hash);
    if (holder != USER_NONE) {
        if ((row->flags & USER_KEYED_BY_HANDLE) != 0) {
            return;
        }
        handle_release(users, holder);
        if ((users->rows[holder].flags & USER_KEYED_BY_HANDLE) != 0) {
            merge(users, holder, user);
        }
    }
    table_add(&users->by_handle, hash, user);
    row->flags |= USER_HOLDS;
    row->profile |= USER_NEW_HANDLE;
}

// ── life ───────────────────────────────────────────────────────────────────

// The handle that a message shows of a person; of one known by handle only, that in the
// id, which may be written in another way.
static struct slice
handle_shown(const struct users *users, const struct post_user *profile)
{
    struct slice own = users_handle_in(profile->id);
    return own.len == 0 || handle_form_same(users->form, own, profile->handle)
               ? profile->handle
               : own;
}

static uint32_t
user_create(struct users *users, const struct post_user *profile, uint64_t hash)
{
    struct slice id = profile->id;
    struct slice handle = handle_shown(users, profile);
    uint64_t claimed =
        handle.len != 0 ? handle_hash(users, users_network_of(id), handle) : 0;
    table_prefetch(&users->by_handle, claimed);
    uint32_t user = users->free;
    if (user != 0) {
        user--;
        users->free = users->rows[user].counters;
    } else {
        assert(users->high < users->capacity);
        user = users->high++;
    }
    struct user *row = &users->rows[user];
    memset(row, 0, sizeof(*row));
    const struct slice texts[USER_TEXTS] = {
        [USER_ID] = id, [USER_HANDLE] = handle, [USER_NAME] = profile->name};
    card_put(users, row, texts);
    row->profile = (uint8_t)((handle.len != 0 ? USER_NEW_HANDLE : 0) |
                             (profile->name.len != 0 ? USER_NEW_NAME : 0));
    row->hash = (uint32_t)hash;
    row->counters = COUNTER_NONE;
    row->last_seen = USEC_NONE;
    row->flags = USER_WHOLE;
    if (users_handle_in(id).len != 0) {
        row->flags |= USER_KEYED_BY_HANDLE;
        users->alone++;
    }
    table_add(&users->by_id, hash, user);
    users->count++;
    if (handle.len != 0 && row->card != SLAB_NONE) {
        handle_claim(users, user, claimed);
    }
    return user;
}

static void
user_destroy(struct users *users, uint32_t user)
{
    struct user *row = &users->rows[user];
    handle_release(users, user);
    if ((row->identity & USER_MERGED) != 0) {
        users->rows[row->followers].refs--;
        users->merged--;
    } else if ((row->identity & USER_ERASED) == 0) {
        table_remove(&users->by_id, hash_slice(&users->key, users_id(users, user)),
                     user);
        users->alone -= (row->flags & USER_KEYED_BY_HANDLE) != 0;
    }
    if ((row->flags & USER_KEYED_BY_HANDLE) != 0) {
        drop_traces(users, user);
    }
    user_card_free(users->texts, row->card);
    memset(row, 0, sizeof(*row));
    row->counters = users->free;
    row->refs = UINT32_MAX; // free rows are never idle
    users->free = user + 1;
    users->count--;
}

void
users_erase(struct users *users, uint32_t user)
{
    struct user *row = &users->rows[user];
    if ((row->identity & USER_ERASED) != 0) {
        return;
    }
    handle_release(users, user);
    if ((row->flags & USER_KEYED_BY_HANDLE) != 0) {
        drop_traces(users, user);
    }
    if ((row->identity & USER_MERGED) == 0) {
        table_remove(&users->by_id, hash_slice(&users->key, users_id(users, user)),
                     user);
        users->alone -= (row->flags & USER_KEYED_BY_HANDLE) != 0;
        row->followers = 0;
    }
    row->flags &= (uint8_t) ~(USER_HAS_FOLLOWERS | USER_AUTHOR);
    row->identity = (uint8_t)((row->identity & ~USER_UNTRACED) | USER_ERASED);
    users_queue(users, user);
}

bool
users_is_clear(const struct user *row)
{
    return (row->flags & (USER_WRITTEN | USER_HANDLE_SENT)) == 0 &&
           (row->identity & (USER_STALE | USER_CARRIER_WRITTEN)) == 0;
}

void
users_clear(struct users *users, uint32_t user)
{
    user_card_free(users->texts, users->rows[user].card);
    users->rows[user].card = SLAB_NONE;
}

static bool
is_idle(const struct users *users, uint32_t user)
{
    const struct user *row = &users->rows[user];
    return row->refs == 0 && row->counters == COUNTER_NONE &&
           (row->flags & (USER_QUEUED | USER_WRITTEN)) == 0 &&
           (row->identity & USER_STALE) == 0;
}

// Evicts the idle users not seen since `limit`.
static uint32_t
forget_older(struct users *users, usec limit)
{
    uint32_t forgotten = 0;
    for (uint32_t user = 0; user < users->high; user++) {
        if (is_idle(users, user) && users->rows[user].last_seen <= limit) {
            user_destroy(users, user);
            forgotten++;
        }
    }
    users->evicted += forgotten;
    return forgotten;
}

// When the idle users were last seen: the earliest and the latest time.
static void
look_at_idle(struct users *users, usec *ret_oldest, usec *ret_newest)
{
    *ret_oldest = INT64_MAX;
    *ret_newest = INT64_MIN;
    users->idle = 0;
    users->looked_at = users->count;
    for (uint32_t user = 0; user < users->high; user++) {
        const struct user *row = &users->rows[user];
        if (is_idle(users, user)) {
            *ret_oldest = row->last_seen < *ret_oldest ? row->last_seen : *ret_oldest;
            *ret_newest = row->last_seen > *ret_newest ? row->last_seen : *ret_newest;
            users->idle++;
        }
    }
}

static void
forget_some(struct users *users)
{
    uint32_t wanted = users->capacity / FORGOTTEN_PART + 1;
    usec oldest;
    usec newest;
    look_at_idle(users, &oldest, &newest);
    if (users->idle <= wanted) {
        (void)forget_older(users, newest); // all of them; none: newest is below all
        return;
    }
    // A few passes with a rising limit replace sorting by age.
    for (int part = 1; part <= 16 && oldest <= newest; part++) {
        usec limit = part == 16 ? newest : oldest + (newest - oldest) / 16 * part;
        uint32_t forgotten = forget_older(users, limit);
        if (forgotten >= wanted) {
            return;
        }
        wanted -= forgotten;
    }
}

bool
users_make_room(struct users *users, size_t count)
{
    if (users->capacity - users->count < count && !users->is_packed) {
        forget_some(users);
        users->is_packed = users->idle < users->capacity / FORGOTTEN_PART;
    }
    return users->capacity - users->count >= count;
}

void
users_unpack(struct users *users)
{
    users->is_packed = false;
}

bool
users_is_pressed(struct users *users)
{
    uint32_t half = users->capacity / 2;
    if (users->count <= half) {
        users->looked_at = 0;
        return false;
    }
    // Rarely, since looking at all of them is slow.
    uint32_t step = users->capacity / FORGOTTEN_PART;
    if (users->looked_at == 0 || users->count > users->looked_at + step) {
        usec oldest;
        usec newest;
        look_at_idle(users, &oldest, &newest);
    }
    return users->looked_at - users->idle > half;
}

// ── profiles ───────────────────────────────────────────────────────────────

static void
set_handle(struct users *users, uint32_t user, struct slice handle)
{
    struct user *row = &users->rows[user];
    struct slice old = users_handle(users, user);
    bool is_other = !slice_equal(old, handle);
    if (handle.len == 0) {
        return;
    }
    if (is_other) {
        if (old.len != 0 && !handle_form_same(users->form, old, handle)) {
            handle_release(users, user);
        }
        users_set_text(users, user, USER_HANDLE, handle);
        row->profile |= USER_NEW_HANDLE;
        if ((row->flags & USER_AUTHOR) != 0) {
            row->profile |= USER_RENAMED;
            users->has_renamed_author = true;
        }
    }
    if ((row->flags & USER_HOLDS) == 0 && users_handle(users, user).len != 0) {
        handle_claim(users, user, handle_hash_of(users, user));
    }
    if (is_other) {
        users->renamed(users->context, user);
    }
}

static void
set_name(struct users *users, uint32_t user, struct slice name)
{
    if (name.len == 0 || slice_equal(users_text(users, user, USER_NAME), name)) {
        return;
    }
    users_set_text(users, user, USER_NAME, name);
    users->rows[user].profile |= USER_NEW_NAME;
}

uint32_t
users_see(struct users *users, const struct post_user *profile, usec time)
{
    return users_see_hash(users, profile, hash_slice(&users->key, profile->id), time);
}

uint32_t
users_see_hash(struct users *users, const struct post_user *profile, uint64_t hash,
               usec time)
{
    uint32_t user = users_find_hash(users, hash);
    if (user == USER_NONE) {
        user = user_create(users, profile, hash);
    } else {
        set_handle(users, user, handle_shown(users, profile));
        set_name(users, user, profile->name);
    }
    struct user *row = &users->rows[user];
    if (profile->has_followers && ((row->flags & USER_HAS_FOLLOWERS) == 0 ||
                                   row->followers != profile->followers)) {
        row->followers = profile->followers;
        row->flags |= USER_HAS_FOLLOWERS;
        row->profile |= USER_NEW_FOLLOWERS;
        users->renamed(users->context, user);
    }
    if (time > row->last_seen) {
        row->last_seen = time;
        row->profile |= USER_NEW_SEEN;
    }
    if (row->profile != 0 &&
        (row->counters != COUNTER_NONE || (row->flags & USER_WRITTEN) != 0)) {
        users_queue(users, user);
    }
    return user;
}

void
users_trace(struct users *users, uint32_t user, struct trace trace)
{
    struct user *row = &users->rows[user];
    if ((row->flags & USER_KEYED_BY_HANDLE) != 0 &&
        !traces_add(&users->traces, user, trace)) {
        row->identity |= USER_UNTRACED;
    }
}

void
users_move(struct users *users, struct snapshot *snapshot)
{
    snapshot_rows(snapshot, users->rows, sizeof(*users->rows), &users->high,
                  users->capacity);
    SNAPSHOT_VALUE(snapshot, users->count);
    SNAPSHOT_VALUE(snapshot, users->free);
    SNAPSHOT_VALUE(snapshot, users->has_renamed_author);
    SNAPSHOT_VALUE(snapshot, users->is_packed);
    SNAPSHOT_VALUE(snapshot, users->idle);
    SNAPSHOT_VALUE(snapshot, users->looked_at);
    SNAPSHOT_VALUE(snapshot, users->evicted);
    SNAPSHOT_VALUE(snapshot, users->texts_refused);
    queue_move(&users->queue, snapshot);
    table_move(&users->by_id, snapshot);
    table_move(&users->by_handle, snapshot);
    traces_move(&users->traces, snapshot);
    SNAPSHOT_VALUE(snapshot, users->merges);
    SNAPSHOT_VALUE(snapshot, users->merged);
    SNAPSHOT_VALUE(snapshot, users->alone);
}
