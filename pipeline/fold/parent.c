#include "pipeline/fold/parent.h"

#include "pipeline/fold/acts.h"
#include "pipeline/inside.h"

enum { ABOVE_MAX = 8 };

enum place {
    PLACE_NODE,
    PLACE_WAITS,
    PLACE_ABSENT,
    PLACE_UNKNOWN,
};

struct tree_event
parent_event(const struct pipeline *pipeline, uint32_t index,
             struct event_records_entry entry)
{
    const struct event *event = event_records_at(&pipeline->records, index);
    const struct cascade *row =
        cascades_at(&pipeline->cascades, entry.where & EVENT_RECORDS_INDEX);
    bool is_quote = (event->flags & EVENT_QUOTE) != 0;
    bool is_from_root = event_records_via(&pipeline->records, index) == row->hash;
    return (struct tree_event){
        .key = event->hash,
        .life = row->life,
        .is_observed =
            (entry.where & EVENT_RECORDS_DIRECT) != 0 && (is_quote || is_from_root),
        .is_act = (entry.where & EVENT_RECORDS_ACT) != 0,
    };
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
    struct tree_event name = {.key = key, .life = row->life};
    uint32_t node = tree_find(trees, &name);
    if (node == TREE_ROOT) {
        struct event_records_entry entry = {cascade, row->life};
        uint8_t flags = event_records_at(&pipeline->records, event)->flags;
        if ((flags & EVENT_UNDONE) != 0 ||
            !event_records_find_entry(&pipeline->records, event, entry, &entry)) {
            return PLACE_ABSENT;
        }
        name = parent_event(pipeline, event, entry);
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

// Without a node no one has carried an event.
static void
note_refused(struct pipeline *pipeline, uint64_t before)
{
    if (pipeline->trees.refused != before) {
        pipeline->lost_at = pipeline->clock;
    }
}

static void
end_wait(struct pipeline *pipeline, const struct tree_event *event,
         const struct tree_wait *wait)
{
    struct tree *tree = &cascades_at(&pipeline->cascades, wait->owner)->tree;
    uint32_t node;
    uint64_t refused = pipeline->trees.refused;
    tree_abandon(&pipeline->trees, tree, event);
    if (wait->second != 0 &&
        locate(pipeline, wait->owner, wait->second, &node) == PLACE_NODE) {
        uint32_t joined = tree_add_below(&pipeline->trees, tree, event, node);
        if (joined != TREE_ROOT) {
            acts_joined(pipeline, wait->owner, joined);
        }
    } else {
        tree_add(&pipeline->trees, tree, event);
    }
    note_refused(pipeline, refused);
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
        node = tree_add_below(trees, tree, event, node);
        if (node != TREE_ROOT) {
            acts_hang(pipeline, wait->owner, node);
        }
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

// The reshare it came through; 0 if there is none or it is not one of that post.
static uint64_t
via_of(const struct pipeline *pipeline, uint32_t event, uint32_t target)
{
    uint64_t via = event_records_via(&pipeline->records, event);
    if (via == cascades_at(&pipeline->cascades, target)->hash) {
        return 0; // directly from the post
    }
    uint32_t carrier =
        via != 0 ? event_records_find(&pipeline->records, via) : EVENT_NONE;
    if (carrier == EVENT_NONE) {
        return via;
    }
    const struct event *row = event_records_at(&pipeline->records, carrier);
    return inside_is_reshare_of(pipeline, row, target) ? via : 0;
}

// Adds it below the reshare it came through or, in posts[0 … at), below what it refers
// to.
static bool
hang(struct pipeline *pipeline, const struct tree_event *name,
     const struct parent_sought *sought)
{
    const struct cascades *cascades = &pipeline->cascades;
    const uint32_t *posts = sought->posts;
    uint64_t via = via_of(pipeline, sought->event, posts[0]);
    struct tree_wait wait = {
        .parent = via,
        .second = sought->at != 0 ? cascades_at(cascades, posts[0])->hash : 0,
        .now = pipeline->clock,
        .owner = posts[sought->at],
    };
    if (via != 0 && hang_below(pipeline, name, &wait)) {
        return true;
    }
    wait.second = 0;
    for (size_t i = 0; i < sought->at && i < ABOVE_MAX; i++) {
        wait.parent = cascades_at(cascades, posts[i])->hash;
        if (hang_below(pipeline, name, &wait)) {
            return true;
        }
    }
    return false;
}

void
parent_attach(struct pipeline *pipeline, const struct parent_sought *sought)
{
    if (!pipeline->options.cascades_engine) {
        return;
    }
    uint32_t cascade = sought->posts[sought->at];
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    struct tree_event name = parent_event(pipeline, sought->event, sought->entry);
    parent_end_waits(pipeline);
    uint64_t refused = pipeline->trees.refused;
    if (!hang(pipeline, &name, sought)) {
        tree_add(&pipeline->trees, &row->tree, &name);
    }
    note_refused(pipeline, refused);
    grown(pipeline, cascade);
}

void
parent_detach(struct pipeline *pipeline, uint32_t event,
              struct event_records_entry entry)
{
    if (!pipeline->options.cascades_engine) {
        return;
    }
    uint32_t cascade = entry.where & EVENT_RECORDS_INDEX;
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    struct tree_event name = parent_event(pipeline, event, entry);
    tree_remove(&pipeline->trees, &row->tree, &name);
    changed(pipeline, cascade);
}
