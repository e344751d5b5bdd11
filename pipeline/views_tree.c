#include "pipeline/views_tree.h"

#include <stdlib.h>
#include <string.h>

#include "pipeline/fold/parent.h"
#include "pipeline/inside.h"

enum { ROWS_BELOW = VIEWS_TREE_MAX - 1, QUOTE_SLOTS = 2 * VIEWS_TREE_QUOTES };

// What is searched for.
struct search {
    const struct pipeline *pipeline;
    struct views_tree *tree;
    uint32_t cascade;
    uint32_t order; // of the next event, which arrived before the others
    uint32_t found;
};

// ── posts below the root ───────────────────────────────────────────────────

static uint32_t
quote_slot(const struct views_tree *tree, uint32_t cascade)
{
    uint32_t slot = cascade * UINT32_C(2654435769) % QUOTE_SLOTS;
    while (tree->quotes[slot] != 0 && tree->quotes[slot] != cascade + 1) {
        slot = (slot + 1) % QUOTE_SLOTS;
    }
    return slot;
}

static bool
is_below(const struct pipeline *pipeline, uint32_t cascade, uint32_t root)
{
    const struct cascades *cascades = &pipeline->cascades;
    for (size_t i = 0; i < PIPELINE_PATH_MAX && cascade != CASCADE_NONE; i++) {
        cascade = cascades_parent(cascades, cascade);
        if (cascade == root) {
            return true;
        }
    }
    return false;
}

static void
find_quotes(const struct search *search)
{
    const struct cascades *cascades = &search->pipeline->cascades;
    struct views_tree *tree = search->tree;
    for (uint32_t i = 0; i < cascades->high; i++) {
        const struct cascade *row = &cascades->rows[i];
        if (row->birth != 0 && (row->flags & CASCADE_HAS_PARENT) != 0 &&
            tree->quote_count < VIEWS_TREE_QUOTES &&
            is_below(search->pipeline, i, search->cascade)) {
            tree->quotes[quote_slot(tree, i)] = i + 1;
            tree->quote_count++;
        }
    }
}

// ── the events ─────────────────────────────────────────────────────────────

static int
by_time(const void *a, const void *b)
{
    const struct views_tree_row *one = a;
    const struct views_tree_row *other = b;
    if (one->time != other->time) {
        return one->time < other->time ? -1 : 1;
    }
    return (one->order > other->order) - (one->order < other->order);
}

// The rows below the root are a heap with the latest in front once they are full.
static void
sift_down(struct views_tree_row *rows, size_t at)
{
    struct views_tree_row moved = rows[at];
    for (size_t child; (child = 2 * at + 1) < ROWS_BELOW; at = child) {
        if (child + 1 < ROWS_BELOW && by_time(&rows[child], &rows[child + 1]) < 0) {
            child++;
        }
        if (by_time(&moved, &rows[child]) >= 0) {
            break;
        }
        rows[at] = rows[child];
    }
    rows[at] = moved;
}

static void
put_row(struct views_tree *tree, const struct views_tree_row *row)
{
    struct views_tree_row *rows = &tree->rows[1];
    if (tree->count < VIEWS_TREE_MAX) {
        tree->rows[tree->count++] = *row;
        for (size_t i = ROWS_BELOW / 2; tree->count == VIEWS_TREE_MAX && i-- != 0;) {
            sift_down(rows, i);
        }
    } else if (by_time(row, &rows[0]) < 0) {
        rows[0] = *row;
        sift_down(rows, 0);
    }
}

static void
take(struct search *search, uint32_t index)
{
    const struct pipeline *pipeline = search->pipeline;
    const struct event *event = event_records_at(&pipeline->records, index);
    bool is_direct = event->target == search->cascade;
    if (event->target == UINT32_MAX || (event->flags & EVENT_UNDONE) != 0 ||
        (!is_direct &&
         (search->tree->quote_count == 0 ||
          search->tree->quotes[quote_slot(search->tree, event->target)] == 0))) {
        return;
    }
    const struct cascade *root = cascades_at(&pipeline->cascades, search->cascade);
    struct event_records_entry entry = {search->cascade, root->life};
    if (!event_records_find_entry(&pipeline->records, index, entry, &entry)) {
        return;
    }
    struct tree_event name = parent_event(pipeline, index, entry);
    const struct views_tree_row row = {
        .time = event->time,
        .order = search->order--,
        .event = index,
        .node = tree_find(&pipeline->trees, &name),
        .is_observed = name.is_observed,
    };
    search->found++;
    put_row(search->tree, &row);
}

