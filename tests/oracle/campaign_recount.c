#include "tests/oracle/campaign_recount.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "pipeline/fold/node_event.h"
#include "pipeline/inside.h"
#include "pipeline/records/event_walk.h"

// Of one pair.
struct recounted {
    uint32_t acts;
    uint32_t in_window[OPTION_SPANS_MAX];
    uint32_t reshares, people, carried; // of the ledger
};

struct recount {
    struct pipeline *pipeline;
    struct recounted *pairs; // by index
    bool is_good;
};

static void
expect(struct recount *recount, uint32_t pair, const char *what, uint64_t got,
       uint64_t wanted)
{
    if (got != wanted) {
        const struct pairs_row *row =
            pairs_at(&recount->pipeline->campaigns.pairs, pair);
        struct slice user = users_id(&recount->pipeline->users, row->user);
        fprintf(stderr, "campaign %u, %.*s: %s %" PRIu64 ", recounted %" PRIu64 "\n",
                row->campaign, SLICE_ARG(user), what, got, wanted);
        recount->is_good = false;
    }
}

// The pair that contains the event; PAIR_NONE: it left before it was made again.
static uint32_t
pair_of(const struct pipeline *pipeline, unsigned campaign, uint32_t event)
{
    const struct event_records *records = &pipeline->records;
    uint32_t user = inside_actor(pipeline, event_records_at(records, event));
    uint32_t pair = pairs_find(&pipeline->campaigns.pairs, campaign, user);
    bool is_newest = event < records->lasting.begin;
    uint64_t arrival =
        is_newest ? event_walk_sequence(records, event)
                  : pipeline->campaigns.arrived[event - records->lasting.begin];
    return pair != PAIR_NONE &&
                   arrival >= pairs_at(&pipeline->campaigns.pairs, pair)->since
               ? pair
               : PAIR_NONE;
}

static bool
covers(const struct pipeline *pipeline, uint32_t slot, usec time)
{
    const struct window *window = &pipeline->windows.window[slot];
    int64_t step = usec_floor_div(time, window->step);
    return step <= window->current && step > window->current - WINDOWS_STEPS;
}

// ── acts ───────────────────────────────────────────────────────────────────

// In how many cascades the event is an act.
static uint32_t
acts_of(const struct pipeline *pipeline, uint32_t event)
{
    struct event_records_cursor cursor = {0};
    struct event_records_entry entry;
    uint32_t acts = 0;
    while (event_records_next(&pipeline->records, event, &cursor, &entry)) {
        acts += (entry.where & EVENT_RECORDS_CASCADE) != 0 &&
                (entry.where & EVENT_RECORDS_ACT) != 0;
    }
    return acts;
}

static void
add_event(struct recount *recount, unsigned campaign, uint32_t event)
{
    const struct pipeline *pipeline = recount->pipeline;
    usec time = event_records_at(&pipeline->records, event)->time;
    uint32_t pair = pair_of(pipeline, campaign, event);
    for (uint32_t slot = 0; slot < pipeline->windows.shown; slot++) {
        if (covers(pipeline, slot, time) && pair == PAIR_NONE) {
            fprintf(stderr, "campaign %u: somebody active has no pair\n", campaign);
            recount->is_good = false;
            return;
        }
        if (pair != PAIR_NONE) {
            recount->pairs[pair].in_window[slot] += covers(pipeline, slot, time);
        }
    }
    if (pair != PAIR_NONE) {
        recount->pairs[pair].acts++;
        recount->pairs[pair].reshares += acts_of(pipeline, event);
    }
}

static void
add_events(struct recount *recount)
{
    const struct pipeline *pipeline = recount->pipeline;
    struct event_walk walk = event_walk_after(&pipeline->records, EVENT_NONE);
    uint32_t event;
    while ((event = event_walk_next(&pipeline->records, &walk)) != EVENT_NONE) {
        bool is_undone =
            (event_records_at(&pipeline->records, event)->flags & EVENT_UNDONE) != 0;
        uint64_t set = is_undone ? 0 : pipeline->campaigns.counted_in[event];
        for (; set != 0; set &= set - 1) {
            add_event(recount, (unsigned)__builtin_ctzll(set), event);
        }
    }
}

// ── children ───────────────────────────────────────────────────────────────

static uint64_t
set_of(const struct pipeline *pipeline, uint32_t event)
{
    return event != EVENT_NONE ? pipeline->campaigns.counted_in[event] : 0;
}

