#include "pipeline/changes/change_outreach.h"

#include <assert.h>
#include <string.h>

#include "base/decimal.h"
#include "pipeline/campaigns/campaign_outreach.h"
#include "pipeline/carriers/carriers_words.h"

enum { DIGITS = 12, WHY_MAX = 384, DATE_LEN = sizeof("2026-11-30") - 1 };

#define HEAD ":outreach:"

static const struct board *
list_of(const struct figures *figures)
{
    return &figures->boards.rows[figures->boards.windowed];
}

// ── fields ─────────────────────────────────────────────────────────────────

static void
put(struct pipeline *pipeline, struct change *change, const char *name, double value)
{
    char *text = arena_alloc(&pipeline->flush.scratch, 1, DECIMAL_TEXT_MAX);
    change_put(pipeline, change, slice_of(name),
               text == NULL ? SLICE_NONE
                            : (struct slice){text, decimal_put(text, value, DIGITS)});
}

static char *
put_counted(char *at, uint64_t number, struct slice of_one, struct slice of_many)
{
    return slice_put(decimal_put_grouped(at, number), number == 1 ? of_one : of_many);
}

// What is observed, then what is estimated.
static struct slice
why(struct pipeline *pipeline, const struct pairs_row *pair,
    const struct campaign_outreach_view *view)
{
    const struct user *user = users_at(&pipeline->users, pair->user);
    char last[USEC_TEXT_MAX];
    char *text = arena_alloc(&pipeline->flush.scratch, 1, WHY_MAX);
    if (text == NULL) {
        return SLICE_NONE;
    }
    (void)usec_format_rfc3339(pair->last, last);
    char *at = slice_put(text, SLICE_LIT("observed: "));
    at = carriers_words(at, &view->carried);
    at = slice_put(at, SLICE_LIT(" in the campaign"));
    if (view->carried.acts > 0) {
        at = slice_put(at, SLICE_LIT(" (older ones count less)"));
    }
    at = slice_put(at, SLICE_LIT("; "));
    at = put_counted(at, pair->acts, SLICE_LIT(" post or retweet"),
                     SLICE_LIT(" posts and retweets"));
    at = slice_put(at, SLICE_LIT(", last on "));
    at = slice_put(at, (struct slice){last, DATE_LEN});
    if (pair->is_known) {
        at = slice_put(at, SLICE_LIT("; is in the people file"));
    }
    if ((user->flags & USER_HAS_FOLLOWERS) != 0) {
        at = slice_put(at, SLICE_LIT("; "));
        at = put_counted(at, user->followers, SLICE_LIT(" follower"),
                         SLICE_LIT(" followers"));
    }
    at = slice_put(at, SLICE_LIT("; estimated: "));
    at = decimal_put_places(at, view->rate, 2);
    at = slice_put(at, SLICE_LIT(" people per reshare, next "));
    at = decimal_put_places(at, view->next, 1);
    assert(at <= text + WHY_MAX);
    return (struct slice){text, (size_t)(at - text)};
}

void
change_outreach_fields(struct pipeline *pipeline, struct change *change, uint32_t index)
{
    const struct pairs_row *pair = pairs_at(&pipeline->campaigns.pairs, index);
    const struct user *user = users_at(&pipeline->users, pair->user);
    struct campaign_outreach_view view = campaign_outreach_view(pipeline, index);
    put(pipeline, change, "people", view.carried.people);
    put(pipeline, change, "acts", view.carried.acts);
    put(pipeline, change, "rate", view.rate);
    put(pipeline, change, "next", view.next);
    change_put(pipeline, change, SLICE_LIT("known"),
               change_number(pipeline, pair->is_known));
    if ((user->flags & USER_HAS_FOLLOWERS) != 0) {
        change_put(pipeline, change, SLICE_LIT("followers"),
                   change_number(pipeline, user->followers));
    }
    change_put(pipeline, change, SLICE_LIT("last_ms"), change_ms(pipeline, pair->last));
    change_put(pipeline, change, SLICE_LIT("why"), why(pipeline, pair, &view));
}

