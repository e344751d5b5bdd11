#include "pipeline/fold/campaign_acts.h"

#include <assert.h>

#include "base/region.h"
#include "pipeline/fold/campaign_people.h"
#include "pipeline/fold/node_event.h"
#include "pipeline/inside.h"

// An event is a child once in each cascade above it, and the parent of those that wait.
enum { WAITING_MAX = PENDING_PARENTS_MAX + PIPELINE_PATH_MAX };

bool
campaign_acts_init(struct pipeline *pipeline)
{
    struct campaign_acts_waiting *waiting = &pipeline->hand.waiting;
    waiting->event = EVENT_NONE;
    waiting->child = region_reserve(WAITING_MAX * sizeof(*waiting->child));
    return waiting->child != NULL;
}

void
campaign_acts_fini(struct pipeline *pipeline)
{
    struct campaign_acts_waiting *waiting = &pipeline->hand.waiting;
    region_release(waiting->child, WAITING_MAX * sizeof(*waiting->child));
    waiting->child = NULL;
}

// ── in which campaigns ─────────────────────────────────────────────────────

// The campaigns in which the event counts.
static uint64_t
set_of(const struct pipeline *pipeline, uint32_t event)
{
    const struct campaigns *campaigns = &pipeline->campaigns;
    return campaigns->count != 0 && event != EVENT_NONE ? campaigns->counted_in[event]
                                                        : 0;
}

static uint64_t
of_child(const struct pipeline *pipeline, const struct acts_child *child)
{
    return set_of(pipeline, child->act.event) & set_of(pipeline, child->parent);
}

// How many nodes are below that act, without `other` and those below it.
static uint64_t
below_but(const struct trees *trees, const struct tree *tree, uint32_t act,
          uint32_t other)
{
    uint32_t all = tree_below(trees, tree, act);
    uint32_t without = other != TREE_ROOT ? tree_below(trees, tree, other) : 0;
    if (all == UINT32_MAX || without == UINT32_MAX) {
        return UINT64_MAX;
    }
    bool is_counted = (nodes_at(&trees->nodes, act)->flags & NODE_ACT) != 0;
    return all - without - is_counted;
}

// True if the act of that node has a child that counts in the campaign, other than that
// one. Looks at the tree until all children were seen.
static bool
has_child(const struct pipeline *pipeline, uint32_t cascade, uint32_t act,
          unsigned campaign, uint32_t other)
{
    const struct trees *trees = &pipeline->trees;
    const struct tree *tree = &cascades_at(&pipeline->cascades, cascade)->tree;
    uint64_t left = below_but(trees, tree, act, other);
    for (uint32_t at = tree_next(trees, tree, TREE_ROOT); at != TREE_ROOT && left != 0;
         at = tree_next(trees, tree, at)) {
        const struct node *node = nodes_at(&trees->nodes, at);
        if (node->parent != act || at == other) {
            continue;
        }
        if ((node->flags & NODE_CHILD) != 0 &&
            (set_of(pipeline, node_event(pipeline, cascade, at)) >> campaign & 1) !=
                0) {
            return true;
        }
        uint32_t below = tree_below(trees, tree, at);
        left -= below != UINT32_MAX ? below : 0;
    }
    return false;
}

// Whether the child is the only one of its act in the campaign. is_only: the only one
// of all, which is the same as long as all children of the act are in its campaigns.
static bool
is_only_in(const struct pipeline *pipeline, const struct acts_child *child,
           unsigned campaign, bool is_only)
{
    uint32_t parent = nodes_at(&pipeline->trees.nodes, child->node)->parent;
    uint32_t flags = nodes_at(&pipeline->trees.nodes, parent)->flags;
    if ((flags & NODE_APART) == 0) {
        return is_only;
    }
    return (flags & NODE_ACT) != 0 &&
           !has_child(pipeline, child->act.cascade, parent, campaign, child->node);
}

// ── acts ───────────────────────────────────────────────────────────────────

void
campaign_acts_act(struct pipeline *pipeline, const struct acts_act *act)
{
    struct campaign_acts_waiting *waiting = &pipeline->hand.waiting;
    if (act->event == waiting->event) {
        waiting->act = *act;
        waiting->acts++;
        return;
    }
    for (uint64_t set = set_of(pipeline, act->event); set != 0; set &= set - 1) {
        uint32_t pair = campaign_people_find(pipeline, (unsigned)__builtin_ctzll(set),
                                             act->user, act->event);
        if (pair != PAIR_NONE) {
            carriers_act(&pipeline->campaigns.carried, pair, act->time);
        }
    }
}