static void
add_act(struct recount *recount, uint32_t cascade, uint32_t act)
{
    const struct pipeline *pipeline = recount->pipeline;
    const struct tree *tree = &cascades_at(&pipeline->cascades, cascade)->tree;
    uint32_t event = node_event(pipeline, cascade, act);
    bool is_act = (nodes_at(&pipeline->trees.nodes, act)->flags & NODE_ACT) != 0;
    for (uint64_t set = set_of(pipeline, event); set != 0; set &= set - 1) {
        unsigned campaign = (unsigned)__builtin_ctzll(set);
        uint32_t pair = pair_of(pipeline, campaign, event);
        uint32_t children = 0;
        for (uint32_t at = tree_next(&pipeline->trees, tree, TREE_ROOT);
             at != TREE_ROOT; at = tree_next(&pipeline->trees, tree, at)) {
            const struct node *node = nodes_at(&pipeline->trees.nodes, at);
            uint64_t child = set_of(pipeline, node_event(pipeline, cascade, at));
            children += node->parent == act && (node->flags & NODE_CHILD) != 0 &&
                        (child >> campaign & 1) != 0;
        }
        if (pair != PAIR_NONE) {
            recount->pairs[pair].people += children;
            recount->pairs[pair].carried += is_act && children != 0;
        }
    }
}

static void
add_cascades(struct recount *recount)
{
    const struct pipeline *pipeline = recount->pipeline;
    for (uint32_t i = 0; i < pipeline->cascades.high; i++) {
        const struct cascade *row = cascades_at(&pipeline->cascades, i);
        if (row->birth == 0) {
            continue;
        }
        for (uint32_t at = tree_next(&pipeline->trees, &row->tree, TREE_ROOT);
             at != TREE_ROOT; at = tree_next(&pipeline->trees, &row->tree, at)) {
            add_act(recount, i, at);
        }
    }
}

// ── comparing ──────────────────────────────────────────────────────────────

static void
compare_pair(struct recount *recount, uint32_t pair)
{
    const struct pipeline *pipeline = recount->pipeline;
    const struct carriers *ledger = &pipeline->campaigns.carried;
    const struct pairs_row *row = pairs_at(&pipeline->campaigns.pairs, pair);
    const struct recounted *wanted = &recount->pairs[pair];
    struct carrier none = {0};
    const struct carrier *carrier =
        row->ledger != 0 ? carriers_at(ledger, row->ledger - 1) : &none;
    const struct carrier_passed *passed =
        carrier_find(carrier, pipeline->texts, CARRIER_PASSED);
    expect(recount, pair, "acts", row->acts, wanted->acts);
    expect(recount, pair, "reshares", carrier->act_count, wanted->reshares);
    expect(recount, pair, "people", passed != NULL ? passed->people_count : 0,
           wanted->people);
    expect(recount, pair, "carried", passed != NULL ? passed->carried_count : 0,
           wanted->carried);
    for (uint32_t slot = 0; slot < pipeline->windows.shown; slot++) {
        bool is_new =
            wanted->in_window[slot] != 0 && wanted->in_window[slot] == wanted->acts;
        expect(recount, pair, "new", row->fresh >> slot & 1, is_new);
    }
}

static void
compare_figures(struct recount *recount, unsigned campaign)
{
    const struct pipeline *pipeline = recount->pipeline;
    const struct pairs *pairs = &pipeline->campaigns.pairs;
    const struct figures *figures = &pipeline->campaigns.figures[campaign];
    for (uint32_t slot = 0; slot < pipeline->windows.shown; slot++) {
        uint32_t people = 0;
        uint32_t fresh = 0;
        for (uint32_t i = 0; i < pairs->high; i++) {
            const struct pairs_row *row = pairs_at(pairs, i);
            bool is_mine = !pairs_is_free(row) && row->campaign == campaign;
            people += is_mine && recount->pairs[i].in_window[slot] != 0;
            fresh += is_mine && (row->fresh >> slot & 1) != 0;
        }
        if (people != figures->numbers[FIGURES_PEOPLE][slot] ||
            fresh != figures->numbers[FIGURES_NEW_PEOPLE][slot]) {
            fprintf(stderr,
                    "campaign %u, window %u: %u people, %u new, recounted %u, %u\n",
                    campaign, slot, figures->numbers[FIGURES_PEOPLE][slot],
                    figures->numbers[FIGURES_NEW_PEOPLE][slot], people, fresh);
            recount->is_good = false;
        }
    }
}

bool
campaign_recount_agrees(struct pipeline *pipeline)
{
    const struct pairs *pairs = &pipeline->campaigns.pairs;
    struct recount recount = {
        .pipeline = pipeline,
        .pairs = calloc((size_t)pairs->high + 1, sizeof(*recount.pairs)),
        .is_good = true,
    };
    if (recount.pairs == NULL) {
        return false;
    }
    add_events(&recount);
    add_cascades(&recount);
    for (uint32_t i = 0; i < pairs->high; i++) {
        if (!pairs_is_free(pairs_at(pairs, i))) {
            compare_pair(&recount, i);
        }
    }
    for (size_t i = 0; i < pipeline->campaigns.count; i++) {
        compare_figures(&recount, (unsigned)i);
    }
    free(recount.pairs);
    return recount.is_good;
}
