#include "pipeline/fold/persons.h"

#include <string.h>

#include "pipeline/inside.h"

// ── who is named ───────────────────────────────────────────────────────────

static bool
is_by_handle(const struct post_user *user)
{
    return users_handle_in(user->id).len != 0;
}

static bool
names_by_handle(const struct post_ref *ref)
{
    for (; ref != NULL; ref = ref->quote) {
        if (is_by_handle(&ref->author)) {
            return true;
        }
    }
    return false;
}

static bool
is_named_alone(const struct post *post)
{
    for (size_t i = 0; i < post->mention_count; i++) {
        if (is_by_handle(&post->mentions[i])) {
            return true;
        }
    }
    return is_by_handle(&post->author) || names_by_handle(&post->retweet_of) ||
           names_by_handle(&post->quote) || names_by_handle(&post->reply_to) ||
           users_handle_in(post->via_author).len != 0;
}

// True if a retweet contains its author's handle only in a mention.
static bool
is_shown_late(const struct post *post)
{
    if (post->kind != POST_RETWEETED || post->author.handle.len != 0) {
        return false;
    }
    for (const struct post_ref *ref = &post->retweet_of; ref != NULL;
         ref = ref->quote) {
        if (ref->author.handle.len != 0 &&
            slice_equal(ref->author.id, post->author.id)) {
            return true;
        }
    }
    return false;
}

// ── ids for handles ────────────────────────────────────────────────────────

static struct slice
lower_case(struct pipeline *pipeline, struct slice text)
{
    char *copy = arena_alloc(&pipeline->hand.named_texts, text.len, 1);
    for (size_t i = 0; copy != NULL && i < text.len; i++) {
        copy[i] = users_lower(text.ptr[i]);
    }
    return copy != NULL ? (struct slice){copy, text.len} : SLICE_NONE;
}

// "x:@Ann": the id of the user who holds @ann on x, or "x:@ann".
static struct slice
resolve_id(struct pipeline *pipeline, struct slice id)
{
    struct slice handle = users_handle_in(id);
    struct slice network = users_network_of(id);
    uint32_t holder = users_holder(&pipeline->users, network, handle);
    struct arena *texts = &pipeline->hand.named_texts;
    if (holder != USER_NONE) {
        // A copy: the holder's texts may move.
        return arena_join(texts, users_id(&pipeline->users, holder), SLICE_NONE);
    }
    struct slice head = {id.ptr, id.len - handle.len};
    return arena_join(texts, head, lower_case(pipeline, handle));
}

static void
resolve_user(struct pipeline *pipeline, struct post_user *user)
{
    if (!is_by_handle(user)) {
        return;
    }
    user->id = resolve_id(pipeline, user->id);
    if (!is_by_handle(user)) {
        user->handle = SLICE_NONE; // the handle as another user wrote it, perhaps in
                                   // another case
    }
}

static void
resolve_ref(struct pipeline *pipeline, struct post_ref *ref)
{
    for (;;) {
        resolve_user(pipeline, &ref->author);
        if (ref->quote == NULL) {
            return;
        }
        struct post_ref *quote =
            arena_alloc(&pipeline->hand.named_texts, 1, sizeof(*quote));
        if (quote == NULL) {
            return;
        }
        *quote = *ref->quote;
        ref->quote = quote;
        ref = quote;
    }
}

// Copies the post and adds ids for users given by handle alone; valid until the next
// post.
static enum status
resolve(struct pipeline *pipeline, const struct post *post,
        const struct post **ret_post)
{
    struct arena *texts = &pipeline->hand.named_texts;
    arena_reset(texts);
    struct post *resolved = arena_alloc(texts, 1, sizeof(*resolved));
    struct post_user *mentions =
        arena_alloc(texts, post->mention_count, sizeof(*mentions));
    if (resolved == NULL || mentions == NULL) {
        return STATUS_NOMEM;
    }
    *resolved = *post;
    resolve_user(pipeline, &resolved->author);
    for (size_t i = 0; i < post->mention_count; i++) {
        mentions[i] = post->mentions[i];
        resolve_user(pipeline, &mentions[i]);
    }
    resolved->mentions = mentions;
    resolve_ref(pipeline, &resolved->retweet_of);
    resolve_ref(pipeline, &resolved->quote);
    resolve_ref(pipeline, &resolved->reply_to);
    if (users_handle_in(post->via_author).len != 0) {
        resolved->via_author = resolve_id(pipeline, post->via_author);
    }
    if (texts->is_failed) {
        return STATUS_NOMEM;
    }
    *ret_post = resolved;
    return STATUS_OK;
}

static void
claim(struct pipeline *pipeline, const struct post_user *user)
{
    bool is_shown = user->id.len != 0 && user->handle.len != 0 && !is_by_handle(user);
    // Where room is short, new people wait for their turn.
    if (is_shown &&
        ((!pipeline->hand.is_tight && !users_is_pressed(&pipeline->users)) ||
         users_find(&pipeline->users, user->id) != USER_NONE)) {
        struct post_user shown = {.id = user->id, .handle = user->handle};
        users_see(&pipeline->users, &shown, USEC_NONE);
    }
}

static void
claim_ref(struct pipeline *pipeline, const struct post_ref *ref)
{
    for (; ref != NULL; ref = ref->quote) {
        claim(pipeline, &ref->author);
    }
}

// Users that the post contains with id and handle hold these handles from now on.
static void
claim_all(struct pipeline *pipeline, const struct post *post)
{
    claim(pipeline, &post->author);
    for (size_t i = 0; i < post->mention_count && i < pipeline->options.users_per_post;
         i++) {
        claim(pipeline, &post->mentions[i]);
    }
    claim_ref(pipeline, &post->retweet_of);
    claim_ref(pipeline, &post->quote);
    claim_ref(pipeline, &post->reply_to);
}

