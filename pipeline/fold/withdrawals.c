#include "pipeline/fold/withdrawals.h"

#include "base/snapshot.h"
#include "pipeline/fold/undo.h"
#include "pipeline/inside.h"

bool
withdrawals_init(struct withdrawals *withdrawals)
{
    return table_init(&withdrawals->by_user, WITHDRAWALS_MAX);
}

void
withdrawals_fini(struct withdrawals *withdrawals)
{
    table_fini(&withdrawals->by_user);
}

static struct withdrawal *
row_of(struct withdrawals *withdrawals, uint64_t sequence)
{
    return &withdrawals->rows[sequence % WITHDRAWALS_MAX];
}

// Indexes are small numbers; the table uses the upper half.
static uint64_t
key_of(uint32_t user)
{
    return user * UINT64_C(0x9E3779B97F4A7C15);
}

static void
begin(struct pipeline *pipeline)
{
    struct withdrawals *withdrawals = &pipeline->withdrawals;
    withdrawals->end = withdrawals->next;
    withdrawals->at = pipeline->records.newest.first;
    withdrawals->stage = WITHDRAWALS_NEWEST;
    for (uint64_t i = withdrawals->first; i < withdrawals->end; i++) {
        uint32_t index = (uint32_t)(i % WITHDRAWALS_MAX);
        table_add(&withdrawals->by_user, key_of(withdrawals->rows[index].user), index);
    }
}

static void
finish(struct pipeline *pipeline)
{
    struct withdrawals *withdrawals = &pipeline->withdrawals;
    for (; withdrawals->first < withdrawals->end; withdrawals->first++) {
        uint32_t index = (uint32_t)(withdrawals->first % WITHDRAWALS_MAX);
        uint32_t user = withdrawals->rows[index].user;
        table_remove(&withdrawals->by_user, key_of(user), index);
        users_at(&pipeline->users, user)->refs--;
    }
    if (withdrawals_wait(withdrawals)) {
        begin(pipeline);
    }
}

void
withdrawals_add(struct pipeline *pipeline, const struct post *post)
{
    struct withdrawals *withdrawals = &pipeline->withdrawals;
    uint32_t user = users_find(&pipeline->users, post->author.id);
    // A user with an event, or with a post that others refer to, is referenced.
    if (user == USER_NONE || users_at(&pipeline->users, user)->refs == 0) {
        return;
    }
    if (withdrawals->next - withdrawals->first == WITHDRAWALS_MAX) {
        admission_lose(pipeline, &pipeline->metrics.withdrawals_refused);
        return;
    }
    users_at(&pipeline->users, user)->refs++;
    pipeline->metrics.withdrawals++;
    bool is_dated = post_time_is_believable(post->time, pipeline->clock);
    *row_of(withdrawals, withdrawals->next++) = (struct withdrawal){
        .until = is_dated ? post->time : INT64_MAX,
        .events = pipeline->records.newest.next,
        .births = pipeline->cascades.births,
        .user = user,
    };
    if (withdrawals->end == withdrawals->first) {
        begin(pipeline);
        withdrawals_search(pipeline, WITHDRAWALS_AT_ONCE);
    }
}

// An event or a post of a user.
struct item {
    uint32_t user;
    uint32_t birth;    // of its cascade; 0: an event
    uint64_t sequence; // 0: it came before all that are searched for
    usec time;         // USEC_NONE: not known
};

// True if a withdrawal that the search is for takes the item back. There may be several
// of one user: an account that came back may be gone again.
static bool
is_withdrawn(const struct withdrawals *withdrawals, struct item item)
{
    struct table_walk walk = table_walk(&withdrawals->by_user, key_of(item.user));
    uint32_t index;
    while ((index = table_next(&withdrawals->by_user, &walk)) != TABLE_NONE) {
        const struct withdrawal *row = &withdrawals->rows[index];
        if (row->user == item.user && item.sequence < row->events &&
            item.birth <= row->births && item.time <= row->until) {
            return true;
        }
    }
    return false;
}

