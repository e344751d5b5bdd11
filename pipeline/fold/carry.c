#include "pipeline/fold/carry.h"

#include <string.h>

#include "pipeline/alerts/alert_carriers.h"
#include "pipeline/fold/acts.h"
#include "pipeline/fold/ids.h"
#include "pipeline/fold/learn.h"
#include "pipeline/fold/parent.h"
#include "pipeline/fold/versions.h"
#include "pipeline/inside.h"

// The posts and people above an event, nearest first.
struct path {
    uint32_t posts[PIPELINE_PATH_MAX]; // cascades: the target, what it quotes, …
    size_t post_count;
    uint32_t
        users[2 * PIPELINE_PATH_MAX]; // authors and amplifiers, each once, without the
                                      // actor
    size_t user_count;
};

// An event while it is being counted.
struct carry {
    uint32_t event;
    uint32_t actor;
    uint32_t target;
    uint32_t author; // of the target, or USER_NONE
    uint32_t own;    // record of the event's own post, to which a path must not lead
    usec time;
    bool is_retweet;
};

// ── the path ───────────────────────────────────────────────────────────────

static void
path_credit(struct path *path, uint32_t user, uint32_t actor)
{
    if (user == USER_NONE || user == actor) {
        return;
    }
    for (size_t i = 0; i < path->user_count; i++) {
        if (path->users[i] == user) {
            return;
        }
    }
    path->users[path->user_count++] = user;
}

static bool
path_has(const struct path *path, uint32_t cascade)
{
    for (size_t i = 0; i < path->post_count; i++) {
        if (path->posts[i] == cascade) {
            return true;
        }
    }
    return false;
}

static void
path_climb(struct pipeline *pipeline, struct path *path, const struct carry *carry)
{
    path_credit(path, carry->author, carry->actor);
    uint32_t cascade = carry->target;
    while (cascade != CASCADE_NONE && cascade != carry->own &&
           !path_has(path, cascade)) {
        if (path->post_count == PIPELINE_PATH_MAX) {
            pipeline->metrics.paths_cut++;
            return;
        }
        const struct cascade *row = cascades_at(&pipeline->cascades, cascade);
        bool is_first = path->post_count == 0; // credited as carry->author
        if (!is_first) {
            path_credit(path, row->author, carry->actor);
        }
        path->posts[path->post_count++] = cascade;
        uint32_t above = cascades_parent(&pipeline->cascades, cascade);
        bool is_cut = (row->flags & CASCADE_HAS_PARENT) != 0 || row->is_parent_gone;
        if ((above == CASCADE_NONE && is_cut) ||
            (!is_first && row->author == USER_NONE && row->is_author_gone)) {
            admission_lose(pipeline, &pipeline->metrics.facts_forgotten);
        }
        cascade = above;
    }
}

// The reshares through which an event came, as far as they are remembered.
static void
path_carriers(struct pipeline *pipeline, struct path *path, const struct carry *carry,
              const struct post *post)
{
    uint64_t via = event_records_via(&pipeline->records, carry->event);
    uint64_t root = cascades_at(&pipeline->cascades, carry->target)->hash;
    for (size_t i = 0; via != 0 && via != root; i++) {
        if (i == PIPELINE_PATH_MAX) {
            pipeline->metrics.paths_cut++;
            return;
        }
        uint32_t event = event_records_find(&pipeline->records, via);
        if (event == EVENT_NONE) {
            if (i == 0 && post->via_author.len != 0) {
                struct post_user author = {.id = post->via_author};
                path_credit(path, users_see(&pipeline->users, &author, carry->time),
                            carry->actor);
            }
            return;
        }
        const struct event *row = event_records_at(&pipeline->records, event);
        if (!inside_is_reshare_of(pipeline, row, carry->target)) {
            pipeline->metrics.vias_dropped++;
            return;
        }
        path_credit(path, inside_actor(pipeline, row), carry->actor);
        via = event_records_via(&pipeline->records, event);
    }
}

// ── counting ───────────────────────────────────────────────────────────────

