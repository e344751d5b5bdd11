// Two pipelines: one goes on, the other is its snapshot, saved at a bad moment and
// loaded. From then on both get the same posts and must not differ in anything.
//
// The words of struct pipeline are compared one by one, so new state that is forgotten
// in a snapshot is found here without a further line, once feed() makes it differ from
// what a fresh pipeline has. Rows that pointers lead to are compared by what follows
// from them and by the bytes of the next snapshots.
#include "pipeline/inside.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/alerts/rules.h"
#include "tests/unit/kept.h"
#include "tests/unit/made_stream.h"

enum { STEPS = 4000, LOOKS = 500, MEMORY_PER_EVENT = 205, ALERTS_BEFORE_END = 1 };

static struct rule
rule_of(const char *name, uint64_t size)
{
    char text[32];
    struct rule rule;
    memset(&rule, 0, sizeof(rule));
    option_presets(rule_option_rows, &rule);
    snprintf(rule.name, sizeof(rule.name), "%s", name);
    snprintf(text, sizeof(text), "%d", (int)size);
    for (const struct option *row = rule_option_rows; row->name != NULL; row++) {
        if (strcmp(row->name, "min_size") == 0) {
            assert_int_equal(option_set(row, &rule, slice_of(text), NULL), STATUS_OK);
        }
    }
    return rule;
}

struct sizes {
    uint64_t events;
    uint64_t users;
    uint64_t cascades;
};

// So small that each table is full, forgets and refuses within a few hundred posts.
static const struct sizes tiny = {40, 760, 272};
// So many events that a search for what an account did takes several calls.
static const struct sizes large = {WITHDRAWALS_AT_ONCE + 2000, 4000, 4000};

static struct pipeline *
create_with(uint64_t seed, const struct sizes *sizes)
{
    struct pipeline_options options;
    memset(&options, 0, sizeof(options)); // its gaps, too
    option_presets(pipeline_option_rows, &options);
    for (const struct option *row = pipeline_option_rows; row->name != NULL; row++) {
        if (strcmp(row->name, "windows") == 0) {
            assert_int_equal(option_set(row, &options, SLICE_LIT("30s, 4m"), NULL),
                             STATUS_OK);
        }
    }
    options.top = 5;
    options.dedupe_capacity = sizes->events;
    options.dedupe_retweets = 12;
    options.users_capacity = sizes->users;
    options.cascades_capacity = sizes->cascades;
    options.cascades_authors = 10;
    options.hashtags_capacity = 8;
    options.trees_capacity = 400;
    options.memory_windows = 4 << 20;
    options.memory_texts = 64 << 20;
    options.memory_posts = sizes->events * MEMORY_PER_EVENT;
    options.alerts_capacity = 16;
    struct hash_key key = {seed, ~seed};
    struct pipeline *pipeline = pipeline_create(&options, &key, false, NULL);
    assert_non_null(pipeline);
    return pipeline;
}

static struct pipeline *
create(uint64_t seed)
{
    return create_with(seed, &tiny);
}

// As the daemon does: a pipeline that is loaded gets its rules afterwards.
static void
set_rules(struct pipeline *pipeline)
{
    const struct rule rules[] = {rule_of("small", 2), rule_of("great", 5)};
    pipeline_set_rules(pipeline, rules, 2);
}

// ── what is fed ────────────────────────────────────────────────────────────

struct text {
    FILE *out;
    char *bytes;
    size_t size;
};

static void
print(struct text *text, const struct change *change)
{
    fprintf(text->out, "%d %.*s", (int)change->kind, SLICE_ARG(change->name));
    for (size_t i = 0; i < change->field_count; i++) {
        fprintf(text->out, " %.*s=%.*s", SLICE_ARG(change->fields[i].name),
                SLICE_ARG(change->fields[i].value));
    }
    for (size_t i = 0; i < change->entry_count; i++) {
        fprintf(text->out, " %.*s=%llu", SLICE_ARG(change->entries[i].member),
                (unsigned long long)change->entries[i].score);
    }
    fputc('\n', text->out);
}

