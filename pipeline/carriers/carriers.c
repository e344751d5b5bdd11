#include "pipeline/carriers/carriers.h"

#include <math.h>
#include <string.h>

#include "base/region.h"
#include "base/snapshot.h"
#include "pipeline/carriers/carriers_order.h"
#include "pipeline/windows/boards.h"

enum {
    REFRESH_PART = 100, // of a half-life
    ALL_BOARDS = (1 << CARRIERS_BOARDS) - 1,
};

#define SCORE_MAX 9e6 // a double has all its units
#define PRIOR 3.0     // of head_start: chance counts as much as so many tries

static struct carrier_passed *
passed_of(const struct carriers *carriers, const struct carrier *row)
{
    return carrier_find(row, carriers->texts, CARRIER_PASSED);
}

// NULL: there is no memory.
static void *
part_make(struct carriers *carriers, struct carrier *row, enum carrier_part part)
{
    void *made = carrier_make(row, carriers->texts, part);
    carriers->refused += made == NULL;
    return made;
}

bool
carriers_init(struct carriers *carriers, const struct carriers_needs *needs)
{
    memset(carriers, 0, sizeof(*carriers));
    carriers->capacity = needs->capacity;
    carriers->users = needs->users;
    carriers->decay.half_life = needs->half_life;
    carriers->decay.landmark = USEC_NONE;
    carriers->as_of = USEC_NONE;
    carriers->texts = needs->texts;
    carriers->owners = needs->owners;
    if (carriers->capacity == 0) {
        return true;
    }
    size_t rows = carriers->capacity;
    carriers->rows = region_reserve(rows * sizeof(*carriers->rows));
    carriers->heap = region_reserve(rows * sizeof(*carriers->heap));
    carriers->places = region_reserve(rows * sizeof(*carriers->places));
    return carriers->rows != NULL && carriers->heap != NULL && carriers->places != NULL;
}

void
carriers_fini(struct carriers *carriers)
{
    size_t rows = carriers->capacity;
    region_release(carriers->heap, rows * sizeof(*carriers->heap));
    region_release(carriers->places, rows * sizeof(*carriers->places));
    region_release(carriers->rows, rows * sizeof(*carriers->rows));
    memset(carriers, 0, sizeof(*carriers));
}

static uint32_t *
place_of(const struct carriers *carriers, uint32_t user)
{
    return carriers->owners.place(carriers->owners.context, user);
}

uint32_t
carriers_find(const struct carriers *carriers, uint32_t user)
{
    return carriers->capacity != 0 ? *place_of(carriers, user) - 1 : CARRIER_NONE;
}

// ── rows ───────────────────────────────────────────────────────────────────

void
carriers_forget(struct carriers *carriers, uint32_t user)
{
    uint32_t index = carriers_find(carriers, user);
    if (index == CARRIER_NONE) {
        return;
    }
    struct carrier *row = &carriers->rows[index];
    carriers->owners.left(carriers->owners.context, index);
    carriers->count--;
    carriers_order_remove(carriers, index);
    carrier_clear(row, carriers->texts);
    *place_of(carriers, user) = 0;
    *row = (struct carrier){.user = UINT32_MAX, .piece = carriers->free};
    carriers->free = index + 1;
    carriers->owners.release(carriers->owners.context, user);
}

static void
make_room(struct carriers *carriers)
{
    if (carriers->count < carriers->capacity) {
        return;
    }
    if (!carriers->is_heaped) {
        carriers_order_build(carriers);
    }
    carriers_forget(carriers, carriers->rows[carriers->heap[0]].user);
    carriers->evicted++;
}

static uint32_t
enter(struct carriers *carriers, uint32_t user, usec time)
{
    uint32_t index = carriers_find(carriers, user);
    if (index != CARRIER_NONE) {
        carrier_set_time(&carriers->rows[index], time / USEC_PER_MS, false);
        return index;
    }
    make_room(carriers);
    index = carriers->free;
    if (index != 0) {
        index--;
        carriers->free = carriers->rows[index].piece;
    } else {
        index = carriers->high++;
    }
    struct carrier *row = &carriers->rows[index];
    *row = (struct carrier){.user = user};
    carrier_set_time(row, time / USEC_PER_MS, true);
    *place_of(carriers, user) = index + 1;
    carriers->owners.hold(carriers->owners.context, user);
    carriers->count++;
    carriers_order_add(carriers, index);
    return index;
}