static void
take_part(struct search *search, const struct event_records_part *part)
{
    uint32_t size = cascades_at(&search->pipeline->cascades, search->cascade)->size;
    for (uint64_t at = part->next; at != part->first && search->found < size; at--) {
        take(search, event_records_row(part, at - 1));
    }
}

// ── parents ────────────────────────────────────────────────────────────────

static uint32_t *
node_slot(struct views_tree *tree, uint32_t node)
{
    uint32_t slot = node * UINT32_C(2654435769) % VIEWS_TREE_SLOTS;
    while (tree->slots[slot] != 0 && tree->rows[tree->slots[slot]].node != node) {
        slot = (slot + 1) % VIEWS_TREE_SLOTS;
    }
    return &tree->slots[slot];
}

static void
find_parent(const struct pipeline *pipeline, struct views_tree *tree,
            struct views_tree_row *row)
{
    const struct nodes *nodes = &pipeline->trees.nodes;
    if (row->node == TREE_ROOT) {
        return; // a child of the root
    }
    row->is_observed = false;
    if (tree_is_waiting(&pipeline->trees, row->node)) {
        return;
    }
    uint32_t above = nodes_at(nodes, row->node)->parent;
    bool is_near = true;
    while (above != TREE_ROOT && *node_slot(tree, above) == 0) {
        above = nodes_at(nodes, above)->parent;
        is_near = false;
    }
    row->parent = above != TREE_ROOT ? *node_slot(tree, above) : 0;
    row->is_observed =
        is_near && (nodes_at(nodes, row->node)->flags & NODE_OBSERVED) != 0;
}

void
views_tree(const struct pipeline *pipeline, uint32_t cascade,
           struct views_tree *ret_tree)
{
    const struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    struct search search = {pipeline, ret_tree, cascade, UINT32_MAX, 0};
    memset(ret_tree->slots, 0, sizeof(ret_tree->slots));
    memset(ret_tree->quotes, 0, sizeof(ret_tree->quotes));
    ret_tree->quote_count = 0;
    ret_tree->nodes = (uint64_t)row->size + 1;
    ret_tree->count = 1;
    ret_tree->rows[0] = (struct views_tree_row){
        .time = row->created, .event = EVENT_NONE, .is_observed = true};
    if (row->size != row->retweets) {
        find_quotes(&search);
    }
    take_part(&search, &pipeline->records.newest);
    take_part(&search, &pipeline->records.lasting);
    qsort(&ret_tree->rows[1], ret_tree->count - 1, sizeof(*ret_tree->rows), by_time);
    for (uint32_t i = 1; i < ret_tree->count; i++) {
        if (ret_tree->rows[i].node != TREE_ROOT) {
            *node_slot(ret_tree, ret_tree->rows[i].node) = i;
        }
    }
    for (uint32_t i = 1; i < ret_tree->count; i++) {
        find_parent(pipeline, ret_tree, &ret_tree->rows[i]);
    }
}

// ── names ──────────────────────────────────────────────────────────────────

struct slice
views_tree_post(const struct pipeline *pipeline, const struct views_tree_row *row)
{
    const struct event *event = event_records_at(&pipeline->records, row->event);
    struct event_records_words words;
    uint32_t own = cascades_find_hash(&pipeline->cascades, event->hash);
    if (own != CASCADE_NONE) {
        return cascades_id(&pipeline->cascades, own);
    }
    bool has_words = event_records_text(&pipeline->records, row->event, &words);
    return has_words && words.id.len != 0 ? words.id : SLICE_NONE;
}

uint32_t
views_tree_person(const struct pipeline *pipeline, const struct views_tree_row *row)
{
    return inside_actor(pipeline, event_records_at(&pipeline->records, row->event));
}
