#include "pipeline/carriers/known_acts.h"
#include "pipeline/records/cascades.h"

#include <assert.h>
#include <string.h>

#include "base/region.h"
#include "base/snapshot.h"
#include "pipeline/carriers/expected.h"
#include "pipeline/forecast/forecast.h"
#include "pipeline/records/users.h"

enum {
    FREE_PART = 16,
    CHOSEN_PART = 32,
    TIMERS_PER_ROW = 2, // the rest: timers of records that are freed, removed from time
                        // to time
};

// Rows beyond the capacity hold evicted records.
static uint32_t
row_count(const struct cascades *cascades)
{
    return 2 * cascades->capacity;
}

bool
cascades_init(struct cascades *cascades, uint32_t capacity,
              const struct cascades_needs *needs)
{
    cascades->texts = needs->texts;
    cascades->trees = needs->trees;
    cascades->users = needs->users;
    cascades->windows = needs->windows;
    cascades->key = *needs->key;
    cascades->closed = needs->closed;
    cascades->needs = needs->needs;
    cascades->context = needs->context;
    cascades->capacity = capacity;
    cascades->evicted_at = USEC_NONE;
    size_t rows = row_count(cascades);
    cascades->rows = region_reserve(rows * sizeof(*cascades->rows));
    return cascades->rows != NULL &&
           queue_init(&cascades->queue, row_count(cascades)) &&
           eviction_init(&cascades->eviction, capacity / CHOSEN_PART + 1) &&
           timers_init(&cascades->timers, TIMERS_PER_ROW * capacity) &&
           table_init(&cascades->by_id, capacity);
}

void
cascades_fini(struct cascades *cascades)
{
    size_t rows = row_count(cascades);
    table_fini(&cascades->by_id);
    timers_fini(&cascades->timers);
    eviction_fini(&cascades->eviction);
    queue_fini(&cascades->queue);
    region_release(cascades->rows, rows * sizeof(*cascades->rows));
}

uint32_t
cascades_find_hash(const struct cascades *cascades, uint64_t hash)
{
    struct table_walk walk = table_walk(&cascades->by_id, hash);
    uint32_t cascade;
    while ((cascade = table_next(&cascades->by_id, &walk)) != TABLE_NONE) {
        if (cascades->rows[cascade].hash == hash) {
            return cascade;
        }
    }
    return CASCADE_NONE;
}

uint32_t
cascades_find(const struct cascades *cascades, struct slice id)
{
    return cascades_find_hash(cascades, hash_slice(&cascades->key, id));
}

uint32_t
cascades_put(struct cascades *cascades, struct slice id, uint64_t hash,
             bool *ret_is_new)
{
    uint32_t cascade = cascades_find_hash(cascades, hash);
    *ret_is_new = cascade == CASCADE_NONE;
    if (cascade != CASCADE_NONE) {
        return cascade;
    }
    cascade = cascades->free;
    if (cascade != 0) {
        cascade--;
        cascades->free = cascades->rows[cascade].parent;
    } else {
        assert(cascades->high < row_count(cascades));
        cascade = cascades->high++;
    }
    struct cascade *row = &cascades->rows[cascade];
    uint8_t queued = row->flags & CASCADE_QUEUED; // the row may still be queued from
                                                  // its last use
    memset(row, 0, sizeof(*row));
    row->hash = hash;
    row->id = slab_text_put(cascades->texts, id);
    row->author = USER_NONE;
    row->birth = ++cascades->births;
    row->life = row->birth;
    row->board = COUNTER_NONE;
    row->velocity = COUNTER_NONE;
    row->created = USEC_NONE;
    row->first = USEC_NONE;
    row->last = USEC_NONE;
    row->flags = CASCADE_WHOLE | queued;
    table_add(&cascades->by_id, hash, cascade);
    cascades->count++;
    return cascade;
}

void
cascades_queue(struct cascades *cascades, uint32_t cascade, uint32_t dirty)
{
    struct cascade *row = &cascades->rows[cascade];
    row->dirty |= dirty;
    if ((row->flags & CASCADE_QUEUED) == 0) {
        row->flags |= CASCADE_QUEUED;
        queue_push(&cascades->queue, cascade);
    }
}

