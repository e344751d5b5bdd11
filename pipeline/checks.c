#include "pipeline/checks.h"

#include "pipeline/changes/change.h"
#include "pipeline/changes/change_carrier.h"
#include "pipeline/changes/key_rule.h"

static bool
is_written_user(const struct pipeline *pipeline, uint32_t user)
{
    const struct user *row = users_at(&pipeline->users, user);
    return row->card != SLAB_NONE &&
           (row->flags & (USER_WRITTEN | USER_WHOLE | USER_QUEUED)) == USER_WRITTEN &&
           (row->counters != COUNTER_NONE || key_rule_lasting(pipeline, user));
}

static size_t
count_fields(const struct change *change)
{
    size_t count = 0;
    for (size_t i = 0; i < change->field_count; i++) {
        count += !slice_is_none(change->fields[i].value);
    }
    return count;
}

static bool
look_at_user(struct pipeline *pipeline, uint32_t user, struct checks_hash *ret_hash)
{
    if (!is_written_user(pipeline, user)) {
        return false;
    }
    arena_reset(&pipeline->flush.scratch);
    *ret_hash = (struct checks_hash){
        .kind = CHANGE_USER,
        .name = users_id(&pipeline->users, user),
        .fields = change_user_size(pipeline, user),
        .row = user,
        .handle = change_user_handle(pipeline, user),
    };
    return true;
}

static bool
look_at_carrier(struct pipeline *pipeline, uint32_t user, struct checks_hash *ret_hash)
{
    struct change change = {.fields = pipeline->flush.fields};
    if (!change_carrier_is_settled(pipeline, user)) {
        return false;
    }
    arena_reset(&pipeline->flush.scratch);
    change_carrier_fields(pipeline, &change, user, false);
    *ret_hash = (struct checks_hash){
        .kind = CHANGE_CARRIER,
        .name = users_id(&pipeline->users, user),
        .fields = count_fields(&change),
        .row = user,
        .handle = SLICE_NONE,
    };
    return true;
}

// Estimates change with time, also while nothing is written.
enum {
    LASTING = CASCADE_ALL & ~(CASCADE_TREE | CASCADE_EDEPTH | CASCADE_ESTIMATE |
                              CASCADE_P_DOUBLE | CASCADE_OVERPERFORMANCE),
    // Velocities depend on the clock, the handle on another row; the state changes
    // together with estimates.
    STEADY =
        LASTING & ~(CASCADE_VELOCITY | CASCADE_PEAK | CASCADE_HANDLE | CASCADE_STATE),
};

static bool
look_at_cascade(struct pipeline *pipeline, uint32_t cascade,
                struct checks_hash *ret_hash)
{
    struct change change = {.fields = pipeline->flush.fields, .is_whole = true};
    const struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    const unsigned state = CASCADE_WRITTEN | CASCADE_WHOLE | CASCADE_QUEUED |
                           CASCADE_HIDDEN | CASCADE_EVICTED;
    if (row->birth == 0 || row->last == USEC_NONE ||
        (row->flags & state) != CASCADE_WRITTEN) {
        return false;
    }
    arena_reset(&pipeline->flush.scratch);
    change_cascade_fields(pipeline, &change, cascade, LASTING);
    *ret_hash = (struct checks_hash){
        .kind = CHANGE_CASCADE,
        .name = cascades_id(&pipeline->cascades, cascade),
        .fields = count_fields(&change),
        .row = cascade,
        .handle = SLICE_NONE,
    };
    return true;
}

void
checks_values(struct pipeline *pipeline, struct checks_hash *hash)
{
    struct change change = {
        .fields = pipeline->flush.fields, .name = hash->name, .is_whole = true};
    if (hash->kind == CHANGE_USER) {
        change_user_fields(pipeline, &change, hash->row);
    } else if (hash->kind == CHANGE_CARRIER) {
        change_carrier_fields(pipeline, &change, hash->row, true);
    } else {
        change_cascade_fields(pipeline, &change, hash->row, STEADY);
    }
    hash->values = change.fields;
    hash->value_count = change.field_count;
}