// A flush; everything that comes out is printed.
static void
flush(struct pipeline *pipeline, struct text *text)
{
    struct change change;
    changes_begin(pipeline);
    while (changes_next(pipeline, &change)) {
        print(text, &change);
    }
    changes_written(pipeline, SIZE_MAX);
}

static void
feed(struct pipeline *pipeline, uint32_t number, struct text *text)
{
    struct made_stream made;
    made_stream_make(&made, number);
    usec wall = made_stream_time_of(number); // goes on when a post is refused
    enum status status;
    int tries = 0;
    while ((status = pipeline_post(pipeline, &made.post, wall)) == STATUS_AGAIN &&
           tries++ < 3) {
        flush(pipeline, text);
    }
    fprintf(text->out, "%d\n", (int)status);
    if (number % 37 == 0) {
        flush(pipeline, text);
    }
}

// ── what is compared ───────────────────────────────────────────────────────

// Words that hold addresses are those in which two fresh pipelines of one seed differ.
static const uint64_t *fresh[2];

#define AT(member) offsetof(struct pipeline, member)

// What is no state, or is compared otherwise; each goes up to the second member.
static const struct {
    size_t from;
    size_t to;
} left_out[] = {
    {0, AT(metrics)},
    // Where a queue begins is no matter: its rows are compared in their order.
    {AT(users.queue.capacity), AT(users.queue.count)},
    {AT(cascades.queue.capacity), AT(cascades.queue.count)},
    {AT(carrier_queue.capacity), AT(carrier_queue.count)},
    // The heap of carriers is made again when it is needed.
    {AT(carriers.is_heaped), AT(carriers.decay)},
    // The index of nodes is made again, and may be smaller.
    {AT(trees.nodes.size), AT(trees.nodes.mask)},
    {AT(alerts.queue.items), AT(alerts.queue.first)},
    {AT(withdrawals.rows), AT(withdrawals.first)},
    // Of the change, the post or the flush at hand.
    {AT(alerts.watch), AT(renamed)},
    {AT(hand), AT(flush.flying)},
    {AT(flush.scratch), sizeof(struct pipeline)},
};

static bool
is_left_out(size_t at)
{
    for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++) {
        if (at >= left_out[i].from && at < left_out[i].to) {
            return true;
        }
    }
    return false;
}

static void
assert_same_words(const struct pipeline *one, const struct pipeline *other)
{
    const uint32_t *a = (const void *)one;
    const uint32_t *b = (const void *)other;
    for (size_t i = 0; i < sizeof(*one) / sizeof(*a); i++) {
        // Both halves of an address.
        bool is_address = fresh[0][i / 2] != fresh[1][i / 2];
        if (!is_address && a[i] != b[i] && !is_left_out(i * sizeof(*a))) {
            print_error("byte %zu of struct pipeline: %" PRIx32 ", %" PRIx32 "\n",
                        i * sizeof(*a), a[i], b[i]);
            fail();
        }
    }
}

static void
assert_same_boards(const struct boards *one, const struct boards *other)
{
    for (uint32_t i = 0; i < one->count; i++) {
        const struct board *a = &one->rows[i];
        const struct board *b = &other->rows[i];
        assert_int_equal(a->candidate_count, b->candidate_count);
        assert_int_equal(a->has_outside, b->has_outside);
        assert_int_equal(a->is_touched, b->is_touched);
        assert_int_equal(a->is_changed, b->is_changed);
        assert_int_equal(a->is_whole, b->is_whole);
        assert_int_equal(a->floor_score, b->floor_score);
        assert_int_equal(a->floor_len, b->floor_len);
        assert_memory_equal(a->floor_id, b->floor_id, a->floor_len);
        assert_int_equal(a->published_count, b->published_count);
        assert_int_equal(a->current_count, b->current_count);
        assert_memory_equal(a->current, b->current,
                            a->current_count * sizeof(*a->current));
    }
}

