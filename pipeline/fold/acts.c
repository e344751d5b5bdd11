#include "pipeline/fold/acts.h"

#include "pipeline/carriers/settle.h"
#include "pipeline/fold/campaign_acts.h"
#include "pipeline/fold/campaign_fold.h"
#include "pipeline/fold/node_event.h"
#include "pipeline/inside.h"
#include "pipeline/records/event_walk.h"

// An act whose observed parent is the act of another person.
struct pair {
    uint32_t cascade;
    uint32_t node;
    uint32_t event;  // of the node
    uint32_t parent; // event of its parent
    uint32_t user;   // who did these
    uint32_t carrier;
};

// ── what is counted ────────────────────────────────────────────────────────

// The notes of the current event are not stored yet.
static void
count(struct pipeline *pipeline, const struct pair *pair, enum tally tally,
      bool is_current)
{
    struct windows *windows = &pipeline->windows;
    if (is_current) {
        inside_tally(pipeline, tally, pair->carrier, 1);
        return;
    }
    if (!windows_have_room(windows, 1)) {
        admission_lose(pipeline, &pipeline->metrics.windows_left_out);
        return;
    }
    uint32_t counter = inside_counter(pipeline, tally, pair->carrier);
    struct windows_moment moment = windows_moment(
        windows, event_records_at(&pipeline->records, pair->event)->time);
    if (windows_add(windows, &moment, counter, 1)) {
        // If this fails the event's other notes are overwritten too.
        (void)event_records_note_more(&pipeline->records, pair->event,
                                      (struct event_records_entry){counter, 1});
    }
    const struct campaign_fold_amount amount = {tally, pair->carrier};
    campaign_fold_later(pipeline, pair->event, amount, &moment);
}

static void
act_begun(struct pipeline *pipeline, const struct acts_act *act)
{
    pipeline->metrics.acts++;
    carriers_act(&pipeline->carriers, act->user, act->time);
    campaign_acts_act(pipeline, act);
    settle_act(pipeline, act->cascade, act->user, act->time);
}

static usec
time_of(const struct pipeline *pipeline, uint32_t event)
{
    return event_records_at(&pipeline->records, event)->time;
}

static void
act_ended(struct pipeline *pipeline, const struct acts_act *act,
          const struct acts_end *end)
{
    pipeline->metrics.acts_undone++;
    carriers_act_undone(&pipeline->carriers, act->user, act->time,
                        end->first != EVENT_NONE ? time_of(pipeline, end->first)
                                                 : USEC_NONE);
    campaign_acts_act_undone(pipeline, act, end);
    settle_act_undone(pipeline, act->cascade, act->user, act->time);
}

static struct carriers_child
entry_of(const struct pipeline *pipeline, const struct acts_child *child)
{
    return (struct carriers_child){
        .user = child->carrier,
        .time = child->act.time,
        .children = child->children,
        .root = cascades_id(&pipeline->cascades, child->act.cascade),
        .first_gone = child->first_gone,
        .first_new = child->first_new,
    };
}

static void
child_came(struct pipeline *pipeline, const struct acts_child *child)
{
    const struct carriers_child entry = entry_of(pipeline, child);
    pipeline->metrics.children++;
    carriers_child(&pipeline->carriers, &entry);
    campaign_acts_child(pipeline, child);
}

static void
child_left(struct pipeline *pipeline, const struct acts_child *child)
{
    const struct carriers_child entry = entry_of(pipeline, child);
    pipeline->metrics.children_undone++;
    carriers_child_undone(&pipeline->carriers, &entry);
    campaign_acts_child_undone(pipeline, child);
}

// ── children ───────────────────────────────────────────────────────────────

// Its notes may not be stored yet.
static bool
is_newest(const struct event_records *records, uint32_t event)
{
    return event == event_records_row(&records->newest, records->newest.next - 1);
}

// The memory may have forgotten an event and have another one with its id.
static bool
is_act_in(const struct pipeline *pipeline, uint32_t event, uint32_t cascade)
{
    const struct event_records_entry wanted = {
        cascade, cascades_at(&pipeline->cascades, cascade)->life};
    struct event_records_entry entry;
    return is_newest(&pipeline->records, event) ||
           event_records_is_lost(&pipeline->records, event) ||
           (event_records_find_entry(&pipeline->records, event, wanted, &entry) &&
            (entry.where & EVENT_RECORDS_ACT) != 0);
}