static void
halve_row(const struct carriers *carriers, struct carrier *row, int64_t halvings)
{
    struct carrier_passed *passed = passed_of(carriers, row);
    struct carrier_early *early = carrier_find(row, carriers->texts, CARRIER_EARLY);
    double *estimated = carrier_find(row, carriers->texts, CARRIER_ESTIMATED);
    row->acts = decay_halved(row->acts, halvings);
    if (passed != NULL) {
        passed->people = decay_halved(passed->people, halvings);
        passed->carried_acts = decay_halved(passed->carried_acts, halvings);
    }
    if (early != NULL) {
        early->tries = decay_halved(early->tries, halvings);
        early->early = decay_halved(early->early, halvings);
        early->head = decay_halved(early->head, halvings);
    }
    if (estimated != NULL) {
        *estimated = decay_halved(*estimated, halvings);
    }
}

static void
score_as_of(struct carriers *carriers, usec time)
{
    carriers->as_of = time;
    carriers->factor = decay_factor(&carriers->decay, time);
}

// The weight of something that is added. Values that became 0 change their order.
static double
weight_of(struct carriers *carriers, usec time)
{
    int64_t halvings = decay_reach(&carriers->decay, time);
    if (carriers->as_of == USEC_NONE) {
        score_as_of(carriers, time);
    }
    if (halvings != 0) {
        for (uint32_t i = 0; i < carriers->high; i++) {
            halve_row(carriers, &carriers->rows[i], halvings);
        }
        carriers->is_stale = true;
        score_as_of(carriers, carriers->as_of);
        if (carriers->is_heaped) {
            carriers_order_build(carriers);
        }
    }
    return decay_weight(&carriers->decay, time);
}

// boards: bit per board whose score may have changed.
static void
touched(const struct carriers *carriers, uint32_t index, uint32_t boards)
{
    carriers->owners.touched(carriers->owners.context, index, boards);
}

static void
changed(struct carriers *carriers, uint32_t index, uint32_t boards)
{
    carriers_order_changed(carriers, index);
    touched(carriers, index, boards);
}

static bool
is_empty(const struct carriers *carriers, const struct carrier *row)
{
    const struct carrier_passed *passed = passed_of(carriers, row);
    return row->act_count == 0 && (passed == NULL || passed->people_count == 0) &&
           (row->parts & ~CARRIER_PASSED) == 0;
}

static void
lessened(struct carriers *carriers, uint32_t index, uint32_t boards)
{
    if (is_empty(carriers, &carriers->rows[index])) {
        carriers_forget(carriers, carriers->rows[index].user);
    } else {
        changed(carriers, index, boards);
    }
}

// ── acts and children ──────────────────────────────────────────────────────

static void
add(double *sum, uint32_t *count, double weight)
{
    *sum += weight;
    *count += 1;
}

static void
take(double *sum, uint32_t *count, double weight)
{
    if (*count == 0) {
        return; // of a former entry
    }
    *count -= 1;
    *sum = *count != 0 && *sum > weight ? *sum - weight : 0;
}

// The row from which something of that time is taken back, or CARRIER_NONE.
static uint32_t
find_taken(const struct carriers *carriers, uint32_t user, usec time)
{
    uint32_t index = carriers_find(carriers, user);
    bool is_former = index != CARRIER_NONE && carriers->evicted != 0 &&
                     time / USEC_PER_MS < carrier_first_ms(&carriers->rows[index]);
    return is_former ? CARRIER_NONE : index;
}

void
carriers_act(struct carriers *carriers, uint32_t user, usec time)
{
    if (carriers->capacity == 0) {
        return;
    }
    double weight = weight_of(carriers, time);
    uint32_t index = enter(carriers, user, time);
    struct carrier *row = &carriers->rows[index];
    double acts = row->acts;
    add(&acts, &row->act_count, weight);
    row->acts = acts;
    changed(carriers, index, 0);
}

