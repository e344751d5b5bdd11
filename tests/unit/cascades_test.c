#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pipeline/changes.h"
#include "pipeline/inside.h"
#include "tests/unit/kept.h"
#include "tests/unit/made.h"

#define T0 ((usec)1700000000 * USEC_PER_S)

enum {
    CAPACITY = 1000,
    FULL = CAPACITY - CAPACITY / 16,
    CHOSEN = CAPACITY / 32 + 1,
};

static uint32_t random_state = 20261126;

struct candidate {
    uint32_t birth;
    bool is_unresolved;
    bool is_open;
    uint32_t size;
    usec last;
};

// Those that were chosen last to go; some have gone.
static struct {
    struct candidate rows[CHOSEN];
    size_t count;
    size_t used;
} chosen;

static struct pipeline *
open_pipeline(void)
{
    struct pipeline_options options;
    option_presets(pipeline_option_rows, &options);
    options.windows = (struct option_spans){.count = 1, .length = {USEC_PER_DAY}};
    options.memory_texts = 64 << 20;
    options.cascades_capacity = CAPACITY;
    struct hash_key key = {1, 2};
    struct error error = {0};
    struct pipeline *pipeline = pipeline_create(&options, &key, true, &error);
    assert_non_null(pipeline);
    return pipeline;
}

static struct pipeline *
create(void)
{
    chosen.count = chosen.used = 0;
    return open_pipeline();
}

static struct cascade *
record(struct pipeline *pipeline, int root)
{
    char id[MADE_NAME_MAX];
    uint32_t cascade = cascades_find(&pipeline->cascades, made_name(id, "n:p", root));
    return cascade == CASCADE_NONE ? NULL : cascades_at(&pipeline->cascades, cascade);
}

static void
pull_rest(struct pipeline *pipeline)
{
    struct change change;
    while (changes_next(pipeline, &change)) {
    }
}

// ── the order, once more ───────────────────────────────────────────────────

static int
by_order(const void *a, const void *b)
{
    const struct candidate *x = a;
    const struct candidate *y = b;
    if (x->is_unresolved != y->is_unresolved) {
        return x->is_unresolved - y->is_unresolved;
    }
    if (x->is_open != y->is_open) {
        return x->is_open - y->is_open;
    }
    if (x->size != y->size) {
        return x->size < y->size ? -1 : 1;
    }
    if (x->last != y->last) {
        return x->last < y->last ? -1 : 1;
    }
    return x->birth < y->birth ? -1 : 1;
}

static size_t
candidates(const struct pipeline *pipeline, struct candidate rows[CAPACITY])
{
    usec now = pipeline->clock;
    size_t count = 0;
    for (uint32_t i = 0; i < pipeline->cascades.high; i++) {
        const struct cascade *row = cascades_at(&pipeline->cascades, i);
        if (row->birth != 0 && row->alerts == 0) {
            bool has_events = row->last != USEC_NONE;
            rows[count++] = (struct candidate){
                .birth = row->birth,
                .is_unresolved = row->unresolved != 0,
                .is_open = has_events && now - row->last < 6 * USEC_PER_HOUR &&
                           now - row->first < 7 * USEC_PER_DAY,
                .size = row->retweets + row->quotes + row->replies,
                .last = row->last,
            };
        }
    }
    qsort(rows, count, sizeof(*rows), by_order);
    return count;
}

static int
rank_of(const struct candidate *row)
{
    return row->is_unresolved ? 2 : row->is_open;
}

static bool
is_as_chosen(const struct candidate *then, const struct candidate *now)
{
    return then->birth == now->birth && then->last == now->last &&
           now->size <= then->size && rank_of(now) <= rank_of(then);
}

// Marks in `goes` which of the rows, in their order, have to go so that there is room:
// of those chosen, in their order, whoever is still what it was.
static void
mark(const struct candidate *rows, size_t count, size_t wanted, bool *goes)
{
    while (wanted > 0) {
        if (chosen.used == chosen.count) {
            chosen.used = chosen.count = 0;
            for (size_t i = 0; i < count && chosen.count < CHOSEN; i++) {
                if (!goes[i]) {
                    chosen.rows[chosen.count++] = rows[i];
                }
            }
            assert_true(chosen.count > 0);
        }
        const struct candidate *next = &chosen.rows[chosen.used++];
        for (size_t i = 0; i < count; i++) {
            if (!goes[i] && is_as_chosen(next, &rows[i])) {
                goes[i] = true;
                wanted--;
            }
        }
    }
}

static bool
is_there(const struct pipeline *pipeline, uint32_t birth)
{
    for (uint32_t i = 0; i < pipeline->cascades.high; i++) {
        if (cascades_at(&pipeline->cascades, i)->birth == birth) {
            return true;
        }
    }
    return false;
}

// A flush; exactly those go that have to. Returns how many.
static size_t
flush(struct pipeline *pipeline)
{
    static struct candidate rows[CAPACITY];
    bool goes[CAPACITY] = {false};
    const struct cascades *cascades = &pipeline->cascades;
    size_t count = candidates(pipeline, rows);
    size_t known = cascades->count - cascades->leaving;
    size_t going = known >= FULL ? known - FULL + 1 : 0;
    uint64_t evicted = cascades->evicted;
    uint64_t evicted_open = cascades->evicted_open;
    mark(rows, count, going, goes);
    changes_begin(pipeline);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(is_there(pipeline, rows[i].birth), !goes[i]);
        evicted += goes[i] && rows[i].last != USEC_NONE;
        evicted_open += goes[i] && rows[i].is_open;
    }
    assert_int_equal(cascades->evicted, evicted);
    assert_int_equal(cascades->evicted_open, evicted_open);
    pull_rest(pipeline);
    changes_written(pipeline, SIZE_MAX);
    return going;
}

