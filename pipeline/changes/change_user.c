#include "pipeline/changes/change.h"

#include <string.h>

#include "pipeline/changes/change_carrier.h"
#include "pipeline/changes/key_rule.h"

// "<net>:<the form in which the handle is compared>"
static struct slice
handle_key(struct pipeline *pipeline, struct slice id, struct slice handle)
{
    struct slice network = users_network_of(id);
    char *text =
        arena_alloc(&pipeline->flush.scratch, network.len + 1 + HANDLE_FORM_MAX, 1);
    if (text == NULL) {
        return SLICE_NONE;
    }
    memcpy(text, network.ptr, network.len);
    text[network.len] = ':';
    size_t len = handle_form_put(pipeline->users.form, handle, text + network.len + 1);
    return (struct slice){text, network.len + 1 + len};
}

// The bits of those profile fields that have a value.
static uint32_t
known_profile(const struct users *users, uint32_t user)
{
    uint32_t known = USER_NEW_SEEN;
    known |= users_handle(users, user).len != 0 ? USER_NEW_HANDLE : 0;
    known |= users_text(users, user, USER_NAME).len != 0 ? USER_NEW_NAME : 0;
    known |= (users_at(users, user)->flags & USER_HAS_FOLLOWERS) != 0
                 ? USER_NEW_FOLLOWERS
                 : 0;
    return known;
}

static void
user_profile_fields(struct pipeline *pipeline, struct change *change, uint32_t user,
                    uint32_t fields)
{
    const struct user *row = users_at(&pipeline->users, user);
    fields &= known_profile(&pipeline->users, user);
    if ((fields & USER_NEW_HANDLE) != 0) {
        change_put(pipeline, change, SLICE_LIT("handle"),
                   users_handle(&pipeline->users, user));
    }
    if ((fields & USER_NEW_NAME) != 0) {
        change_put(pipeline, change, SLICE_LIT("name"),
                   users_text(&pipeline->users, user, USER_NAME));
    }
    if ((fields & USER_NEW_FOLLOWERS) != 0) {
        change_put(pipeline, change, SLICE_LIT("followers"),
                   change_number(pipeline, row->followers));
    }
    if ((fields & USER_NEW_SEEN) != 0) {
        change_put(pipeline, change, SLICE_LIT("last_seen"),
                   change_ms(pipeline, row->last_seen));
    }
}

static void
user_count_fields(struct pipeline *pipeline, struct change *change,
                  const struct user *row)
{
    for (uint32_t c = row->counters; c != COUNTER_NONE;) {
        const struct counter *counter = counters_at(&pipeline->windows.counters, c);
        bool is_shown = counter_tally(counter) < TALLY_CAMPAIGN;
        for (uint32_t slot = 0; is_shown && slot < pipeline->windows.shown; slot++) {
            uint64_t value = counters_value(&pipeline->windows.counters, counter, slot);
            bool is_dirty = (counter->dirty & (1u << slot)) != 0;
            if (change->is_whole ? value == 0 : !is_dirty) {
                continue;
            }
            uint32_t board =
                (uint32_t)counter_tally(counter) * pipeline->windows.shown + slot;
            change_put(pipeline, change, slice_of(pipeline->boards.rows[board].name),
                       value != 0 ? change_number(pipeline, value) : SLICE_NONE);
        }
        c = counter->next;
    }
}

// Frees the counters that no step refers to any more.
static void
user_clean(struct pipeline *pipeline, uint32_t user)
{
    struct user *row = users_at(&pipeline->users, user);
    uint32_t *link = &row->counters;
    while (*link != COUNTER_NONE) {
        uint32_t index = *link;
        struct counter *counter = counters_at(&pipeline->windows.counters, index);
        counter->dirty = counter_tally(counter) < TALLY_CAMPAIGN ? 0 : counter->dirty;
        if (counters_refs(&pipeline->windows.counters, counter) != 0) {
            link = &counter->next;
        } else if (counter->members != 0) {
            // Changed since the boards were updated: the boards drop it at the next
            // flush.
            users_queue(&pipeline->users, user);
            link = &counter->next;
        } else {
            *link = counter->next;
            counters_destroy(&pipeline->windows.counters, index);
        }
    }
}

static void
user_handles(struct pipeline *pipeline, struct change *change, uint32_t user,
             bool is_kept)
{
    struct user *row = users_at(&pipeline->users, user);
    if (is_kept && (row->flags & USER_HOLDS) != 0 &&
        ((row->flags & USER_HANDLE_SENT) == 0 || change->is_whole)) {
        change->handle_set =
            handle_key(pipeline, change->name, users_handle(&pipeline->users, user));
        row->flags |= USER_HANDLE_SENT;
    }
    if ((row->identity & USER_STALE) == 0 || (row->profile & USER_STALE_SENT) != 0) {
        return;
    }
    struct slice stale = users_text(&pipeline->users, user, USER_STALE_HANDLE);
    uint32_t holder =
        users_holder(&pipeline->users, users_network_of(change->name), stale);
    row->profile |= USER_STALE_SENT;
    if (holder == USER_NONE ||
        (users_at(&pipeline->users, holder)->flags & USER_HANDLE_SENT) == 0) {
        change->handle_gone = handle_key(pipeline, change->name, stale);
    }
}