void
carriers_act_undone(struct carriers *carriers, uint32_t user, usec time,
                    usec first_child)
{
    uint32_t index = find_taken(carriers, user, time);
    if (index == CARRIER_NONE) {
        return;
    }
    struct carrier *row = &carriers->rows[index];
    struct carrier_passed *passed = passed_of(carriers, row);
    double acts = row->acts;
    take(&acts, &row->act_count, decay_weight(&carriers->decay, time));
    row->acts = acts;
    if (passed != NULL && first_child != USEC_NONE) {
        take(&passed->carried_acts, &passed->carried_count,
             decay_weight(&carriers->decay, first_child));
    }
    lessened(carriers, index, 0);
}

static void
move_first(struct carriers *carriers, struct carrier_passed *passed,
           const struct carriers_child *child)
{
    if (child->first_new != USEC_NONE) {
        add(&passed->carried_acts, &passed->carried_count,
            weight_of(carriers, child->first_new));
    }
    if (child->first_gone != USEC_NONE) {
        take(&passed->carried_acts, &passed->carried_count,
             decay_weight(&carriers->decay, child->first_gone));
    }
}

static void
set_best(struct carriers *carriers, struct carrier_passed *passed,
         const struct carriers_child *child)
{
    struct slice former = slab_text(carriers->texts, passed->best_post);
    if (child->children == 0 || !slice_equal(former, child->root)) {
        slab_text_free(carriers->texts, passed->best_post);
        passed->best_post = child->children != 0
                                ? slab_text_put(carriers->texts, child->root)
                                : SLAB_NONE;
    }
    passed->best = child->children;
}

void
carriers_child(struct carriers *carriers, const struct carriers_child *child)
{
    if (carriers->capacity == 0) {
        return;
    }
    double weight = weight_of(carriers, child->time);
    uint32_t index = enter(carriers, child->user, child->time);
    struct carrier_passed *passed =
        part_make(carriers, &carriers->rows[index], CARRIER_PASSED);
    if (passed != NULL) {
        add(&passed->people, &passed->people_count, weight);
        move_first(carriers, passed, child);
        if (child->children > passed->best) {
            set_best(carriers, passed, child);
        }
    }
    changed(carriers, index, 1u << CARRIERS_PEOPLE);
}

void
carriers_child_undone(struct carriers *carriers, const struct carriers_child *child)
{
    uint32_t index = find_taken(carriers, child->user, child->time);
    struct carrier_passed *passed =
        index != CARRIER_NONE ? passed_of(carriers, &carriers->rows[index]) : NULL;
    if (passed == NULL) {
        return;
    }
    take(&passed->people, &passed->people_count,
         decay_weight(&carriers->decay, child->time));
    move_first(carriers, passed, child);
    // Of other acts it is not known how many children they had.
    if (slice_equal(slab_text(carriers->texts, passed->best_post), child->root)) {
        set_best(carriers, passed, child);
    }
    lessened(carriers, index, 1u << CARRIERS_PEOPLE);
}

// ── what is known when a cascade closes ────────────────────────────────────

void
carriers_settle(struct carriers *carriers, uint32_t user, usec time, double part)
{
    uint32_t index = carriers_find(carriers, user);
    if (index == CARRIER_NONE) {
        return;
    }
    double weight = weight_of(carriers, time);
    struct carrier_early *early =
        part_make(carriers, &carriers->rows[index], CARRIER_EARLY);
    if (early != NULL) {
        early->tries += weight;
        early->early += part <= 0.16 ? weight : 0;
        early->head += weight * -log(part);
        touched(carriers, index, 1u << CARRIERS_EARLY);
    }
}

void
carriers_estimate(struct carriers *carriers, uint32_t user, usec time, double people)
{
    uint32_t index = carriers_find(carriers, user);
    if (index == CARRIER_NONE) {
        return;
    }
    double weight = weight_of(carriers, time);
    double *estimated = part_make(carriers, &carriers->rows[index], CARRIER_ESTIMATED);
    if (estimated != NULL) {
        *estimated += weight * people;
        touched(carriers, index, 1u << CARRIERS_ESTIMATED);
    }
}