static void
assert_same_state(struct pipeline *one, struct pipeline *other)
{
    const struct alert_queue *queue = &one->alerts.queue;
    // Asking for the metrics brings them up to date.
    assert_memory_equal(pipeline_metrics(one), pipeline_metrics(other),
                        sizeof(struct pipeline_metrics));
    assert_same_words(one, other);
    for (uint64_t i = queue->first; i < queue->end; i++) {
        assert_memory_equal(&queue->items[i % ALERT_QUEUE_MAX],
                            &other->alerts.queue.items[i % ALERT_QUEUE_MAX],
                            sizeof(struct alert_item));
    }
    for (uint64_t i = one->withdrawals.first; i < one->withdrawals.next; i++) {
        assert_memory_equal(&one->withdrawals.rows[i % WITHDRAWALS_MAX],
                            &other->withdrawals.rows[i % WITHDRAWALS_MAX],
                            sizeof(struct withdrawal));
    }
    assert_memory_equal(one->texts, other->texts, sizeof(*one->texts));
    assert_same_boards(&one->boards, &other->boards);
}

static void
assert_same_snapshots(struct pipeline *one, struct pipeline *other)
{
    struct kept kept[2];
    assert_true(kept_save(&kept[0], one));
    assert_true(kept_save(&kept[1], other));
    assert_int_equal(kept[0].size, kept[1].size);
    assert_memory_equal(kept[0].bytes, kept[1].bytes, kept[0].size);
    free(kept[0].bytes);
    free(kept[1].bytes);
}

static void
open_texts(struct text texts[2])
{
    for (size_t i = 0; i < 2; i++) {
        texts[i] = (struct text){0};
        texts[i].out = open_memstream(&texts[i].bytes, &texts[i].size);
        assert_non_null(texts[i].out);
    }
}

static void
assert_same_texts(struct text texts[2])
{
    for (size_t i = 0; i < 2; i++) {
        fclose(texts[i].out);
    }
    assert_true(texts[0].size > 1000);
    assert_string_equal(texts[0].bytes, texts[1].bytes);
    for (size_t i = 0; i < 2; i++) {
        free(texts[i].bytes);
    }
}

// The one that goes on forgets what it has written, as the loaded one does.
static struct pipeline *
twin_of(struct pipeline *pipeline, const struct sizes *sizes)
{
    struct kept kept;
    struct error error = {0};
    struct pipeline *twin = create_with(2, sizes);
    assert_true(kept_save(&kept, pipeline));
    assert_true(kept_load(&kept, twin, &error));
    pipeline->flush.stage = CHANGES_DONE;
    pipeline->flush.stage_left = 0;
    changes_restart(pipeline);
    set_rules(pipeline);
    set_rules(twin);
    return twin;
}

// Accounts that are gone, for all of which a search through the event records begins.
static void
withdraw(struct pipeline *pipeline, uint32_t number)
{
    for (uint32_t i = 1; i < 40 && i <= number; i++) {
        struct made_stream made;
        made_stream_make(&made, number - i);
        made.post = (struct post){.kind = POST_WITHDRAWN, .author = made.post.author};
        assert_int_equal(
            pipeline_post(pipeline, &made.post, made_stream_time_of(number)),
            STATUS_OK);
    }
}

// Moves the alerts that wait to where they cross the end of their ring, as they do once
// ALERT_QUEUE_MAX were raised.
static void
turn_alerts(struct pipeline *pipeline)
{
    static struct alert_queue old;
    struct alert_queue *queue = &pipeline->alerts.queue;
    old = *queue;
    memset(queue->items, 0, sizeof(queue->items));
    queue->first = ALERT_QUEUE_MAX - ALERTS_BEFORE_END;
    queue->pulled = queue->first + (old.pulled - old.first);
    queue->end = queue->first + (old.end - old.first);
    pipeline->alerts.shown += queue->first - old.first;
    for (uint64_t i = 0; i < old.end - old.first; i++) {
        *alert_queue_at(queue, queue->first + i) = *alert_queue_at(&old, old.first + i);
    }
}