// True if that person has retweeted that post already.
static bool
is_repeat(struct pipeline *pipeline, const struct persons_met *met)
{
    if (met->post->kind != POST_RETWEETED) {
        return false;
    }
    uint32_t target = cascades_find_hash(&pipeline->cascades, met->ids.root.post);
    uint32_t actor = users_find_hash(&pipeline->users, met->ids.author);
    if (target == CASCADE_NONE || actor == USER_NONE) {
        return false;
    }
    cascades_refresh(&pipeline->cascades, target, pipeline->clock);
    const struct amplifier *person = amplifiers_find(
        &cascades_at(&pipeline->cascades, target)->amplifiers, pipeline->texts, actor);
    return person != NULL && amplifiers_has(person, AMPLIFIER_RETWEETED);
}

// Gives ids to those whom the post names by handle alone.
static enum status
resolve_met(struct pipeline *pipeline, const struct post *given,
            struct persons_met *met)
{
    enum status status = resolve(pipeline, given, &met->post);
    if (status == STATUS_OK) {
        met->ids = ids_of(pipeline, met->post);
    }
    return status;
}

enum status
persons_meet(struct pipeline *pipeline, struct persons_met *met, usec time)
{
    const struct post *given = met->post;
    uint64_t merges = pipeline->users.merges;
    bool is_named = is_named_alone(given);
    met->actor = USER_NONE;
    if (is_named && resolve_met(pipeline, given, met) != STATUS_OK) {
        return STATUS_NOMEM;
    }
    if (is_repeat(pipeline, met)) {
        return STATUS_OK;
    }
    if (is_named || is_shown_late(given)) {
        claim_all(pipeline, given);
    }
    if (is_named && resolve_met(pipeline, given, met) != STATUS_OK) {
        return STATUS_NOMEM;
    }
    uint32_t actor =
        users_see_hash(&pipeline->users, &met->post->author, met->ids.author, time);
    if (merges != pipeline->users.merges) {
        claim_all(pipeline, met->post);
        if (is_repeat(pipeline, met)) {
            return STATUS_OK;
        }
    }
    met->actor = actor;
    return STATUS_OK;
}

// ── what moves over ────────────────────────────────────────────────────────

static uint32_t
counter_of(const struct pipeline *pipeline, uint32_t user, enum tally tally)
{
    const struct counters *counters = &pipeline->windows.counters;
    uint32_t counter = users_at(&pipeline->users, user)->counters;
    while (counter != COUNTER_NONE &&
           counter_tally(counters_at(counters, counter)) != tally) {
        counter = counters_at(counters, counter)->next;
    }
    return counter;
}

static void
move_counters(struct pipeline *pipeline, uint32_t from, uint32_t into)
{
    struct windows *windows = &pipeline->windows;
    uint32_t slots = ((uint32_t)1 << windows->shown) - 1;
    uint32_t counter = users_at(&pipeline->users, from)->counters;
    users_at(&pipeline->users, from)->counters = COUNTER_NONE;
    while (counter != COUNTER_NONE) {
        struct counter *row = counters_at(&windows->counters, counter);
        uint32_t next = row->next;
        uint32_t same = counter_of(pipeline, into, counter_tally(row));
        row->next = COUNTER_NONE;
        if (same != COUNTER_NONE) {
            windows_counter_merge(windows, counter, same);
        } else {
            struct user *user = users_at(&pipeline->users, into);
            row->owner = into;
            row->next = user->counters;
            user->counters = counter;
            // Its new id changes its order among equals.
            windows->touched(windows->context, counter, slots);
        }
        counter = next;
    }
}

static void
move_person(struct pipeline *pipeline, uint32_t cascade, uint32_t from, uint32_t into)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    uint32_t followers = 0;
    enum people_merged merged =
        amplifiers_merge(&row->amplifiers, pipeline->texts, from, into, &followers);
    if (merged == AMPLIFIERS_ABSENT) {
        return;
    }
    users_at(&pipeline->users, from)->refs--;
    if (merged == AMPLIFIERS_RENAMED) {
        users_at(&pipeline->users, into)->refs++;
        return;
    }
    row->reach -= followers;
    cascades_queue(&pipeline->cascades, cascade, CASCADE_AMPLIFIERS | CASCADE_REACH);
}

static void
move_cascade(struct pipeline *pipeline, uint32_t cascade, uint32_t from, uint32_t into)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    if (row->author == from) {
        users_at(&pipeline->users, from)->refs--;
        row->author = USER_NONE;
        cascades_set_author(&pipeline->cascades, cascade, into);
    }
    move_person(pipeline, cascade, from, into);
}

void
persons_merge(void *context, uint32_t from, uint32_t into)
{
    struct pipeline *pipeline = context;
    struct users *users = &pipeline->users;
    move_counters(pipeline, from, into);
    struct trace trace;
    while (traces_take(&users->traces, from, &trace)) {
        if (cascades_at(&pipeline->cascades, trace.cascade)->birth == trace.birth) {
            move_cascade(pipeline, trace.cascade, from, into);
        }
    }
    if ((users_at(users, from)->identity & USER_UNTRACED) != 0) {
        for (uint32_t i = 0; i < pipeline->cascades.high; i++) {
            if (cascades_at(&pipeline->cascades, i)->birth != 0) {
                move_cascade(pipeline, i, from, into);
            }
        }
    }
    author_baseline_merge(&pipeline->forecasts.baselines,
                          inside_hash(pipeline, users_id(users, from)),
                          inside_hash(pipeline, users_id(users, into)));
}