// ── other changes ──────────────────────────────────────────────────────────

static void
join_passed(struct carriers *carriers, struct carrier *into,
            const struct carrier_passed *from)
{
    struct carrier_passed *passed = part_make(carriers, into, CARRIER_PASSED);
    if (passed == NULL) {
        slab_text_free(carriers->texts, from->best_post);
        return;
    }
    passed->people += from->people;
    passed->people_count += from->people_count;
    passed->carried_acts += from->carried_acts;
    passed->carried_count += from->carried_count;
    if (from->best > passed->best) {
        slab_text_free(carriers->texts, passed->best_post);
        passed->best = from->best;
        passed->best_post = from->best_post;
    } else {
        slab_text_free(carriers->texts, from->best_post);
    }
}

static void
join(struct carriers *carriers, struct carrier *into, const struct carrier *from)
{
    struct carrier_passed *passed = passed_of(carriers, from);
    const struct carrier_early *early =
        carrier_find(from, carriers->texts, CARRIER_EARLY);
    const double *estimated = carrier_find(from, carriers->texts, CARRIER_ESTIMATED);
    into->acts += from->acts;
    into->act_count += from->act_count;
    carrier_set_time(into, carrier_first_ms(from), false);
    carrier_set_time(into, carrier_last_ms(from), false);
    if (passed != NULL) {
        join_passed(carriers, into, passed);
        passed->best_post = SLAB_NONE;
    }
    struct carrier_early *early_into =
        early != NULL ? part_make(carriers, into, CARRIER_EARLY) : NULL;
    if (early_into != NULL) {
        early_into->tries += early->tries;
        early_into->early += early->early;
        early_into->head += early->head;
    }
    double *estimated_into =
        estimated != NULL ? part_make(carriers, into, CARRIER_ESTIMATED) : NULL;
    if (estimated_into != NULL) {
        *estimated_into += *estimated;
    }
}

void
carriers_merge(struct carriers *carriers, uint32_t from, uint32_t into)
{
    uint32_t old = carriers_find(carriers, from);
    if (old == CARRIER_NONE) {
        return;
    }
    uint32_t index = carriers_find(carriers, into);
    if (index != CARRIER_NONE) {
        join(carriers, &carriers->rows[index], &carriers->rows[old]);
        carriers_forget(carriers, from);
        changed(carriers, index, ALL_BOARDS);
        return;
    }
    touched(carriers, old, ALL_BOARDS);
    *place_of(carriers, from) = 0;
    *place_of(carriers, into) = old + 1;
    carriers->rows[old].user = into;
    carriers->owners.moved(carriers->owners.context, from, into);
    changed(carriers, old, ALL_BOARDS);
}

void
carriers_rewind(struct carriers *carriers, usec old, usec clock)
{
    int64_t ms = clock / USEC_PER_MS;
    decay_step(&carriers->decay, old, clock);
    score_as_of(carriers, clock);
    carriers->is_stale = true;
    for (uint32_t i = 0; i < carriers->high; i++) {
        struct carrier *row = &carriers->rows[i];
        if (!carrier_is_free(row)) {
            int64_t first = carrier_first_ms(row) < ms ? carrier_first_ms(row) : ms;
            int64_t last = carrier_last_ms(row) < ms ? carrier_last_ms(row) : ms;
            carrier_set_time(row, first, true);
            carrier_set_time(row, last, false);
        }
    }
    if (carriers->is_heaped) {
        carriers_order_build(carriers);
    }
}

// ── asking ─────────────────────────────────────────────────────────────────