static struct pipeline *
create_fed(const struct sizes *sizes, uint32_t posts)
{
    struct text text = {0};
    struct pipeline *pipeline = create_with(1, sizes);
    text.out = open_memstream(&text.bytes, &text.size);
    assert_non_null(text.out);
    set_rules(pipeline);
    for (uint32_t i = 0; i < posts; i++) {
        feed(pipeline, i, &text);
    }
    fclose(text.out);
    free(text.bytes);
    return pipeline;
}

// The pipeline and its twin get posts from that number on. Ends both.
static void
compare(struct pipeline *pipeline, struct pipeline *twin, uint32_t posts,
        uint32_t steps)
{
    struct text texts[2];
    assert_same_state(pipeline, twin);
    assert_same_snapshots(pipeline, twin);
    for (uint32_t i = posts; i < posts + steps; i += LOOKS) {
        open_texts(texts);
        for (uint32_t k = i; k < i + LOOKS; k++) {
            feed(pipeline, k, &texts[0]);
            feed(twin, k, &texts[1]);
        }
        assert_same_texts(texts);
        assert_same_state(pipeline, twin);
        assert_same_snapshots(pipeline, twin);
    }
    pipeline_destroy(&pipeline);
    pipeline_destroy(&twin);
}

// A snapshot after so many posts, `pulled` changes into a flush of which the first half
// is acknowledged; then many more posts for both. Returns how many alerts waited.
static uint64_t
compare_from(uint32_t posts, uint32_t pulled)
{
    struct pipeline *pipeline = create_fed(&tiny, posts);
    struct change change;
    turn_alerts(pipeline);
    uint64_t alerts = alert_queue_waiting(&pipeline->alerts.queue);
    if (pulled != 0) {
        changes_begin(pipeline);
        for (uint32_t i = 0; i < pulled && changes_next(pipeline, &change); i++) {
        }
        changes_written(pipeline, pulled / 2);
    }
    withdraw(pipeline, posts);
    compare(pipeline, twin_of(pipeline, &tiny), posts, STEPS);
    return alerts;
}

static void
snapshot_taken_at_any_moment_changes_no_later_count(void **state)
{
    (void)state;
    static const struct {
        uint32_t posts;
        uint32_t pulled;
    } cases[] = {{40, 7}, {301, 0}, {640, 25}, {2503, 31}, {4007, 200}};
    struct pipeline *made[2] = {create(1), create(1)};
    fresh[0] = (const void *)made[0];
    fresh[1] = (const void *)made[1];
    uint64_t alerts = 0; // at most
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t waiting = compare_from(cases[i].posts, cases[i].pulled);
        alerts = waiting > alerts ? waiting : alerts;
    }
    assert_true(alerts > ALERTS_BEFORE_END);
    pipeline_destroy(&made[0]);
    pipeline_destroy(&made[1]);
}

static void
snapshot_keeps_a_search_for_accounts_that_are_gone(void **state)
{
    (void)state;
    enum { POSTS = 26000, LATER = 5 };
    struct pipeline *made[2] = {create_with(1, &large), create_with(1, &large)};
    fresh[0] = (const void *)made[0];
    fresh[1] = (const void *)made[1];
    struct pipeline *pipeline = create_fed(&large, POSTS);
    const struct withdrawals *withdrawals = &pipeline->withdrawals;
    withdraw(pipeline, POSTS); // the search for the first one is on
    assert_true(withdrawals_wait(withdrawals));
    while (withdrawals->end - withdrawals->first < LATER) {
        assert_true(pipeline_settle(pipeline));
    }
    withdraw(pipeline, POSTS - LATER); // those that a further search is for
    assert_true(withdrawals->end < withdrawals->next);
    struct pipeline *twin = twin_of(pipeline, &large);
    while (pipeline_settle(pipeline)) {
        assert_true(pipeline_settle(twin));
        assert_same_state(pipeline, twin);
    }
    assert_false(pipeline_settle(twin));
    compare(pipeline, twin, POSTS, LOOKS);
    pipeline_destroy(&made[0]);
    pipeline_destroy(&made[1]);
}