void
cascades_set_author(struct cascades *cascades, uint32_t cascade, uint32_t user)
{
    struct cascade *row = &cascades->rows[cascade];
    if (user == USER_NONE) {
        return;
    }
    struct user *author = users_at(cascades->users, user);
    if (row->author != USER_NONE) {
        struct user *known = users_at(cascades->users, row->author);
        if ((known->flags & ~author->flags & USER_KEYED_BY_HANDLE) == 0) {
            return;
        }
        known->refs--;
    }
    author->refs++;
    author->flags |= USER_AUTHOR;
    row->author = user;
    users_trace(cascades->users, user, (struct trace){cascade, row->birth});
    cascades_queue(cascades, cascade, CASCADE_AUTHOR | CASCADE_HANDLE);
}

// ── closing and forgetting ─────────────────────────────────────────────────

usec
cascades_close_due(const struct cascade *row)
{
    usec born = row->created != USEC_NONE ? row->created : row->first;
    usec idle = row->last + CASCADE_IDLE;
    usec aged = born + CASCADE_AGE;
    return idle < aged ? idle : aged;
}

bool
cascades_is_closed(const struct cascade *row, usec clock)
{
    return row->last == USEC_NONE || cascades_close_due(row) <= clock;
}

uint64_t
cascades_recent(const struct cascades *cascades, const struct cascade *row,
                uint32_t slot)
{
    return row->velocity == COUNTER_NONE
               ? 0
               : counters_value(
                     &cascades->windows->counters,
                     counters_at(&cascades->windows->counters, row->velocity), slot);
}

bool
cascades_is_zero(const struct cascades *cascades, const struct cascade *row)
{
    const struct counters *counters = &cascades->windows->counters;
    for (uint32_t i = 0; row->board != COUNTER_NONE && i < counters->slots; i++) {
        if (counters_value(counters, counters_at(counters, row->board), i) != 0) {
            return false;
        }
    }
    return cascades_recent(cascades, row, WINDOWS_VELOCITY_5M) == 0 &&
           cascades_recent(cascades, row, WINDOWS_VELOCITY_1H) == 0;
}

static void
person_left(void *context, uint32_t user)
{
    struct users *users = context;
    users_at(users, user)->refs--;
}

void
cascades_drop_speed(struct cascades *cascades, uint32_t cascade)
{
    struct cascade *row = &cascades->rows[cascade];
    forecast_destroy(cascades->texts, row->forecast);
    row->forecast = SLAB_NONE;
    reshares_clear(&row->reshares, cascades->texts);
}

static void
drop_acts(struct cascades *cascades, struct cascade *row)
{
    first_acts_clear(&row->acts, cascades->texts);
    slab_free(cascades->texts, row->later, sizeof(struct expected));
    row->later = SLAB_NONE;
    known_acts_clear(&row->known, cascades->texts);
}

static void
forget(struct cascades *cascades, uint32_t cascade)
{
    struct cascade *row = &cascades->rows[cascade];
    amplifiers_clear(&row->amplifiers, cascades->texts, person_left, cascades->users);
    tree_clear(cascades->trees, &row->tree);
    cascades_drop_speed(cascades, cascade);
    drop_acts(cascades, row);
    row->is_settled = false;
    row->life = ++cascades->births;
    row->size = 0;
    row->retweets = 0;
    row->quotes = 0;
    row->replies = 0;
    row->peak = 0;
    row->reach = 0;
    row->first = USEC_NONE;
    row->last = USEC_NONE;
    row->flags |= CASCADE_WHOLE; // no field of the previous life may remain
    cascades_queue(cascades, cascade, CASCADE_ALL);
}

void
cascades_refresh(struct cascades *cascades, uint32_t cascade, usec clock)
{
    const struct cascade *row = &cascades->rows[cascade];
    if (row->last != USEC_NONE && cascades_is_closed(row, clock) &&
        row->unresolved == 0 && cascades_is_zero(cascades, row) &&
        (row->alerts == 0 || !cascades->needs(cascades->context, cascade))) {
        forget(cascades, cascade);
    }
}

static bool
exists(const void *context, const struct timer *timer)
{
    const struct cascades *cascades = context;
    return cascades->rows[timer->index].birth == timer->birth;
}

void
cascades_time_close(struct cascades *cascades, uint32_t cascade)
{
    struct cascade *row = &cascades->rows[cascade];
    if (row->last == USEC_NONE) {
        return;
    }
    struct timer timer = {cascades_close_due(row), cascade, row->birth};
    if ((row->flags & CASCADE_TIMED) == 0) {
        row->flags |= CASCADE_TIMED;
        row->timed = timer.due;
        if (cascades->timers.count == cascades->timers.capacity) {
            timers_prune(&cascades->timers, exists, cascades);
        }
        timers_add(&cascades->timers, timer);
        cascades_queue(cascades, cascade, CASCADE_STATE);
    } else if (timer.due < row->timed) {
        // Rare: an event older than the first, or a date learnt late. A later time is
        // found when the timer is due.
        row->timed = timer.due;
        timers_hasten(&cascades->timers, timer);
    }
}