struct carriers_view
carriers_view(const struct carriers *carriers, uint32_t index, usec time)
{
    const struct carrier *row = &carriers->rows[index];
    const struct carrier_passed *passed = passed_of(carriers, row);
    const struct carrier_early *early =
        carrier_find(row, carriers->texts, CARRIER_EARLY);
    const double *estimated = carrier_find(row, carriers->texts, CARRIER_ESTIMATED);
    double factor = decay_factor(&carriers->decay, time);
    struct carriers_view view = {
        .acts = row->acts * factor,
        .first_ms = carrier_first_ms(row),
        .last_ms = carrier_last_ms(row),
        .best_post = SLICE_NONE,
    };
    if (passed != NULL) {
        view.people = passed->people * factor;
        view.carried_acts = passed->carried_acts * factor;
        view.best = passed->best;
        view.best_post = slab_text(carriers->texts, passed->best_post);
    }
    if (early != NULL) {
        view.tries = early->tries * factor;
        view.early = early->early * factor;
        view.head = early->head * factor;
    }
    view.estimated = estimated != NULL ? *estimated * factor : 0;
    return view;
}

double
carriers_head_start(const struct carriers_view *view)
{
    return (view->head + PRIOR) / (view->tries + PRIOR);
}

static uint64_t
in_units(double value)
{
    return (uint64_t)((value < SCORE_MAX ? value : SCORE_MAX) *
                          (double)BOARDS_LASTING_UNIT +
                      0.5);
}

static double
early_score(const struct carriers *carriers, const struct carrier_early *early)
{
    struct carriers_view view = {
        .tries = early->tries * carriers->factor,
        .head = early->head * carriers->factor,
    };
    return view.tries >= CARRIERS_TRIES_MIN ? carriers_head_start(&view) : 0;
}

uint64_t
carriers_score(const struct carriers *carriers, enum carriers_board board,
               uint32_t index)
{
    static const uint8_t parts[CARRIERS_BOARDS] = {
        [CARRIERS_PEOPLE] = CARRIER_PASSED,
        [CARRIERS_EARLY] = CARRIER_EARLY,
        [CARRIERS_ESTIMATED] = CARRIER_ESTIMATED,
    };
    const void *part =
        carrier_find(&carriers->rows[index], carriers->texts, parts[board]);
    if (part == NULL) {
        return 0;
    }
    switch (board) {
    case CARRIERS_PEOPLE:
        return in_units(((const struct carrier_passed *)part)->people *
                        carriers->factor);
    case CARRIERS_EARLY:
        return in_units(early_score(carriers, part));
    case CARRIERS_ESTIMATED:
    case CARRIERS_BOARDS: // is none
        break;
    }
    return in_units(*(const double *)part * carriers->factor);
}

bool
carriers_is_due(const struct carriers *carriers, usec clock, usec most)
{
    usec part = carriers->decay.half_life / REFRESH_PART;
    most = most < USEC_PER_DAY ? most : USEC_PER_DAY;
    most = most < part ? most : part;
    return carriers->as_of != USEC_NONE &&
           (carriers->is_stale || clock - carriers->as_of >= most);
}

void
carriers_renew(struct carriers *carriers, usec clock)
{
    score_as_of(carriers, clock);
    carriers->is_stale = false;
}

void
carriers_move(struct carriers *carriers, struct snapshot *snapshot)
{
    snapshot_rows(snapshot, carriers->rows, sizeof(*carriers->rows), &carriers->high,
                  carriers->capacity);
    SNAPSHOT_VALUE(snapshot, carriers->count);
    SNAPSHOT_VALUE(snapshot, carriers->free);
    SNAPSHOT_VALUE(snapshot, carriers->decay.landmark);
    SNAPSHOT_VALUE(snapshot, carriers->as_of);
    SNAPSHOT_VALUE(snapshot, carriers->is_stale);
    SNAPSHOT_VALUE(snapshot, carriers->factor);
    SNAPSHOT_VALUE(snapshot, carriers->evicted);
    SNAPSHOT_VALUE(snapshot, carriers->refused);
    for (uint32_t i = 0; i < carriers->high && !snapshot->is_failed; i++) {
        uint32_t user = carriers->rows[i].user;
        if (!carrier_is_free(&carriers->rows[i])) {
            snapshot_expect(snapshot, user < carriers->users &&
                                          *place_of(carriers, user) == i + 1);
        }
    }
}
