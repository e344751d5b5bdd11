#include "pipeline/fold/parent.h"

#include "pipeline/inside.h"

enum { ABOVE_MAX = 8 };

enum place {
    PLACE_NODE,
    PLACE_WAITS,
    PLACE_ABSENT,
    PLACE_UNKNOWN,
};

// The entry of that life of that cascade in the event's notes.
static bool
find_entry(const struct pipeline *pipeline, uint32_t event, uint32_t cascade,
           struct event_records_entry *ret_entry)
{
    const struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    struct event_records_cursor cursor = {0};
    while (event_records_next(&pipeline->records, event, &cursor, ret_entry)) {
        if ((ret_entry->where & EVENT_RECORDS_CASCADE) != 0 &&
            (ret_entry->where & EVENT_RECORDS_REPLY) == 0 &&
            (ret_entry->where & EVENT_RECORDS_INDEX) == cascade &&
            ret_entry->amount == row->life) {
            return true;
        }
    }
    return false;
}

// Creates a node for an event that is a child of the root and is referred to for the
// first time.
static enum place
locate(struct pipeline *pipeline, uint32_t cascade, uint64_t key, uint32_t *ret_node)
{
    struct trees *trees = &pipeline->trees;
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    uint32_t event = event_records_find(&pipeline->records, key);
    if (event == EVENT_NONE) {
        return PLACE_UNKNOWN;
    }
    struct tree_event name = {key, row->life, false};
    uint32_t node = tree_find(trees, &name);
    if (node == TREE_ROOT) {
        struct event_records_entry entry;
        uint8_t flags = event_records_at(&pipeline->records, event)->flags;
        if ((flags & EVENT_UNDONE) != 0 ||
            !find_entry(pipeline, event, cascade, &entry)) {
            return PLACE_ABSENT;
        }
        name.is_observed =
            (entry.where & EVENT_RECORDS_DIRECT) != 0 && (flags & EVENT_QUOTE) != 0;
        node = tree_name(trees, &row->tree, &name);
    }
    if (node == TREE_ROOT) {
        return PLACE_ABSENT;
    }
    *ret_node = node;
    return tree_is_waiting(trees, node) ? PLACE_WAITS : PLACE_NODE;
}

static void
changed(struct pipeline *pipeline, uint32_t cascade)
{
    cascades_queue(&pipeline->cascades, cascade, CASCADE_TREE);
}

// While no parent is observed, only a share of 0 is published, once.
static void
grown(struct pipeline *pipeline, uint32_t cascade)
{
    const struct tree *tree = &cascades_at(&pipeline->cascades, cascade)->tree;
    if (tree->observed != 0 || tree->count <= 1) {
        changed(pipeline, cascade);
    }
}

static void
end_wait(struct pipeline *pipeline, const struct tree_event *event,
         const struct tree_wait *wait)
{
    struct tree *tree = &cascades_at(&pipeline->cascades, wait->owner)->tree;
    uint32_t node;
    tree_abandon(&pipeline->trees, tree, event);
    if (wait->second != 0 &&
        locate(pipeline, wait->owner, wait->second, &node) == PLACE_NODE) {
        tree_add_below(&pipeline->trees, tree, event, node);
    } else {
        tree_add(&pipeline->trees, tree, event);
    }
    changed(pipeline, wait->owner);
}

void
parent_end_waits(struct pipeline *pipeline)
{
    if (pending_parents_is_empty(&pipeline->trees.pending)) {
        return;
    }
    struct tree_event event;
    struct tree_wait wait;
    while (tree_overdue(&pipeline->trees, pipeline->clock, &event, &wait)) {
        end_wait(pipeline, &event, &wait);
    }
}

// Tries one event as the parent; false: it is skipped.
static bool
hang_below(struct pipeline *pipeline, const struct tree_event *event,
           const struct tree_wait *wait)
{
    struct trees *trees = &pipeline->trees;
    struct tree *tree = &cascades_at(&pipeline->cascades, wait->owner)->tree;
    uint32_t node = TREE_ROOT;
    switch (locate(pipeline, wait->owner, wait->parent, &node)) {
    case PLACE_NODE:
        tree_add_below(trees, tree, event, node);
        return true;
    case PLACE_ABSENT:
        return false;
    case PLACE_WAITS:
        if (tree_is_cycle(trees, event, node)) {
            pipeline->metrics.tree_cycles++;
            return false;
        }
        break;
    case PLACE_UNKNOWN:
        break;
    }
    tree_wait(trees, tree, event, wait);
    return true;
}

// The retweet it came through; 0 if there is none or it is not a retweet of that post.
static uint64_t
via_of(const struct pipeline *pipeline, uint32_t event, uint32_t target)
{
    uint64_t via = event_records_via(&pipeline->records, event);
    uint32_t carrier =
        via != 0 ? event_records_find(&pipeline->records, via) : EVENT_NONE;
    if (carrier == EVENT_NONE) {
        return via;
    }
    const struct event *row = event_records_at(&pipeline->records, carrier);
    return inside_is_retweet_of(pipeline, row, target) ? via : 0;
}

// Adds it below the retweet it came through or, in posts[0 … at), below what it refers
// to.
static bool
hang(struct pipeline *pipeline, const struct tree_event *name, uint64_t via,
     const uint32_t *posts, size_t at)
{
    const struct cascades *cascades = &pipeline->cascades;
    struct tree_wait wait = {
        .parent = via,
        .second = at != 0 ? cascades_at(cascades, posts[0])->hash : 0,
        .now = pipeline->clock,
        .owner = posts[at],
    };
    if (via != 0 && hang_below(pipeline, name, &wait)) {
        return true;
    }
    wait.second = 0;
    for (size_t i = 0; i < at && i < ABOVE_MAX; i++) {
        wait.parent = cascades_at(cascades, posts[i])->hash;
        if (hang_below(pipeline, name, &wait)) {
            return true;
        }
    }
    return false;
}

void
parent_attach(struct pipeline *pipeline, uint32_t index, const uint32_t *posts,
              size_t at)
{
    if (!pipeline->options.cascades_engine) {
        return;
    }
    const struct event *event = event_records_at(&pipeline->records, index);
    struct cascade *row = cascades_at(&pipeline->cascades, posts[at]);
    bool is_retweet = (event->flags & EVENT_RETWEET) != 0;
    struct tree_event name = {event->hash, row->life, at == 0 && !is_retweet};
    uint64_t via = is_retweet ? via_of(pipeline, index, posts[0]) : 0;
    parent_end_waits(pipeline);
    if (!hang(pipeline, &name, via, posts, at)) {
        tree_add(&pipeline->trees, &row->tree, &name);
    }
    grown(pipeline, posts[at]);
}

void
parent_detach(struct pipeline *pipeline, const struct event *event, uint32_t cascade,
              bool is_direct)
{
    if (!pipeline->options.cascades_engine) {
        return;
    }
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    struct tree_event name = {event->hash, row->life,
                              is_direct && (event->flags & EVENT_QUOTE) != 0};
    tree_remove(&pipeline->trees, &row->tree, &name);
    changed(pipeline, cascade);
}