// False if the node has no parent, or one of the two is not remembered as an act.
static bool
find_pair(const struct pipeline *pipeline, uint32_t cascade, uint32_t node,
          struct pair *ret_pair)
{
    uint32_t above = nodes_at(&pipeline->trees.nodes, node)->parent;
    if (above == TREE_ROOT) {
        return false;
    }
    struct pair pair = {
        .cascade = cascade,
        .node = node,
        .event = node_event(pipeline, cascade, node),
        .parent = node_event(pipeline, cascade, above),
    };
    if (pair.event == EVENT_NONE || pair.parent == EVENT_NONE ||
        !is_act_in(pipeline, pair.event, cascade) ||
        !is_act_in(pipeline, pair.parent, cascade)) {
        return false;
    }
    pair.user =
        inside_actor(pipeline, event_records_at(&pipeline->records, pair.event));
    pair.carrier =
        inside_actor(pipeline, event_records_at(&pipeline->records, pair.parent));
    *ret_pair = pair;
    return true;
}

static struct acts_child
child_of(const struct pipeline *pipeline, const struct pair *pair)
{
    const struct event *parent = event_records_at(&pipeline->records, pair->parent);
    return (struct acts_child){
        .act = {pair->cascade, pair->user, pair->event, time_of(pipeline, pair->event)},
        .node = pair->node,
        .parent = pair->parent,
        .carrier = pair->carrier,
        .is_translated = (parent->flags & EVENT_QUOTE) != 0,
        .first_gone = USEC_NONE,
        .first_new = USEC_NONE,
        .next = EVENT_NONE,
    };
}

// Adds to the children of the person of the parent act. Returns how many there are: of
// this act, unless the person has others in the cascade, under a former name.
static uint32_t
change_children(struct pipeline *pipeline, const struct pair *pair, int change)
{
    struct amplifiers *set =
        &cascades_at(&pipeline->cascades, pair->cascade)->amplifiers;
    const struct amplifier *person =
        amplifiers_find(set, pipeline->texts, pair->carrier);
    if (person == NULL) {
        return change > 0; // another event with the id of a forgotten one
    }
    uint32_t children = amplifiers_children(set, pipeline->texts, person);
    children = change > 0 ? children + 1 : children - (children != 0);
    amplifiers_set_children(set, pipeline->texts, pair->carrier, children);
    return children;
}

// True if the node is an act below an act, and not counted as its child yet.
static bool
may_join(const struct pipeline *pipeline, const struct node *node)
{
    return node->parent != TREE_ROOT &&
           (node->flags & (NODE_ACT | NODE_CHILD)) == NODE_ACT &&
           (nodes_at(&pipeline->trees.nodes, node->parent)->flags & NODE_ACT) != 0;
}

// is_current: the notes of its event are not stored yet.
static void
join(struct pipeline *pipeline, uint32_t cascade, uint32_t index, bool is_current)
{
    struct node *node = nodes_at(&pipeline->trees.nodes, index);
    struct pair pair;
    if (!may_join(pipeline, node) || !find_pair(pipeline, cascade, index, &pair) ||
        pair.user == pair.carrier) {
        return;
    }
    struct acts_child child = child_of(pipeline, &pair);
    child.children = change_children(pipeline, &pair, 1);
    node->flags |= NODE_CHILD;
    struct node *parent = nodes_at(&pipeline->trees.nodes, node->parent);
    if ((parent->flags & NODE_CARRIED) == 0) {
        parent->flags |= NODE_CARRIED;
        node->flags |= NODE_FIRST;
        child.first_new = child.act.time;
    }
    count(pipeline, &pair, TALLY_CARRIED, is_current);
    if (child.is_translated) {
        count(pipeline, &pair, TALLY_TRANSLATED, is_current);
    }
    child_came(pipeline, &child);
}

void
acts_hang(struct pipeline *pipeline, uint32_t cascade, uint32_t node)
{
    join(pipeline, cascade, node, true);
}

void
acts_joined(void *context, uint32_t cascade, uint32_t node)
{
    join(context, cascade, node, false);
}

// The children of an act that are counted, or those that may join it: the one that
// arrived first of those that are remembered. TREE_ROOT: none.
static uint32_t
first_below(const struct pipeline *pipeline, uint32_t cascade, uint32_t parent,
            bool is_counted)
{
    const struct trees *trees = &pipeline->trees;
    const struct tree *tree = &cascades_at(&pipeline->cascades, cascade)->tree;
    uint32_t first = TREE_ROOT;
    uint64_t least = UINT64_MAX;
    for (uint32_t at = tree_next(trees, tree, TREE_ROOT); at != TREE_ROOT;
         at = tree_next(trees, tree, at)) {
        const struct node *node = nodes_at(&trees->nodes, at);
        if (node->parent != parent || !(is_counted ? (node->flags & NODE_CHILD) != 0
                                                   : may_join(pipeline, node))) {
            continue;
        }
        uint32_t event = node_event(pipeline, cascade, at);
        uint64_t order = event != EVENT_NONE
                             ? event_walk_order(&pipeline->records, event)
                             : UINT64_MAX;
        if (order < least) {
            first = at;
            least = order;
        }
    }
    return first;
}