void
cascades_happened(struct cascades *cascades, uint32_t cascade, usec time)
{
    struct cascade *row = &cascades->rows[cascade];
    uint32_t dirty = 0;
    if (row->first == USEC_NONE || time < row->first) {
        row->first = time;
        dirty |= CASCADE_FIRST;
    }
    if (row->last == USEC_NONE || time > row->last) {
        row->last = time;
        dirty |= CASCADE_LAST;
    }
    cascades_time_close(cascades, cascade);
    cascades_queue(cascades, cascade, dirty);
}

void
cascades_advance(struct cascades *cascades, usec clock)
{
    struct timer timer;
    while (timers_take(&cascades->timers, clock, &timer)) {
        struct cascade *row = &cascades->rows[timer.index];
        if (row->birth != timer.birth) {
            continue;
        }
        row->flags &= (uint8_t)~CASCADE_TIMED;
        if (cascades_is_closed(row, clock)) {
            cascades->closed(cascades->context, timer.index);
            cascades_queue(cascades, timer.index, CASCADE_STATE);
        } else {
            cascades_time_close(cascades, timer.index);
        }
    }
}

void
cascades_rewind(struct cascades *cascades, usec clock)
{
    cascades->timers.count = 0;
    for (uint32_t i = 0; i < cascades->high; i++) {
        struct cascade *row = &cascades->rows[i];
        if (row->birth == 0 || row->last == USEC_NONE) {
            continue;
        }
        row->flags &= (uint8_t)~CASCADE_TIMED;
        if (!cascades_is_closed(row, clock)) {
            cascades_time_close(cascades, i);
        }
        cascades_queue(cascades, i, CASCADE_ALL);
    }
}

// ── eviction ───────────────────────────────────────────────────────────────

static void
orphan(struct cascades *cascades, uint32_t *counter)
{
    while (*counter != COUNTER_NONE) {
        uint32_t index = *counter;
        *counter = counters_at(&cascades->windows->counters, index)->next;
        windows_counter_orphan(cascades->windows, index);
    }
}

void
cascades_hide(struct cascades *cascades, uint32_t cascade)
{
    struct cascade *row = &cascades->rows[cascade];
    row->flags |= CASCADE_HIDDEN;
    slab_text_free(cascades->texts, row->text);
    row->text = SLAB_NONE;
    for (uint32_t at = row->board; at != COUNTER_NONE;
         at = counters_at(&cascades->windows->counters, at)->next) {
        windows_counter_hide(cascades->windows, at);
    }
    cascades_queue(cascades, cascade, CASCADE_ALL);
}

static void
destroy(struct cascades *cascades, uint32_t cascade)
{
    struct cascade *row = &cascades->rows[cascade];
    amplifiers_clear(&row->amplifiers, cascades->texts, person_left, cascades->users);
    cascades_drop_speed(cascades, cascade);
    drop_acts(cascades, row);
    if (row->author != USER_NONE) {
        users_at(cascades->users, row->author)->refs--;
    }
    slab_text_free(cascades->texts, row->id);
    slab_text_free(cascades->texts, row->text);
    slab_text_free(cascades->texts, row->lang);
    uint8_t queued = row->flags & CASCADE_QUEUED;
    memset(row, 0, sizeof(*row));
    row->flags = queued;
    row->author = USER_NONE;
    row->parent = cascades->free;
    cascades->free = cascade + 1;
    cascades->count--;
    cascades->leaving--;
}

void
cascades_settle(struct cascades *cascades, uint32_t cascade)
{
    const struct cascade *row = &cascades->rows[cascade];
    if ((row->flags & CASCADE_EVICTED) != 0 && row->refs == 0 &&
        (row->flags & CASCADE_WRITTEN) == 0) {
        destroy(cascades, cascade);
    }
}

// Order of eviction: closed, open, those whose close a rule has yet to report.
enum rank {
    RANK_CLOSED,
    RANK_OPEN,
    RANK_UNRESOLVED,
};