// An undo finds these counters through the cascade, so they need no notes.
static void
count_counter(struct pipeline *pipeline, uint32_t cascade, enum tally tally,
              uint32_t *counter)
{
    if (*counter == COUNTER_NONE) {
        *counter = counters_create(&pipeline->windows.counters, tally, cascade);
        if ((cascades_at(&pipeline->cascades, cascade)->flags & CASCADE_HIDDEN) != 0) {
            counters_at(&pipeline->windows.counters, *counter)->kind |= COUNTER_HIDDEN;
        }
    }
    windows_add(&pipeline->windows, &pipeline->hand.moment, *counter, 1);
}

// True if the person is new in the cascade.
static bool
count_person(struct pipeline *pipeline, uint32_t cascade, uint32_t actor)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    struct user *user = users_at(&pipeline->users, actor);
    uint32_t before = row->amplifiers.count;
    if (amplifiers_add(&row->amplifiers, pipeline->texts, actor, user->followers) ==
        NULL) {
        admission_lose(pipeline, &pipeline->metrics.people_refused);
        return false;
    }
    if (row->amplifiers.count == before) {
        return false;
    }
    user->refs++;
    users_trace(&pipeline->users, actor, (struct trace){cascade, row->birth});
    row->reach += user->followers;
    cascades_queue(&pipeline->cascades, cascade, CASCADE_AMPLIFIERS | CASCADE_REACH);
    return true;
}

// Counts the event for this post, which is above it. Returns what it added.
static struct event_records_entry
count_below(struct pipeline *pipeline, uint32_t cascade, const struct carry *carry)
{
    cascades_refresh(&pipeline->cascades, cascade, pipeline->clock);
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    const struct acts_act act = {cascade, carry->actor, carry->event, carry->time};
    bool is_act =
        count_person(pipeline, cascade, carry->actor) && acts_begin(pipeline, &act);
    row->size++;
    uint32_t dirty = CASCADE_SIZE;
    bool is_direct = cascade == carry->target;
    if (is_direct && carry->is_retweet) {
        row->retweets++;
        dirty |= CASCADE_RETWEETS;
    } else if (is_direct) {
        row->quotes++;
        dirty |= CASCADE_QUOTES;
    }
    const struct event_records_entry entry = {
        EVENT_RECORDS_CASCADE | cascade | (is_direct ? EVENT_RECORDS_DIRECT : 0) |
            (is_act ? EVENT_RECORDS_ACT : 0),
        row->life};
    inside_note(pipeline, entry);
    cascades_happened(&pipeline->cascades, cascade, carry->time);
    cascades_queue(&pipeline->cascades, cascade, dirty);
    forecasts_count(pipeline, cascade,
                    event_records_at(&pipeline->records, carry->event));
    if (is_direct) {
        count_counter(pipeline, cascade, TALLY_CASCADES, &row->board);
    }
    count_counter(pipeline, cascade, TALLY_VELOCITY, &row->velocity);
    uint64_t recent = cascades_recent(&pipeline->cascades, row, WINDOWS_VELOCITY_5M);
    if (recent > row->peak) {
        row->peak = (uint32_t)recent;
        cascades_queue(&pipeline->cascades, cascade, CASCADE_PEAK);
    }
    return entry;
}

// What the target's author gets from a retweet or quote of this post itself.
static void
count_direct(struct pipeline *pipeline, const struct carry *carry)
{
    struct cascade *row = cascades_at(&pipeline->cascades, carry->target);
    struct amplifier *person =
        amplifiers_find(&row->amplifiers, pipeline->texts, carry->actor);
    if (person != NULL && carry->is_retweet) {
        amplifiers_mark(person, AMPLIFIER_RETWEETED, true);
    }
    if (carry->author == USER_NONE) {
        return;
    }
    inside_tally(pipeline, carry->is_retweet ? TALLY_RETWEETS : TALLY_QUOTES,
                 carry->author, 1);
    if (person == NULL || amplifiers_has(person, AMPLIFIER_REACHED)) {
        return;
    }
    amplifiers_mark(person, AMPLIFIER_REACHED, true);
    event_records_at(&pipeline->records, carry->event)->flags |= EVENT_REACHED;
    uint32_t followers = users_at(&pipeline->users, carry->actor)->followers;
    if (followers != 0) {
        inside_tally(pipeline, TALLY_REACH, carry->author, followers);
    }
}

