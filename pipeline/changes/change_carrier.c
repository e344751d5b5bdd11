#include "pipeline/changes/change_carrier.h"

#include <assert.h>
#include <string.h>

#include "base/decimal.h"
#include "pipeline/carriers/carriers_words.h"
#include "pipeline/changes/key_rule.h"

enum { DIGITS = 12, WHY_MAX = 224 };

static struct user *
user_at(const struct pipeline *pipeline, uint32_t user)
{
    return users_at(&pipeline->users, user);
}

void
change_carrier_queue(struct pipeline *pipeline, uint32_t user)
{
    struct user *row = user_at(pipeline, user);
    if ((row->identity & USER_CARRIER_QUEUED) == 0) {
        row->identity |= USER_CARRIER_QUEUED;
        row->refs++;
        queue_push(&pipeline->carrier_queue, user);
    }
}

static void
queue_written(struct pipeline *pipeline, uint32_t row)
{
    uint32_t user = carriers_at(&pipeline->carriers, row)->user;
    if ((user_at(pipeline, user)->identity & USER_CARRIER_WRITTEN) != 0) {
        change_carrier_queue(pipeline, user);
    }
}

void
change_carrier_touched(struct pipeline *pipeline, uint32_t row, uint32_t boards)
{
    boards_row_touched(&pipeline->boards, row, boards);
    queue_written(pipeline, row);
}

void
change_carrier_left(struct pipeline *pipeline, uint32_t row)
{
    boards_row_gone(&pipeline->boards, row);
    queue_written(pipeline, row);
}

// Everybody on one of the boards. The key of the user is renewed, too: it expires if
// nothing else happens to the person.
static void
queue_members(struct pipeline *pipeline, uint8_t identity)
{
    const struct boards *boards = &pipeline->boards;
    for (uint32_t i = boards->windowed; i < boards->count; i++) {
        const struct board *board = &boards->rows[i];
        for (uint32_t k = 0; k < board->current_count; k++) {
            struct user *row = user_at(pipeline, board->current[k].owner);
            if ((identity & ~row->identity & USER_CARRIER_WRITTEN) != 0) {
                row->refs++;
            }
            row->identity |= identity;
            change_carrier_queue(pipeline, board->current[k].owner);
            users_queue(&pipeline->users, board->current[k].owner);
        }
    }
}

void
change_carrier_renew(struct pipeline *pipeline, bool is_forced)
{
    struct carriers *carriers = &pipeline->carriers;
    bool is_due = carriers_is_due(carriers, pipeline->clock, pipeline->longest);
    if ((is_due || is_forced) && carriers->count != 0) {
        carriers_renew(carriers, pipeline->clock);
        boards_renew(&pipeline->boards);
        queue_members(pipeline, 0);
    }
}

// ── fields ─────────────────────────────────────────────────────────────────

static struct slice
decimal(struct pipeline *pipeline, double value)
{
    char *text = arena_alloc(&pipeline->flush.scratch, 1, DECIMAL_TEXT_MAX);
    return text == NULL ? SLICE_NONE
                        : (struct slice){text, decimal_put(text, value, DIGITS)};
}

static void
put(struct pipeline *pipeline, struct change *change, const char *name, double value)
{
    change_put(pipeline, change, slice_of(name), decimal(pipeline, value));
}

static uint32_t
followers_of(const struct pipeline *pipeline, uint32_t user)
{
    const struct user *row = user_at(pipeline, user);
    uint32_t followers = row->followers;
    if ((row->flags & USER_HAS_FOLLOWERS) == 0 &&
        !forecasts_median(pipeline, users_id(&pipeline->users, user), &followers)) {
        return 0;
    }
    return followers;
}

static struct slice
why(struct pipeline *pipeline, const struct carriers_view *view)
{
    char *text = arena_alloc(&pipeline->flush.scratch, 1, WHY_MAX + POST_ID_MAX);
    if (text == NULL) {
        return SLICE_NONE;
    }
    char *at = carriers_words(text, view);
    if (carriers_words_are_faded(view)) {
        at = slice_put(at, SLICE_LIT(" (older ones count less)"));
    }
    if (view->best != 0 && view->best_post.len != 0) {
        at = slice_put(at, SLICE_LIT("; best "));
        at = decimal_put_grouped(at, view->best);
        at = slice_put(at, SLICE_LIT(" on "));
        at = slice_put(at, view->best_post);
    } else if (view->estimated > 0) {
        at = slice_put(at, SLICE_LIT("; estimated "));
        at = decimal_put_places(at, view->estimated, 1);
        at = slice_put(at, SLICE_LIT(" where the network does not show it"));
    } else if (view->tries > 0) {
        at = slice_put(at, SLICE_LIT("; early in "));
        at = carriers_words_sum(at, view->early);
        at = slice_put(at, SLICE_LIT(" of "));
        at = carriers_words_sum(at, view->tries);
        at = slice_put(at, SLICE_LIT(" closed cascades"));
    }
    assert(at <= text + WHY_MAX + POST_ID_MAX);
    return (struct slice){text, (size_t)(at - text)};
}