struct slice
change_outreach_name(struct pipeline *pipeline, const char *campaign, uint32_t user)
{
    struct arena *scratch = &pipeline->flush.scratch;
    struct slice head = arena_join(scratch, slice_of(campaign), SLICE_LIT(HEAD));
    return arena_join(scratch, head, users_id(&pipeline->users, user));
}

// ── one person ─────────────────────────────────────────────────────────────

static bool
begin(struct pipeline *pipeline, const char *campaign, uint32_t user,
      struct change *change)
{
    change->kind = CHANGE_OUTREACH;
    change->name = change_outreach_name(pipeline, campaign, user);
    if (slice_is_none(change->name)) {
        return false;
    }
    change_fly(pipeline, CHANGE_OUTREACH, 0);
    return true;
}

static bool
write_member(struct pipeline *pipeline, uint32_t campaign, uint32_t place,
             struct change *change)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    struct figures *figures = &campaigns->figures[campaign];
    uint32_t user = list_of(figures)->current[place].owner;
    uint32_t index = pairs_find(&campaigns->pairs, campaign, user);
    uint32_t at = outreach_keys_find(&figures->keys, user);
    if (index == PAIR_NONE) {
        return false; // merged, or it leaves with the next selection
    }
    if (at == OUTREACH_KEY_NONE) {
        at = outreach_keys_add(&figures->keys, user);
        if (at == OUTREACH_KEY_NONE) {
            figures->has_changed_people = true; // once deletions are reported written
            return false;
        }
        users_at(&pipeline->users, user)->refs++;
    }
    struct outreach_key *key = &figures->keys.rows[at];
    struct pairs_row *pair = pairs_at(&campaigns->pairs, index);
    if (key->state == OUTREACH_KEY_WRITTEN && !pair->is_changed) {
        return false;
    }
    if (!begin(pipeline, campaigns->names[campaign], user, change)) {
        return false;
    }
    change->is_whole = key->state != OUTREACH_KEY_WRITTEN;
    change->is_fresh = key->state == OUTREACH_KEY_FRESH;
    change_outreach_fields(pipeline, change, index);
    key->state = OUTREACH_KEY_WRITTEN;
    pair->is_changed = false;
    return true;
}

// The id of a user who was known by handle only may belong to another user by now, with
// the same key: that one is written again.
static bool
is_of_another(struct pipeline *pipeline, struct outreach_keys *keys, uint32_t user)
{
    uint32_t other = users_find(&pipeline->users, users_id(&pipeline->users, user));
    uint32_t at = other != user && other != USER_NONE ? outreach_keys_find(keys, other)
                                                      : OUTREACH_KEY_NONE;
    if (at == OUTREACH_KEY_NONE || keys->rows[at].state == OUTREACH_KEY_GONE) {
        return false;
    }
    keys->rows[at].state = OUTREACH_KEY_WHOLE;
    return true;
}

static bool
delete_key(struct pipeline *pipeline, const char *campaign, struct outreach_keys *keys,
           uint32_t place, struct change *change)
{
    struct outreach_key *key = &keys->rows[place];
    if (key->state == OUTREACH_KEY_GONE) {
        return false;
    }
    if (!is_of_another(pipeline, keys, key->user)) {
        if (!begin(pipeline, campaign, key->user, change)) {
            return false;
        }
        change->is_gone = true;
    }
    key->state = OUTREACH_KEY_GONE;
    return change->is_gone;
}

// ── changes ────────────────────────────────────────────────────────────────

static uint32_t
places_of(const struct figures *figures)
{
    return list_of(figures)->current_count + figures->keys.begun;
}

uint32_t
change_outreach_count(struct pipeline *pipeline)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    uint32_t count = 0;
    for (uint32_t i = 0; i < campaigns->leaving_count; i++) {
        count += campaigns->leaving[i].keys.count;
    }
    for (size_t i = 0; i < campaigns->count; i++) {
        struct figures *figures = &campaigns->figures[i];
        bool is_due = figures->has_changed_people || figures->has_moved_people;
        figures->has_changed_people = figures->has_moved_people = false;
        figures->keys.begun = is_due ? figures->keys.count : 0;
        figures->keys.is_due = is_due;
        count += is_due ? places_of(figures) : 0;
    }
    return count;
}