static struct eviction_candidate
candidate_of(const struct cascades *cascades, uint32_t cascade, usec clock)
{
    const struct cascade *row = &cascades->rows[cascade];
    return (struct eviction_candidate){
        .last = row->last,
        .index = cascade,
        .birth = row->birth,
        .weight = row->size + row->replies,
        .rank = row->unresolved != 0             ? RANK_UNRESOLVED
                : cascades_is_closed(row, clock) ? RANK_CLOSED
                                                 : RANK_OPEN,
    };
}

static void
choose(struct cascades *cascades, usec clock)
{
    eviction_begin(&cascades->eviction);
    for (uint32_t i = 0; i < cascades->high; i++) {
        if (cascades->rows[i].birth != 0 && cascades->rows[i].alerts == 0) {
            eviction_offer(&cascades->eviction, candidate_of(cascades, i, clock));
        }
    }
    eviction_end(&cascades->eviction);
}

// False if it has changed so that others are to be evicted first.
static bool
is_as_chosen(const struct cascades *cascades, const struct eviction_candidate *chosen,
             usec clock)
{
    struct eviction_candidate now = candidate_of(cascades, chosen->index, clock);
    return now.birth == chosen->birth && now.last == chosen->last &&
           now.weight <= chosen->weight && now.rank <= chosen->rank &&
           cascades->rows[chosen->index].alerts == 0;
}

static void
evict(struct cascades *cascades, uint32_t cascade, usec clock)
{
    struct cascade *row = &cascades->rows[cascade];
    bool is_open = !cascades_is_closed(row, clock);
    cascades->evicted += row->last != USEC_NONE;
    cascades->evicted_open += is_open;
    if (is_open || !cascades_is_zero(cascades, row)) {
        cascades->evicted_early++;
        cascades->evicted_at = clock;
    }
    table_remove(&cascades->by_id, row->hash, cascade);
    tree_clear(cascades->trees, &row->tree);
    orphan(cascades, &row->board);
    orphan(cascades, &row->velocity);
    row->birth = 0;
    row->flags |= CASCADE_EVICTED;
    cascades->leaving++;
    if ((row->flags & CASCADE_WRITTEN) != 0) {
        // Its key has to be deleted first; the flush that does so frees the record.
        cascades_queue(cascades, cascade, CASCADE_ALL);
    }
    cascades_settle(cascades, cascade);
}

bool
cascades_has_room(const struct cascades *cascades)
{
    return cascades->count - cascades->leaving <
           cascades->capacity - cascades->capacity / FREE_PART;
}

void
cascades_make_room(struct cascades *cascades, usec clock)
{
    while (!cascades_has_room(cascades)) {
        const struct eviction_candidate *chosen = eviction_next(&cascades->eviction);
        if (chosen == NULL) {
            choose(cascades, clock);
            if (cascades->eviction.count == 0) {
                return; // alerts hold all of them
            }
        } else if (is_as_chosen(cascades, chosen, clock)) {
            evict(cascades, chosen->index, clock);
        }
    }
}

bool
cascades_ensure_room(struct cascades *cascades, uint32_t count, usec clock)
{
    if (cascades->capacity - (cascades->count - cascades->leaving) < count) {
        cascades_make_room(cascades, clock);
    }
    return cascades->capacity - (cascades->count - cascades->leaving) >= count &&
           row_count(cascades) - cascades->count >= count;
}

uint32_t
cascades_parent(const struct cascades *cascades, uint32_t cascade)
{
    const struct cascade *row = &cascades->rows[cascade];
    if ((row->flags & CASCADE_HAS_PARENT) == 0 ||
        cascades->rows[row->parent].birth != row->parent_birth) {
        return CASCADE_NONE;
    }
    return row->parent;
}

void
cascades_move(struct cascades *cascades, struct snapshot *snapshot)
{
    snapshot_rows(snapshot, cascades->rows, sizeof(*cascades->rows), &cascades->high,
                  row_count(cascades));
    SNAPSHOT_VALUE(snapshot, cascades->count);
    SNAPSHOT_VALUE(snapshot, cascades->free);
    SNAPSHOT_VALUE(snapshot, cascades->births);
    SNAPSHOT_VALUE(snapshot, cascades->leaving);
    SNAPSHOT_VALUE(snapshot, cascades->evicted);
    SNAPSHOT_VALUE(snapshot, cascades->evicted_open);
    SNAPSHOT_VALUE(snapshot, cascades->evicted_early);
    SNAPSHOT_VALUE(snapshot, cascades->evicted_at);
    eviction_move(&cascades->eviction, snapshot);
    timers_move(&cascades->timers, snapshot);
    queue_move(&cascades->queue, snapshot);
    table_move(&cascades->by_id, snapshot);
}