// What the child added to the windows is in the notes of its event.
static void
leave(struct pipeline *pipeline, uint32_t cascade, uint32_t index)
{
    struct node *node = nodes_at(&pipeline->trees.nodes, index);
    bool was_first = (node->flags & NODE_FIRST) != 0;
    node->flags &= (uint8_t) ~(NODE_CHILD | NODE_FIRST);
    struct pair pair;
    if (!find_pair(pipeline, cascade, index, &pair)) {
        return;
    }
    struct acts_child child = child_of(pipeline, &pair);
    struct node *parent = nodes_at(&pipeline->trees.nodes, node->parent);
    if ((parent->flags & NODE_ACT) != 0) {
        child.children = change_children(pipeline, &pair, -1);
    }
    if (was_first) {
        child.first_gone = child.act.time;
        uint32_t next = child.children != 0
                            ? first_below(pipeline, cascade, node->parent, true)
                            : TREE_ROOT;
        if (next != TREE_ROOT) {
            nodes_at(&pipeline->trees.nodes, next)->flags |= NODE_FIRST;
            child.next = node_event(pipeline, cascade, next);
            child.first_new = time_of(pipeline, child.next);
        } else {
            parent->flags &= (uint8_t)~NODE_CARRIED;
        }
    }
    child_left(pipeline, &child);
}

// ── acts ───────────────────────────────────────────────────────────────────

bool
acts_begin(struct pipeline *pipeline, const struct acts_act *act)
{
    if (cascades_at(&pipeline->cascades, act->cascade)->author == act->user) {
        return false;
    }
    act_begun(pipeline, act);
    return true;
}

static uint32_t
node_of(const struct pipeline *pipeline, uint32_t cascade, const struct event *event)
{
    const struct tree_event name = {
        .key = event->hash,
        .life = cascades_at(&pipeline->cascades, cascade)->life,
    };
    return tree_find(&pipeline->trees, &name);
}

// The act has no children any more; the person's other acts in the cascade, under a
// former name, keep theirs. Returns the event of the first one, or EVENT_NONE.
static uint32_t
let_go(struct pipeline *pipeline, uint32_t cascade, uint32_t user, uint32_t parent)
{
    const struct trees *trees = &pipeline->trees;
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    const struct amplifier *person =
        amplifiers_find(&row->amplifiers, pipeline->texts, user);
    if (parent == TREE_ROOT || person == NULL ||
        !amplifiers_has(person, AMPLIFIER_CARRIED)) {
        return EVENT_NONE;
    }
    bool has_names = pipeline->users.merged != 0;
    uint32_t children = amplifiers_children(&row->amplifiers, pipeline->texts, person);
    uint32_t first = EVENT_NONE;
    for (uint32_t at = tree_next(trees, &row->tree, TREE_ROOT);
         at != TREE_ROOT && (has_names || first == EVENT_NONE);
         at = tree_next(trees, &row->tree, at)) {
        struct node *node = nodes_at(&trees->nodes, at);
        if (node->parent != parent) {
            continue;
        }
        children -= (node->flags & NODE_CHILD) != 0 && children != 0;
        if ((node->flags & NODE_FIRST) != 0) {
            node->flags &= (uint8_t)~NODE_FIRST;
            first = node_event(pipeline, cascade, at);
        }
    }
    nodes_at(&trees->nodes, parent)->flags &= (uint8_t)~NODE_CARRIED;
    amplifiers_set_children(&row->amplifiers, pipeline->texts, user,
                            has_names ? children : 0);
    return first;
}

void
acts_undo(struct pipeline *pipeline, uint32_t event, struct event_records_entry entry)
{
    const struct event *row = event_records_at(&pipeline->records, event);
    uint32_t cascade = entry.where & EVENT_RECORDS_INDEX;
    if ((entry.where & EVENT_RECORDS_ACT) == 0) {
        return;
    }
    uint32_t node = node_of(pipeline, cascade, row);
    if (node != TREE_ROOT &&
        (nodes_at(&pipeline->trees.nodes, node)->flags & NODE_CHILD) != 0) {
        leave(pipeline, cascade, node);
    }
    const struct acts_act act = {cascade, inside_actor(pipeline, row), event,
                                 row->time};
    struct acts_end end = {
        .node = node,
        .is_carried =
            node != TREE_ROOT &&
            (nodes_at(&pipeline->trees.nodes, node)->flags & NODE_CARRIED) != 0,
    };
    end.first = let_go(pipeline, cascade, act.user, node);
    act_ended(pipeline, &act, &end);
}