// Values that a world as small as this one seldom or never has.
static void
snapshot_keeps_what_seldom_changes(void **state)
{
    (void)state;
    struct pipeline *made[2] = {create(1), create(1)};
    fresh[0] = (const void *)made[0];
    fresh[1] = (const void *)made[1];
    struct pipeline *pipeline = create(1);
    pipeline->is_cramped = true;
    pipeline->useless_step = 6;
    pipeline->lost_at = 7;
    pipeline->whole_from = 8;
    pipeline->users.has_renamed_author = true;
    pipeline->users.is_packed = true;
    pipeline->users.texts_refused = 9;
    pipeline->users.merged = 10;
    pipeline->trees.frozen = 3;
    pipeline->forecasts.refused = 4;
    pipeline->alerts.digests = 5;
    pipeline->alerts.memory.free = 6;
    pipeline->records.forgotten = 7;
    pipeline->cascades.free = 8;
    memset(pipeline->alerts.records, 1, sizeof(pipeline->alerts.records));
    pipeline->forecasts.calibration.sizes.ages[2].fit.factor = 11;
    pipeline->forecasts.calibration.sizes.ages[3].count = 12;
    pipeline->forecasts.calibration.sizes.ages[4].rows[5].ended = 13;
    memset(pipeline->forecasts.calibration.bands, 2,
           sizeof(pipeline->forecasts.calibration.bands));
    memset(pipeline->forecasts.calibration.doublings, 3,
           sizeof(pipeline->forecasts.calibration.doublings));
    struct kept kept;
    assert_true(kept_save(&kept, pipeline));
    struct pipeline *twin = create(2);
    assert_true(kept_load(&kept, twin, NULL));
    changes_restart(pipeline);
    assert_same_state(pipeline, twin);
    pipeline_destroy(&pipeline);
    pipeline_destroy(&twin);
    pipeline_destroy(&made[0]);
    pipeline_destroy(&made[1]);
}

// So that the test above is about something.
static void
the_posts_that_are_fed_fill_every_table(void **state)
{
    (void)state;
    struct text texts[2];
    open_texts(texts);
    struct pipeline *pipeline = create(1);
    set_rules(pipeline);
    for (uint32_t i = 0; i < 4007; i++) {
        feed(pipeline, i, &texts[0]);
    }
    const struct pipeline_metrics *metrics = pipeline_metrics(pipeline);
    assert_true(metrics->users_evicted > 0);
    assert_true(metrics->cascades_evicted > 0);
    assert_true(metrics->undone > 0);
    assert_true(metrics->retweets_lasting > 0);
    assert_true(metrics->tree_nodes > 0);
    assert_true(metrics->tree_late > 0);
    assert_true(metrics->alerts_raised > 0);
    assert_true(metrics->hashtags > 0);
    assert_true(metrics->undo_forgotten > 0);
    assert_true(metrics->withdrawals > 0);
    assert_true(metrics->authors_evicted > 0);
    assert_true(pipeline->users.merges > 0);
    assert_true(pipeline->users.traces.high > 0);
    assert_true(pipeline->users.traces.free > 0);
    pipeline_destroy(&pipeline);
    for (size_t i = 0; i < 2; i++) {
        fclose(texts[i].out);
        free(texts[i].bytes);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_posts_that_are_fed_fill_every_table),
        cmocka_unit_test(snapshot_keeps_what_seldom_changes),
        cmocka_unit_test(snapshot_taken_at_any_moment_changes_no_later_count),
        cmocka_unit_test(snapshot_keeps_a_search_for_accounts_that_are_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