void
campaign_acts_act_undone(struct pipeline *pipeline, const struct acts_act *act,
                         const struct acts_end *end)
{
    bool is_apart =
        end->node != TREE_ROOT &&
        (nodes_at(&pipeline->trees.nodes, end->node)->flags & NODE_APART) != 0;
    for (uint64_t set = set_of(pipeline, act->event); set != 0; set &= set - 1) {
        unsigned campaign = (unsigned)__builtin_ctzll(set);
        uint32_t pair = campaign_people_find(pipeline, campaign, act->user, act->event);
        if (pair == PAIR_NONE) {
            continue;
        }
        bool is_carried =
            is_apart ? has_child(pipeline, act->cascade, end->node, campaign, TREE_ROOT)
                     : end->is_carried;
        carriers_act_undone(&pipeline->campaigns.carried, pair, act->time,
                            is_carried ? act->time : USEC_NONE);
        campaign_people_lessened(pipeline, pair);
    }
}

// ── children ───────────────────────────────────────────────────────────────

static struct carriers_child
entry_of(const struct acts_child *child)
{
    return (struct carriers_child){
        .time = child->act.time,
        .root = SLICE_NONE,
        .first_gone = USEC_NONE,
        .first_new = USEC_NONE,
    };
}

static void
count_child(struct pipeline *pipeline, const struct acts_child *child)
{
    struct nodes *nodes = &pipeline->trees.nodes;
    uint64_t missing =
        set_of(pipeline, child->parent) & ~set_of(pipeline, child->act.event);
    if (missing != 0) {
        nodes_at(nodes, nodes_at(nodes, child->node)->parent)->flags |= NODE_APART;
    }
    struct carriers_child entry = entry_of(child);
    usec acted = event_records_at(&pipeline->records, child->parent)->time;
    for (uint64_t set = of_child(pipeline, child); set != 0; set &= set - 1) {
        unsigned campaign = (unsigned)__builtin_ctzll(set);
        entry.user =
            campaign_people_find(pipeline, campaign, child->carrier, child->parent);
        bool is_first =
            is_only_in(pipeline, child, campaign, child->first_new != USEC_NONE);
        entry.first_new = is_first ? acted : USEC_NONE;
        if (entry.user != PAIR_NONE) {
            carriers_child(&pipeline->campaigns.carried, &entry);
        }
    }
}

void
campaign_acts_child(struct pipeline *pipeline, const struct acts_child *child)
{
    struct campaign_acts_waiting *waiting = &pipeline->hand.waiting;
    if (waiting->event != EVENT_NONE &&
        (child->act.event == waiting->event || child->parent == waiting->event)) {
        assert(waiting->children < WAITING_MAX);
        waiting->child[waiting->children++] = *child;
        return;
    }
    count_child(pipeline, child);
}

void
campaign_acts_child_undone(struct pipeline *pipeline, const struct acts_child *child)
{
    struct carriers_child entry = entry_of(child);
    bool was_only = child->first_gone != USEC_NONE && child->first_new == USEC_NONE;
    usec acted = event_records_at(&pipeline->records, child->parent)->time;
    for (uint64_t set = of_child(pipeline, child); set != 0; set &= set - 1) {
        unsigned campaign = (unsigned)__builtin_ctzll(set);
        entry.user =
            campaign_people_find(pipeline, campaign, child->carrier, child->parent);
        entry.first_gone =
            is_only_in(pipeline, child, campaign, was_only) ? acted : USEC_NONE;
        if (entry.user != PAIR_NONE) {
            carriers_child_undone(&pipeline->campaigns.carried, &entry);
            campaign_people_lessened(pipeline, entry.user);
        }
    }
}

// ── the current event ──────────────────────────────────────────────────────

void
campaign_acts_begin(struct pipeline *pipeline, uint32_t event)
{
    struct campaign_acts_waiting *waiting = &pipeline->hand.waiting;
    waiting->event = pipeline->campaigns.count != 0 ? event : EVENT_NONE;
    waiting->acts = waiting->children = 0;
}

// Children that wait are counted one after the other: those that are not counted yet
// are no children.
void
campaign_acts_end(struct pipeline *pipeline)
{
    struct campaign_acts_waiting *waiting = &pipeline->hand.waiting;
    struct nodes *nodes = &pipeline->trees.nodes;
    waiting->event = EVENT_NONE;
    for (uint32_t i = 0; i < waiting->acts; i++) {
        campaign_acts_act(pipeline, &waiting->act);
    }
    for (uint32_t i = 0; i < waiting->children; i++) {
        nodes_at(nodes, waiting->child[i].node)->flags &= (uint8_t)~NODE_CHILD;
    }
    for (uint32_t i = 0; i < waiting->children; i++) {
        nodes_at(nodes, waiting->child[i].node)->flags |= NODE_CHILD;
        count_child(pipeline, &waiting->child[i]);
    }
    waiting->acts = waiting->children = 0;
}
