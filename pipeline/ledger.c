#include "pipeline/ledger.h"

#include "pipeline/changes/change_carrier.h"
#include "pipeline/inside.h"

// ── the boards ─────────────────────────────────────────────────────────────

static uint32_t
board_high(void *context)
{
    const struct pipeline *pipeline = context;
    return pipeline->carriers.high;
}

static uint32_t
board_owner(void *context, uint32_t row)
{
    const struct pipeline *pipeline = context;
    return carriers_at(&pipeline->carriers, row)->user;
}

static uint8_t *
board_members(void *context, uint32_t row)
{
    struct pipeline *pipeline = context;
    return &users_at(&pipeline->users, board_owner(context, row))->members;
}

static uint64_t
board_score(void *context, uint32_t board, uint32_t row)
{
    const struct pipeline *pipeline = context;
    return carriers_score(&pipeline->carriers, (enum carriers_board)board, row);
}

struct boards_lasting
ledger_boards(struct pipeline *pipeline)
{
    static const char *const names[CARRIERS_BOARDS] = {
        [CARRIERS_PEOPLE] = "carriers",
        [CARRIERS_EARLY] = "early",
        [CARRIERS_ESTIMATED] = "carriers_estimated",
    };
    bool has_ledger = pipeline->options.carriers_capacity != 0;
    return (struct boards_lasting){
        .count = has_ledger ? CARRIERS_BOARDS : 0,
        .names = names,
        .context = pipeline,
        .high = board_high,
        .owner = board_owner,
        .members = board_members,
        .score = board_score,
    };
}

// ── the table ──────────────────────────────────────────────────────────────

static uint32_t *
person_place(void *context, uint32_t user)
{
    struct pipeline *pipeline = context;
    return &users_at(&pipeline->users, user)->carrier;
}

static void
person_held(void *context, uint32_t user)
{
    struct pipeline *pipeline = context;
    users_at(&pipeline->users, user)->refs++;
}

static void
person_released(void *context, uint32_t user)
{
    struct pipeline *pipeline = context;
    users_at(&pipeline->users, user)->refs--;
}

static void
person_moved(void *context, uint32_t from, uint32_t into)
{
    struct pipeline *pipeline = context;
    struct user *old = users_at(&pipeline->users, from);
    users_at(&pipeline->users, into)->members = old->members;
    old->members = 0;
    person_held(pipeline, into);
    person_released(pipeline, from);
}

static void
row_touched(void *context, uint32_t row, uint32_t boards)
{
    change_carrier_touched(context, row, boards);
}

static void
row_left(void *context, uint32_t row)
{
    change_carrier_left(context, row);
}

bool
ledger_init(struct pipeline *pipeline)
{
    const struct pipeline_options *options = &pipeline->options;
    const struct carriers_needs needs = {
        .capacity = options_people_kept(options, options->carriers_capacity),
        .users = (uint32_t)options->users_capacity,
        .half_life = options->carriers_half_life,
        .texts = pipeline->texts,
        .owners = {pipeline, person_place, person_held, person_released, person_moved,
                   row_touched, row_left},
    };
    return carriers_init(&pipeline->carriers, &needs) &&
           queue_init(&pipeline->carrier_queue, needs.users);
}

void
ledger_fini(struct pipeline *pipeline)
{
    queue_fini(&pipeline->carrier_queue);
    carriers_fini(&pipeline->carriers);
}