// True if the key is to be deleted. The id of a user who was known by handle only, or
// was removed, may belong to another user by now, with the same key: that user is
// written whole.
static bool
is_to_go(struct pipeline *pipeline, const struct user *row, struct slice id)
{
    if ((row->flags & USER_WRITTEN) == 0) {
        return false;
    }
    uint32_t other = (row->identity & (USER_MERGED | USER_ERASED)) != 0
                         ? users_find(&pipeline->users, id)
                         : USER_NONE;
    if (other != USER_NONE) {
        users_at(&pipeline->users, other)->flags |= USER_WHOLE | USER_WRITTEN;
        users_queue(&pipeline->users, other);
    }
    return other == USER_NONE;
}

// Every field that has a value.
void
change_user_fields(struct pipeline *pipeline, struct change *change, uint32_t user)
{
    user_profile_fields(pipeline, change, user, UINT32_MAX);
    change_put(pipeline, change, SLICE_LIT("network"), users_network_of(change->name));
    user_count_fields(pipeline, change, users_at(&pipeline->users, user));
}

size_t
change_user_size(const struct pipeline *pipeline, uint32_t user)
{
    const struct counters *counters = &pipeline->windows.counters;
    uint32_t known = known_profile(&pipeline->users, user);
    size_t size = 1 + (size_t)__builtin_popcount(known); // the network is always known
    for (uint32_t c = users_at(&pipeline->users, user)->counters; c != COUNTER_NONE;) {
        const struct counter *counter = counters_at(counters, c);
        bool is_shown = counter_tally(counter) < TALLY_CAMPAIGN;
        for (uint32_t slot = 0; is_shown && slot < pipeline->windows.shown; slot++) {
            size += counters_value(counters, counter, slot) != 0;
        }
        c = counter->next;
    }
    return size;
}

struct slice
change_user_handle(struct pipeline *pipeline, uint32_t user)
{
    const uint8_t published = USER_HOLDS | USER_HANDLE_SENT;
    if ((users_at(&pipeline->users, user)->flags & published) != published) {
        return SLICE_NONE;
    }
    return handle_key(pipeline, users_id(&pipeline->users, user),
                      users_handle(&pipeline->users, user));
}

// True if the receiver has nothing of the person. Most people are never written: their
// texts, which are far from the row, need not be read.
static bool
is_unknown(const struct user *row)
{
    return (row->flags & (USER_WRITTEN | USER_HANDLE_SENT)) == 0 &&
           (row->identity & USER_STALE) == 0;
}

// What was new is taken.
static void
user_settle(struct pipeline *pipeline, uint32_t user)
{
    struct user *row = users_at(&pipeline->users, user);
    row->profile &= USER_STALE_SENT | USER_RENAMED;
    row->flags &= (uint8_t)~USER_QUEUED;
    user_clean(pipeline, user);
}

bool
change_user(struct pipeline *pipeline, uint32_t user, struct change *change)
{
    struct user *row = users_at(&pipeline->users, user);
    if ((row->profile & USER_NEW_FOLLOWERS) != 0 &&
        (row->identity & USER_CARRIER_WRITTEN) != 0) {
        change_carrier_queue(pipeline, user); // `next` depends on them
    }
    bool is_kept = key_rule_user(pipeline, user);
    if (!is_kept && is_unknown(row)) {
        row->flags |= USER_WHOLE;
        user_settle(pipeline, user);
        return false;
    }
    change->kind = CHANGE_USER;
    change->name = users_id(&pipeline->users, user);
    if (is_kept) {
        change_begin(pipeline, change,
                     &(struct change_key){
                         .is_written = (row->flags & USER_WRITTEN) != 0,
                         .is_stale = (row->flags & USER_WHOLE) != 0,
                         .whole_at = row->whole_at,
                         .length = pipeline->longest,
                     });
        if (change->is_whole) {
            change_user_fields(pipeline, change, user);
            row->whole_at = change_now(pipeline);
        } else {
            user_profile_fields(pipeline, change, user, row->profile);
            user_count_fields(pipeline, change, row);
        }
        row->flags = (uint8_t)((row->flags & ~USER_WHOLE) | USER_WRITTEN);
    } else {
        change->is_gone = is_to_go(pipeline, row, change->name);
        row->flags = (uint8_t)((row->flags & ~USER_WRITTEN) | USER_WHOLE);
        users_retract_handle(&pipeline->users, user);
        change->name = users_id(&pipeline->users, user); // the id may have moved
    }
    user_handles(pipeline, change, user, is_kept);
    user_settle(pipeline, user);
    if (change->field_count == 0 && !change->is_gone && change->handle_set.len == 0 &&
        change->handle_gone.len == 0) {
        return false;
    }
    row->refs++;
    change_fly(pipeline, CHANGE_USER, user);
    return true;
}

void
change_user_written(struct pipeline *pipeline, uint32_t user)
{
    struct user *row = users_at(&pipeline->users, user);
    row->refs--;
    if ((row->profile & USER_STALE_SENT) != 0) {
        users_set_text(&pipeline->users, user, USER_STALE_HANDLE, SLICE_NONE);
        row->profile &= (uint8_t)~USER_STALE_SENT;
    }
}

void
change_user_lost(struct pipeline *pipeline, uint32_t user)
{
    struct user *row = users_at(&pipeline->users, user);
    row->refs--;
    row->flags |= USER_WHOLE | USER_WRITTEN;
    row->profile &= (uint8_t)~USER_STALE_SENT;
    users_queue(&pipeline->users, user);
}