static void
put_steady(struct pipeline *pipeline, struct change *change,
           const struct carriers_view *view)
{
    if (view->best != 0) {
        change_put(pipeline, change, SLICE_LIT("best"),
                   change_number(pipeline, view->best));
    }
    if (view->best_post.len != 0) {
        change_put(pipeline, change, SLICE_LIT("best_post"), view->best_post);
    }
    change_put(pipeline, change, SLICE_LIT("first_ms"),
               change_number(pipeline, (uint64_t)view->first_ms));
    change_put(pipeline, change, SLICE_LIT("last_ms"),
               change_number(pipeline, (uint64_t)view->last_ms));
}

void
change_carrier_fields(struct pipeline *pipeline, struct change *change, uint32_t user,
                      bool is_steady)
{
    uint32_t index = carriers_find(&pipeline->carriers, user);
    struct carriers_view view =
        carriers_view(&pipeline->carriers, index, pipeline->clock);
    put_steady(pipeline, change, &view);
    if (is_steady) {
        return;
    }
    double rate = carrier_rate(view.people, view.acts);
    put(pipeline, change, "acts", view.acts);
    put(pipeline, change, "people", view.people);
    put(pipeline, change, "carried_acts", view.carried_acts);
    put(pipeline, change, "rate", rate);
    put(pipeline, change, "next", carrier_next(followers_of(pipeline, user), rate));
    if (view.tries > 0) {
        put(pipeline, change, "head_start", carriers_head_start(&view));
        put(pipeline, change, "early", view.early);
        put(pipeline, change, "tries", view.tries);
    }
    if (view.estimated > 0) {
        put(pipeline, change, "estimated", view.estimated);
    }
    change_put(pipeline, change, SLICE_LIT("why"), why(pipeline, &view));
}

// ── changes ────────────────────────────────────────────────────────────────

// The id of a user who was known by handle only, or was removed, may belong to another
// user by now, with the same key: that one is written again.
static bool
is_to_go(struct pipeline *pipeline, uint32_t user)
{
    struct user *row = user_at(pipeline, user);
    uint32_t other =
        (row->identity & (USER_MERGED | USER_ERASED)) != 0
            ? users_find(&pipeline->users, users_id(&pipeline->users, user))
            : USER_NONE;
    if (other == USER_NONE) {
        return true;
    }
    struct user *owner = user_at(pipeline, other);
    owner->refs += (owner->identity & USER_CARRIER_WRITTEN) == 0;
    owner->identity |= USER_CARRIER_WRITTEN | USER_CARRIER_WHOLE;
    change_carrier_queue(pipeline, other);
    return false;
}

bool
change_carrier(struct pipeline *pipeline, uint32_t user, struct change *change)
{
    struct user *row = user_at(pipeline, user);
    bool is_written = (row->identity & USER_CARRIER_WRITTEN) != 0;
    change->kind = CHANGE_CARRIER;
    change->name = users_id(&pipeline->users, user);
    row->identity &= (uint8_t)~USER_CARRIER_QUEUED;
    row->refs--;
    if (key_rule_carrier(pipeline, user)) {
        change->is_whole = !is_written || (row->identity & USER_CARRIER_WHOLE) != 0;
        change->is_fresh = !is_written;
        change_carrier_fields(pipeline, change, user, false);
        row->refs += !is_written;
        row->identity =
            (uint8_t)((row->identity & ~USER_CARRIER_WHOLE) | USER_CARRIER_WRITTEN);
    } else if (is_written) {
        row->refs--;
        row->identity &= (uint8_t) ~(USER_CARRIER_WRITTEN | USER_CARRIER_WHOLE);
        change->is_gone = is_to_go(pipeline, user);
    }
    if (change->field_count == 0 && !change->is_gone) {
        return false;
    }
    row->refs++;
    change_fly(pipeline, CHANGE_CARRIER, user);
    return true;
}

void
change_carrier_written(struct pipeline *pipeline, uint32_t user)
{
    user_at(pipeline, user)->refs--;
}

void
change_carrier_lost(struct pipeline *pipeline, uint32_t user)
{
    struct user *row = user_at(pipeline, user);
    row->refs += (row->identity & USER_CARRIER_WRITTEN) == 0;
    row->identity |= USER_CARRIER_WRITTEN | USER_CARRIER_WHOLE;
    change_carrier_queue(pipeline, user);
    row->refs--;
}

void
change_carriers_restart(struct pipeline *pipeline)
{
    queue_members(pipeline, USER_CARRIER_WRITTEN | USER_CARRIER_WHOLE);
}

bool
change_carrier_is_settled(const struct pipeline *pipeline, uint32_t user)
{
    const unsigned state =
        USER_CARRIER_WRITTEN | USER_CARRIER_WHOLE | USER_CARRIER_QUEUED;
    return (user_at(pipeline, user)->identity & state) == USER_CARRIER_WRITTEN &&
           key_rule_carrier(pipeline, user);
}