bool
change_outreach(struct pipeline *pipeline, uint32_t place, struct change *change)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    for (uint32_t i = 0; i < campaigns->leaving_count; i++) {
        struct campaigns_leaving *leaving = &campaigns->leaving[i];
        if (place < leaving->keys.count) {
            return delete_key(pipeline, leaving->name, &leaving->keys, place, change);
        }
        place -= leaving->keys.count;
    }
    for (uint32_t i = 0; i < campaigns->count; i++) {
        struct figures *figures = &campaigns->figures[i];
        uint32_t members = list_of(figures)->current_count;
        if (!figures->keys.is_due) {
            continue;
        }
        if (place < members) {
            return write_member(pipeline, i, place, change);
        }
        place -= members;
        if (place < figures->keys.begun) {
            return !figures_list(figures, figures->keys.rows[place].user) &&
                   delete_key(pipeline, campaigns->names[i], &figures->keys, place,
                              change);
        }
        place -= figures->keys.begun;
    }
    return false; // they have changed during the flush
}

bool
change_outreach_pending(const struct pipeline *pipeline)
{
    const struct campaigns *campaigns = &pipeline->campaigns;
    bool is_pending = false;
    for (size_t i = 0; i < campaigns->count && !is_pending; i++) {
        is_pending = campaigns->figures[i].has_changed_people ||
                     campaigns->figures[i].has_moved_people;
    }
    return is_pending;
}

static void
bury(struct pipeline *pipeline, struct outreach_keys *keys)
{
    for (uint32_t i = keys->count; i-- > 0;) {
        if (keys->rows[i].state == OUTREACH_KEY_GONE) {
            users_at(&pipeline->users, keys->rows[i].user)->refs--;
            outreach_keys_remove(keys, i);
        }
    }
}

void
change_outreach_written(struct pipeline *pipeline)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    for (uint32_t i = 0; i < campaigns->leaving_count; i++) {
        bury(pipeline, &campaigns->leaving[i].keys);
    }
    for (size_t i = 0; i < campaigns->count; i++) {
        bury(pipeline, &campaigns->figures[i].keys);
    }
}

static void
renew(struct outreach_keys *keys)
{
    for (uint32_t i = 0; i < keys->count; i++) {
        keys->rows[i].state = OUTREACH_KEY_WHOLE;
    }
}

void
change_outreach_lost(struct pipeline *pipeline)
{
    struct campaigns *campaigns = &pipeline->campaigns;
    for (uint32_t i = 0; i < campaigns->leaving_count; i++) {
        renew(&campaigns->leaving[i].keys);
    }
    for (size_t i = 0; i < campaigns->count; i++) {
        renew(&campaigns->figures[i].keys);
        campaigns->figures[i].has_changed_people = true;
    }
}

bool
change_outreach_have(const struct pipeline *pipeline, struct slice name)
{
    const struct campaigns *campaigns = &pipeline->campaigns;
    const char *colon = memchr(name.ptr, ':', name.len);
    size_t len = colon != NULL ? (size_t)(colon - name.ptr) : 0;
    size_t head = len + sizeof(HEAD) - 1;
    if (len == 0 || head >= name.len || memcmp(colon, HEAD, sizeof(HEAD) - 1) != 0) {
        return false;
    }
    uint32_t user =
        users_find(&pipeline->users, (struct slice){name.ptr + head, name.len - head});
    bool is_there = false;
    for (size_t i = 0; i < campaigns->count && user != USER_NONE; i++) {
        is_there = is_there || (slice_equal((struct slice){name.ptr, len},
                                            slice_of(campaigns->names[i])) &&
                                outreach_keys_find(&campaigns->figures[i].keys, user) !=
                                    OUTREACH_KEY_NONE);
    }
    return is_there;
}