// The same pipeline in another life.
static struct pipeline *
restart(struct pipeline *pipeline)
{
    struct kept kept;
    assert_true(kept_save(&kept, pipeline));
    pipeline_destroy(&pipeline);
    pipeline = open_pipeline();
    assert_true(kept_load(&kept, pipeline, NULL));
    return pipeline;
}

// One more person carries that post: through the one before, or through somebody who
// never comes.
static void
carry(struct pipeline *pipeline, int root, usec time)
{
    static int id = 0;
    char ids[4][MADE_NAME_MAX];
    id++;
    struct post post = {
        .kind = POST_RETWEETED,
        .id = made_name(ids[0], "n:r", id),
        .time = time,
        .author.id = made_name(ids[1], "n:u", id % 5000),
        .retweet_of = {.id = made_name(ids[2], "n:p", root), .created = time},
        .via = made_name(ids[3], id % 5 == 0 ? "n:nobody" : "n:r", id - 1),
    };
    enum status status;
    while ((status = pipeline_post(pipeline, &post, INT64_MAX / 2)) == STATUS_AGAIN) {
        flush(pipeline);
    }
    assert_int_equal(status, STATUS_OK);
}

static void
cascades_go_closed_first_then_smallest_then_longest_idle(void **state)
{
    (void)state;
    print_message("seed %u\n", random_state);
    struct pipeline *pipeline = create();
    usec clock = T0;
    int root = 0;
    size_t evictions = 0;
    while (evictions < 100 * CHOSEN) {
        // Phases of rush, in which open ones have to go, and of calm.
        clock +=
            (usec)made_random(&random_state, root % 1600 < 800 ? 2 : 90) * USEC_PER_MIN;
        for (uint32_t i = 10 + made_random(&random_state, 20); i-- > 0; root++) {
            for (uint32_t size = 1 + made_random(&random_state, 4); size-- > 0;) {
                carry(pipeline, root,
                      clock - (usec)made_random(&random_state, 1000) * USEC_PER_S);
            }
            record(pipeline, root)->unresolved = made_random(&random_state, 40) == 0;
            record(pipeline, root)->alerts = made_random(&random_state, 40) == 0;
        }
        evictions += flush(pipeline);
        if (made_random(&random_state, 50) == 0) {
            pipeline = restart(pipeline);
        }
    }
    const struct pipeline_metrics *metrics = pipeline_metrics(pipeline);
    assert_in_range(metrics->cascades_evicted_open, 100,
                    metrics->cascades_evicted - 100);
    pipeline_destroy(&pipeline);
}

// ── how many at a time ─────────────────────────────────────────────────────

static void
cascades_on_their_way_out_are_room_already(void **state)
{
    (void)state;
    enum { BEYOND = 10 };
    struct pipeline *pipeline = create();
    struct cascades *cascades = &pipeline->cascades;
    int root = 0;
    while (cascades->count < FULL + BEYOND - 1) {
        carry(pipeline, root++, T0);
        if (cascades->count == FULL - 1) {
            flush(pipeline); // Redis has every key but the last ones
        }
    }
    changes_begin(pipeline);
    pull_rest(pipeline);
    assert_int_equal(cascades->evicted, BEYOND);
    // Their keys are being deleted: no other has to go meanwhile.
    changes_begin(pipeline);
    pull_rest(pipeline);
    assert_int_equal(cascades->evicted, BEYOND);
    assert_int_equal(cascades->count, FULL + BEYOND - 1);
    changes_written(pipeline, SIZE_MAX);
    assert_int_equal(cascades->count, FULL - 1);
    assert_int_equal(cascades->leaving, 0);
    pipeline_destroy(&pipeline);
}

static uint64_t
events_of_all(const struct pipeline *pipeline)
{
    uint64_t events = 0;
    for (uint32_t i = 0; i < pipeline->cascades.high; i++) {
        const struct cascade *row = cascades_at(&pipeline->cascades, i);
        events += row->birth != 0 ? row->size : 0;
    }
    return events;
}

static void
cascades_leave_nothing_behind(void **state)
{
    (void)state;
    enum { ROOTS = 6000, EARLY = 2000, EACH = 6 };
    struct pipeline *pipeline = create();
    const struct cascades *cascades = &pipeline->cascades;
    size_t each_early = 0;
    for (int root = 1; root <= ROOTS; root++) {
        for (int i = 0; i < EACH; i++) {
            carry(pipeline, root, T0 + root);
        }
        if (root % 20 == 0) {
            flush(pipeline);
        }
        if (root == EARLY) {
            each_early = slab_used(pipeline->texts) / cascades->count;
        }
    }
    assert_in_range(cascades->evicted, ROOTS - CAPACITY, ROOTS - CAPACITY / 2);
    assert_in_range(slab_used(pipeline->texts) / cascades->count, each_early * 9 / 10,
                    each_early * 11 / 10);
    assert_true(pipeline->trees.nodes.count <= events_of_all(pipeline));
    assert_true(pipeline->forecasts.timers.count <= CAPACITY);
    pipeline_destroy(&pipeline);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cascades_go_closed_first_then_smallest_then_longest_idle),
        cmocka_unit_test(cascades_on_their_way_out_are_room_already),
        cmocka_unit_test(cascades_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