static void
count_carry(struct pipeline *pipeline, const struct carry *carry,
            const struct post *post)
{
    struct path path;
    path.post_count = 0;
    path.user_count = 0;
    path_climb(pipeline, &path, carry);
    path_carriers(pipeline, &path, carry, post);
    uint32_t rank = alert_carriers_rank(pipeline, carry->actor);
    pipeline->metrics.interactions++;
    for (size_t i = 0; i < path.post_count; i++) {
        struct event_records_entry entry = count_below(pipeline, path.posts[i], carry);
        alert_carriers_count(pipeline, path.posts[i], carry->event, rank);
        const struct parent_sought sought = {carry->event, entry, path.posts, i};
        parent_attach(pipeline, &sought);
    }
    count_direct(pipeline, carry);
    forecasts_meet(pipeline, carry->target, carry->actor);
    for (size_t i = 0; i < path.user_count; i++) {
        inside_tally(pipeline, TALLY_INFLUENCE, path.users[i], 1);
    }
    for (size_t i = 0; i < path.post_count; i++) {
        alerts_judge(pipeline, path.posts[i], carry->time);
    }
}

// Links the event to what it refers to.
static void
link_event(struct pipeline *pipeline, uint32_t event, uint32_t target,
           enum event_flag kind)
{
    struct event *row = event_records_at(&pipeline->records, event);
    row->target = target;
    row->target_birth = cascades_at(&pipeline->cascades, target)->birth;
    row->flags |= (uint8_t)kind;
}

static void
link_via(struct pipeline *pipeline, uint32_t event, const struct post *post)
{
    if (post->via.len != 0 && !slice_equal(post->via, post->id)) {
        event_records_set_via(&pipeline->records, event,
                              versions_hash(pipeline, post->via));
    }
}

// What a retweet or quote points at.
struct aim {
    const struct post_ref *ref;
    uint64_t author; // hash of the id of the ref's author
    uint32_t target;
    uint32_t own; // record of the event's own post, or CASCADE_NONE
};

static void
carry_aimed(struct pipeline *pipeline, const struct post *post, const struct aim *aim,
            uint32_t event)
{
    const struct event *row = event_records_at(&pipeline->records, event);
    bool is_retweet = post->kind == POST_RETWEETED;
    const struct carry carry = {
        .event = event,
        .actor = users_now(&pipeline->users, row->actor),
        .target = aim->target,
        .author = learn_author_of(pipeline, aim->ref, aim->author, aim->target),
        .own = aim->own,
        .time = row->time,
        .is_retweet = is_retweet,
    };
    link_event(pipeline, event, aim->target, is_retweet ? EVENT_RETWEET : EVENT_QUOTE);
    if (carry.author == carry.actor) {
        pipeline->metrics.self_ignored++;
        return;
    }
    count_carry(pipeline, &carry, post);
}

void
carry_repeat(struct pipeline *pipeline, const struct post *post, const struct ids *ids,
             uint32_t event)
{
    link_via(pipeline, event, post);
    link_event(pipeline, event, cascades_find_hash(&pipeline->cascades, ids->root.post),
               EVENT_RETWEET);
    pipeline->metrics.duplicates++;
    pipeline->metrics.repeated_retweets++;
    pipeline->metrics.tree_second_parents += post->via.len != 0;
}

void
carry_retweet(struct pipeline *pipeline, const struct post *post, const struct ids *ids,
              uint32_t event)
{
    usec time = event_records_at(&pipeline->records, event)->time;
    link_via(pipeline, event, post);
    const struct aim aim = {
        .ref = &post->retweet_of,
        .author = ids->root.author,
        .target = learn_target(pipeline, &post->retweet_of, ids->root, time),
        .own = cascades_find_hash(&pipeline->cascades, ids->post),
    };
    pipeline->metrics.retweets++;
    carry_aimed(pipeline, post, &aim, event);
}