static uint32_t
step(uint32_t *at, uint32_t end)
{
    uint32_t now = *at < end ? *at : 0;
    *at = now + 1;
    return now;
}

bool
checks_user(struct pipeline *pipeline, struct checks *checks,
            struct checks_hash *ret_hash)
{
    uint32_t user = step(&checks->user, pipeline->users.high);
    return pipeline->users.high != 0 && look_at_user(pipeline, user, ret_hash);
}

bool
checks_cascade(struct pipeline *pipeline, struct checks *checks,
               struct checks_hash *ret_hash)
{
    uint32_t cascade = step(&checks->cascade, pipeline->cascades.high);
    return pipeline->cascades.high != 0 && look_at_cascade(pipeline, cascade, ret_hash);
}

bool
checks_member(struct pipeline *pipeline, struct checks *checks,
              struct checks_hash *ret_hash)
{
    const struct boards *boards = &pipeline->boards;
    if (checks->board >= boards->count) {
        checks->board = 0;
    }
    const struct board *board = &boards->rows[checks->board];
    enum tally tally = boards_tally(boards, checks->board);
    if (tally == TALLY_HASHTAGS || checks->member >= board->published_count) {
        checks->board++;
        checks->member = 0;
        return false;
    }
    uint32_t owner = board->published[checks->member++].owner;
    if (checks->board >= boards->windowed) {
        return look_at_carrier(pipeline, owner, ret_hash);
    }
    return tally == TALLY_CASCADES ? look_at_cascade(pipeline, owner, ret_hash)
                                   : look_at_user(pipeline, owner, ret_hash);
}

uint32_t
checks_boards(const struct pipeline *pipeline)
{
    return pipeline->boards.count;
}

bool
checks_board(const struct pipeline *pipeline, uint32_t index,
             struct checks_board *ret_board)
{
    const struct board *board = &pipeline->boards.rows[index];
    *ret_board = (struct checks_board){
        .name = slice_of(board->name),
        .count = board->published_count,
        .unit = boards_unit(&pipeline->boards, index),
    };
    return !board->is_whole;
}

struct change_entry
checks_entry(const struct pipeline *pipeline, uint32_t board, uint32_t entry)
{
    const struct boards *boards = &pipeline->boards;
    const struct board_entry *at = &boards->rows[board].published[entry];
    return (struct change_entry){
        boards->owners.id(boards->owners.context, boards_tally(boards, board),
                          at->owner),
        at->score,
    };
}

void
checks_failed(struct pipeline *pipeline, enum change_kind kind, struct slice name)
{
    if (kind == CHANGE_USER) {
        uint32_t user = users_find(&pipeline->users, name);
        if (user != USER_NONE && is_written_user(pipeline, user)) {
            users_at(&pipeline->users, user)->flags |= USER_WHOLE;
            users_queue(&pipeline->users, user);
        }
    } else if (kind == CHANGE_CASCADE) {
        uint32_t cascade = cascades_find(&pipeline->cascades, name);
        if (cascade != CASCADE_NONE &&
            (cascades_at(&pipeline->cascades, cascade)->flags & CASCADE_WRITTEN) != 0) {
            cascades_at(&pipeline->cascades, cascade)->flags |= CASCADE_WHOLE;
            cascades_queue(&pipeline->cascades, cascade, CASCADE_ALL);
        }
    } else if (kind == CHANGE_CARRIER) {
        uint32_t user = users_find(&pipeline->users, name);
        if (user != USER_NONE && change_carrier_is_settled(pipeline, user)) {
            users_at(&pipeline->users, user)->identity |= USER_CARRIER_WHOLE;
            change_carrier_queue(pipeline, user);
        }
    } else {
        for (uint32_t i = 0; i < pipeline->boards.count; i++) {
            if (slice_equal(slice_of(pipeline->boards.rows[i].name), name)) {
                boards_lost(&pipeline->boards, i);
            }
        }
    }
}