// ── the next event of the same person ──────────────────────────────────────

static bool
is_by(const struct pipeline *pipeline, const struct event *row, uint32_t user)
{
    return row->actor == user ||
           (pipeline->users.merged != 0 && inside_actor(pipeline, row) == user);
}

// True if the event counts in that cascade; stores its entry.
static bool
counts_in(const struct pipeline *pipeline, uint32_t event,
          struct event_records_entry wanted, struct event_records_entry *ret_entry)
{
    const struct event_records *records = &pipeline->records;
    const struct event *row = event_records_at(records, event);
    return (row->flags & (EVENT_RETWEET | EVENT_QUOTE)) != 0 &&
           (row->flags & EVENT_UNDONE) == 0 &&
           event_records_find(records, row->hash) == event &&
           event_records_find_entry(records, event, wanted, ret_entry);
}

// The event that becomes the act of a person in a cascade after `event` was taken back.
// EVENT_NONE: there is none, or the person has another act, under a former name.
static uint32_t
successor(struct pipeline *pipeline, uint32_t event, struct event_records_entry wanted,
          struct event_records_entry *ret_entry)
{
    const struct event_records *records = &pipeline->records;
    uint32_t user = inside_actor(pipeline, event_records_at(records, event));
    bool has_names = pipeline->users.merged != 0;
    struct event_walk walk = event_walk_after(records, has_names ? EVENT_NONE : event);
    uint32_t found = EVENT_NONE;
    for (uint32_t i = 0; i < ACTS_SEARCH_MAX; i++) {
        uint32_t at = event_walk_next(records, &walk);
        struct event_records_entry entry;
        if (at == EVENT_NONE) {
            break;
        }
        if (!is_by(pipeline, event_records_at(records, at), user) ||
            !counts_in(pipeline, at, wanted, &entry)) {
            continue;
        }
        if ((entry.where & EVENT_RECORDS_ACT) != 0) {
            return EVENT_NONE;
        }
        if (found == EVENT_NONE) {
            found = at;
            *ret_entry = entry;
        }
        if (!has_names) {
            break;
        }
    }
    if (found == EVENT_NONE) {
        admission_lose(pipeline, &pipeline->metrics.acts_lost);
    }
    return found;
}

// The acts below a new act become its children.
static void
adopt(struct pipeline *pipeline, uint32_t cascade, uint32_t node)
{
    const struct trees *trees = &pipeline->trees;
    const struct tree *tree = &cascades_at(&pipeline->cascades, cascade)->tree;
    uint32_t first = first_below(pipeline, cascade, node, false);
    if (first == TREE_ROOT) {
        return;
    }
    join(pipeline, cascade, first, false);
    for (uint32_t at = tree_next(trees, tree, TREE_ROOT); at != TREE_ROOT;
         at = tree_next(trees, tree, at)) {
        if (nodes_at(&trees->nodes, at)->parent == node) {
            join(pipeline, cascade, at, false);
        }
    }
}

void
acts_succeed(struct pipeline *pipeline, uint32_t event,
             struct event_records_entry entry)
{
    uint32_t cascade = entry.where & EVENT_RECORDS_INDEX;
    const struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    const struct event *undone = event_records_at(&pipeline->records, event);
    uint32_t user = inside_actor(pipeline, undone);
    if ((entry.where & EVENT_RECORDS_ACT) == 0 ||
        amplifiers_find(&row->amplifiers, pipeline->texts, user) == NULL) {
        return;
    }
    const struct event_records_entry wanted = {cascade, row->life};
    struct event_records_entry found;
    uint32_t next = successor(pipeline, event, wanted, &found);
    if (next == EVENT_NONE) {
        return;
    }
    const struct event *act = event_records_at(&pipeline->records, next);
    (void)event_records_mark_act(&pipeline->records, next, found);
    act_begun(pipeline, &(struct acts_act){cascade, user, next, act->time});
    uint32_t node = node_of(pipeline, cascade, act);
    if (node == TREE_ROOT) {
        return;
    }
    nodes_at(&pipeline->trees.nodes, node)->flags |= NODE_ACT;
    join(pipeline, cascade, node, false);
    adopt(pipeline, cascade, node);
}