// True if the event is taken back.
static bool
look_at_event(struct pipeline *pipeline, const struct event_records_part *part,
              uint64_t sequence)
{
    struct event_records *records = &pipeline->records;
    uint32_t event = event_records_row(part, sequence);
    const struct event *row = event_records_at(records, event);
    uint32_t actor = row->actor;
    if (pipeline->users.merged != 0) {
        actor = inside_actor(pipeline, row);
    }
    const struct item item = {.user = actor,
                              .sequence = part == &records->newest ? sequence : 0,
                              .time = row->time};
    if (!is_withdrawn(&pipeline->withdrawals, item) ||
        event_records_find(records, row->hash) != event) {
        return false;
    }
    undo_event(pipeline, event);
    return true;
}

static void
look_at_cascade(struct pipeline *pipeline, uint32_t cascade)
{
    const struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    const struct item item = {
        .user = row->author, .birth = row->birth, .time = row->created};
    if (row->birth != 0 && row->author != USER_NONE &&
        is_withdrawn(&pipeline->withdrawals, item)) {
        undo_hide(pipeline, cascade);
    }
}

// Reads events of one part; returns how much of `entries` is left.
static uint32_t
search_part(struct pipeline *pipeline, const struct event_records_part *part,
            uint32_t entries)
{
    uint64_t *at = &pipeline->withdrawals.at;
    *at = *at > part->first ? *at : part->first;
    while (entries != 0 && *at < part->next) {
        bool is_hit = look_at_event(pipeline, part, (*at)++);
        uint32_t cost = is_hit ? (uint32_t)WITHDRAWALS_PER_EVENT : 1;
        entries -= cost < entries ? cost : entries;
    }
    return entries;
}

void
withdrawals_search(struct pipeline *pipeline, uint32_t entries)
{
    struct withdrawals *withdrawals = &pipeline->withdrawals;
    const struct event_records *records = &pipeline->records;
    while (entries != 0 && withdrawals_wait(withdrawals)) {
        switch (withdrawals->stage) {
        case WITHDRAWALS_NEWEST:
            entries = search_part(pipeline, &records->newest, entries);
            if (withdrawals->at >= records->newest.next) {
                withdrawals->stage = WITHDRAWALS_LASTING;
                withdrawals->at = records->lasting.first;
            }
            break;
        case WITHDRAWALS_LASTING:
            entries = search_part(pipeline, &records->lasting, entries);
            if (withdrawals->at >= records->lasting.next) {
                withdrawals->stage = WITHDRAWALS_CASCADES;
                withdrawals->at = 0;
            }
            break;
        case WITHDRAWALS_CASCADES:
            for (; entries != 0 && withdrawals->at < pipeline->cascades.high;
                 entries--) {
                look_at_cascade(pipeline, (uint32_t)withdrawals->at++);
            }
            if (withdrawals->at >= pipeline->cascades.high) {
                finish(pipeline);
            }
            break;
        }
    }
}

void
withdrawals_move(struct withdrawals *withdrawals, struct snapshot *snapshot)
{
    SNAPSHOT_VALUE(snapshot, withdrawals->first);
    SNAPSHOT_VALUE(snapshot, withdrawals->next);
    SNAPSHOT_VALUE(snapshot, withdrawals->end);
    SNAPSHOT_VALUE(snapshot, withdrawals->at);
    SNAPSHOT_VALUE(snapshot, withdrawals->stage);
    if (snapshot_expect(snapshot,
                        withdrawals->next - withdrawals->first <= WITHDRAWALS_MAX)) {
        for (uint64_t i = withdrawals->first; i < withdrawals->next; i++) {
            SNAPSHOT_VALUE(snapshot, *row_of(withdrawals, i));
        }
    }
    table_move(&withdrawals->by_user, snapshot);
}