static void
reply(struct pipeline *pipeline, const struct aim *aim, uint32_t event)
{
    const struct event *row = event_records_at(&pipeline->records, event);
    uint32_t target = aim->target;
    uint32_t author = learn_author_of(pipeline, aim->ref, aim->author, target);
    if (author == users_now(&pipeline->users, row->actor)) {
        pipeline->metrics.self_ignored++;
        return;
    }
    cascades_refresh(&pipeline->cascades, target, pipeline->clock);
    struct cascade *cascade = cascades_at(&pipeline->cascades, target);
    cascade->replies++;
    inside_note(pipeline, (struct event_records_entry){EVENT_RECORDS_CASCADE |
                                                           EVENT_RECORDS_REPLY | target,
                                                       cascade->life});
    cascades_happened(&pipeline->cascades, target, row->time);
    cascades_queue(&pipeline->cascades, target, CASCADE_REPLIES);
    if (author != USER_NONE) {
        inside_tally(pipeline, TALLY_REPLIES, author, 1);
    }
    pipeline->metrics.interactions++;
}

// A reply to a post of which only the author is known: there is no cascade to count it
// for.
static void
reply_to_person(struct pipeline *pipeline, const struct post *post, uint32_t event)
{
    const struct event *row = event_records_at(&pipeline->records, event);
    if (post->reply_to.alias.len == 0 || post->reply_to.author.id.len == 0) {
        return; // only the author is named
    }
    uint32_t author = users_see(&pipeline->users, &post->reply_to.author, row->time);
    if (author == row->actor) {
        pipeline->metrics.self_ignored++;
        return;
    }
    inside_tally(pipeline, TALLY_REPLIES, author, 1);
    pipeline->metrics.interactions++;
}

// Finds the id of a post that is given by the source's own id. If it is not known the
// reference has no id. `found` is storage for the result.
static const struct post_ref *
resolve(const struct pipeline *pipeline, struct slice source,
        const struct post_ref *ref, struct post_ref *found)
{
    uint64_t hash;
    if (ref->id.len != 0 || ref->alias.len == 0 ||
        !locals_find(&pipeline->locals, inside_local(pipeline, source, ref->alias),
                     &hash)) {
        return ref;
    }
    *found = *ref;
    uint32_t cascade = cascades_find_hash(&pipeline->cascades, hash);
    uint32_t event = event_records_find(&pipeline->records, hash);
    struct event_records_words words;
    if (cascade != CASCADE_NONE) {
        found->id = cascades_id(&pipeline->cascades, cascade);
    } else if (event != EVENT_NONE &&
               event_records_text(&pipeline->records, event, &words)) {
        found->id = words.id;
    }
    return found;
}

// The post that a reference of the post leads to, learnt; target CASCADE_NONE: none.
static struct aim
aim_at(struct pipeline *pipeline, struct slice source, const struct post_ref *ref,
       usec time)
{
    struct post_ref found;
    const struct post_ref *shown = resolve(pipeline, source, ref, &found);
    struct aim aim = {.ref = ref, .target = CASCADE_NONE, .own = CASCADE_NONE};
    if (shown->id.len != 0) {
        struct ids_ref ids = ids_of_ref(pipeline, shown);
        aim.author = ids.author;
        aim.target = learn_target(pipeline, shown, ids, time);
    }
    return aim;
}

void
carry_references(struct pipeline *pipeline, const struct post *post,
                 const struct ids *ids, uint32_t event)
{
    // Learn everything in the message first: a quote may need the author of the
    // answered post.
    usec time = event_records_at(&pipeline->records, event)->time;
    struct aim quoted = aim_at(pipeline, post->source, &post->quote, time);
    struct aim answered = aim_at(pipeline, post->source, &post->reply_to, time);
    if (quoted.target != CASCADE_NONE) {
        link_via(pipeline, event, post);
        quoted.own = cascades_find_hash(&pipeline->cascades, ids->post);
        if (quoted.own != CASCADE_NONE) {
            learn_parent(pipeline, quoted.own, quoted.target);
        }
        carry_aimed(pipeline, post, &quoted, event);
    }
    if (answered.target != CASCADE_NONE) {
        reply(pipeline, &answered, event);
    } else {
        reply_to_person(pipeline, post, event);
    }
}
