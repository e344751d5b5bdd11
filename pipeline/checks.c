#include "pipeline/checks.h"

#include <string.h>

#include "pipeline/campaigns/campaign_outreach.h"
#include "pipeline/changes/change.h"
#include "pipeline/changes/change_campaign.h"
#include "pipeline/changes/change_carrier.h"
#include "pipeline/changes/change_outreach.h"
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

// ── campaigns ──────────────────────────────────────────────────────────────

static bool
look_at_campaign(struct pipeline *pipeline, uint32_t campaign,
                 struct checks_hash *ret_hash)
{
    const struct figures *figures = &pipeline->campaigns.figures[campaign];
    struct change change = {.fields = pipeline->flush.fields, .is_whole = true};
    if (!figures->is_written || figures->is_changed || figures->is_whole) {
        return false;
    }
    arena_reset(&pipeline->flush.scratch);
    change_campaign_fields(pipeline, &change, campaign);
    *ret_hash = (struct checks_hash){
        .kind = CHANGE_CAMPAIGN,
        .name = slice_of(pipeline->campaigns.names[campaign]),
        .fields = count_fields(&change),
        .row = campaign,
        .handle = SLICE_NONE,
    };
    return true;
}

// key: of those of the campaign.
static bool
look_at_person(struct pipeline *pipeline, uint32_t campaign, uint32_t key,
               struct checks_hash *ret_hash)
{
    const struct campaigns *campaigns = &pipeline->campaigns;
    const struct figures *figures = &campaigns->figures[campaign];
    const struct outreach_key *row = &figures->keys.rows[key];
    struct change change = {.fields = pipeline->flush.fields, .is_whole = true};
    uint32_t pair = pairs_find(&campaigns->pairs, campaign, row->user);
    if (row->state != OUTREACH_KEY_WRITTEN || pair == PAIR_NONE ||
        pairs_at(&campaigns->pairs, pair)->is_changed ||
        !figures_list(figures, row->user)) {
        return false;
    }
    arena_reset(&pipeline->flush.scratch);
    change_outreach_fields(pipeline, &change, pair);
    *ret_hash = (struct checks_hash){
        .kind = CHANGE_OUTREACH,
        .name = change_outreach_name(pipeline, campaigns->names[campaign], row->user),
        .fields = count_fields(&change),
        .row = pair,
        .handle = SLICE_NONE,
    };
    return !slice_is_none(ret_hash->name);
}

// What does not fade.
static void
put_steady(struct pipeline *pipeline, struct change *change, uint32_t pair)
{
    static const char *const names[] = {"known", "followers", "last_ms"};
    struct change all = {.fields = pipeline->flush.fields, .is_whole = true};
    change_outreach_fields(pipeline, &all, pair);
    for (size_t i = 0; i < all.field_count; i++) {
        for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
            if (slice_equal(all.fields[i].name, slice_of(names[k]))) {
                pipeline->flush.fields[change->field_count++] = all.fields[i];
            }
        }
    }
}

static void
campaign_failed(struct pipeline *pipeline, uint32_t campaign, enum change_kind kind,
                struct slice name)
{
    struct figures *figures = &pipeline->campaigns.figures[campaign];
    struct slice own = slice_of(pipeline->campaigns.names[campaign]);
    if (kind == CHANGE_CAMPAIGN && slice_equal(own, name)) {
        figures->is_changed = figures->is_whole = figures->is_written = true;
    }
    for (uint32_t i = 0; kind == CHANGE_CAMPAIGN_BOARD && i < figures->boards.count;
         i++) {
        if (slice_equal(slice_of(figures->boards.rows[i].name), name)) {
            boards_lost(&figures->boards, i);
        }
    }
    for (uint32_t i = 0;
         kind == CHANGE_OUTREACH && slice_starts(name, own) && i < figures->keys.count;
         i++) {
        struct outreach_key *key = &figures->keys.rows[i];
        struct slice id = users_id(&pipeline->users, key->user);
        size_t head = own.len + sizeof(":outreach:") - 1;
        if (key->state == OUTREACH_KEY_WRITTEN && name.len == head + id.len &&
            memcmp(name.ptr + head, id.ptr, id.len) == 0) {
            key->state = OUTREACH_KEY_WHOLE;
            figures->has_changed_people = true;
        }
    }
}

// ── rounds ─────────────────────────────────────────────────────────────────

void
checks_values(struct pipeline *pipeline, struct checks_hash *hash)
{
    struct change change = {
        .fields = pipeline->flush.fields, .name = hash->name, .is_whole = true};
    if (hash->kind == CHANGE_USER) {
        change_user_fields(pipeline, &change, hash->row);
    } else if (hash->kind == CHANGE_CARRIER) {
        change_carrier_fields(pipeline, &change, hash->row, true);
    } else if (hash->kind == CHANGE_CAMPAIGN) {
        change_campaign_fields(pipeline, &change, hash->row);
    } else if (hash->kind == CHANGE_OUTREACH) {
        put_steady(pipeline, &change, hash->row);
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

bool
checks_campaign(struct pipeline *pipeline, struct checks *checks,
                struct checks_hash *ret_hash)
{
    const struct campaigns *campaigns = &pipeline->campaigns;
    if (checks->campaign >= campaigns->count) {
        checks->campaign = checks->person = 0;
    }
    if (campaigns->count == 0) {
        return false;
    }
    uint32_t campaign = checks->campaign;
    uint32_t place = checks->person++;
    if (checks->person > campaigns->figures[campaign].keys.count) {
        checks->campaign++;
        checks->person = 0;
    }
    return place == 0 ? look_at_campaign(pipeline, campaign, ret_hash)
                      : place <= campaigns->figures[campaign].keys.count &&
                            look_at_person(pipeline, campaign, place - 1, ret_hash);
}

// The boards of all people come first, then those of each campaign.
struct place {
    const struct boards *boards;
    uint32_t index;
    bool is_outreach;
};

static struct place
place_of(const struct pipeline *pipeline, uint32_t index)
{
    if (index < pipeline->boards.count) {
        return (struct place){&pipeline->boards, index, false};
    }
    const struct figures *figures = pipeline->campaigns.figures;
    uint32_t each = figures[0].boards.count;
    index -= pipeline->boards.count;
    const struct boards *boards = &figures[index / each].boards;
    return (struct place){boards, index % each, index % each == boards->windowed};
}

uint32_t
checks_boards(const struct pipeline *pipeline)
{
    const struct campaigns *campaigns = &pipeline->campaigns;
    uint32_t each = campaigns->count != 0 ? campaigns->figures[0].boards.count : 0;
    return pipeline->boards.count + (uint32_t)campaigns->count * each;
}

bool
checks_board(const struct pipeline *pipeline, uint32_t index,
             struct checks_board *ret_board)
{
    const struct place place = place_of(pipeline, index);
    const struct board *board = &place.boards->rows[place.index];
    bool is_of_all = place.boards == &pipeline->boards;
    *ret_board = (struct checks_board){
        .kind = is_of_all ? CHANGE_BOARD : CHANGE_CAMPAIGN_BOARD,
        .name = slice_of(board->name),
        .count = board->published_count,
        .unit = place.is_outreach ? CAMPAIGN_OUTREACH_UNIT
                                  : boards_unit(place.boards, place.index),
    };
    return !board->is_whole;
}

struct change_entry
checks_entry(const struct pipeline *pipeline, uint32_t board, uint32_t entry)
{
    const struct place place = place_of(pipeline, board);
    const struct boards *boards = place.boards;
    const struct board_entry *at = &boards->rows[place.index].published[entry];
    return (struct change_entry){
        boards->owners.id(boards->owners.context, boards_tally(boards, place.index),
                          at->owner),
        place.is_outreach ? campaign_outreach_people(at->score) : at->score,
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
    } else if (kind != CHANGE_BOARD) {
        for (uint32_t i = 0; i < pipeline->campaigns.count; i++) {
            campaign_failed(pipeline, i, kind, name);
        }
    } else {
        for (uint32_t i = 0; i < pipeline->boards.count; i++) {
            if (slice_equal(slice_of(pipeline->boards.rows[i].name), name)) {
                boards_lost(&pipeline->boards, i);
            }
        }
    }
}
