#include "pipeline/fold/persons.h"

#include <string.h>

#include "pipeline/fold/campaign_counter.h"
#include "pipeline/fold/campaign_fold.h"
#include "pipeline/fold/campaign_people.h"
#include "pipeline/fold/learn.h"
#include "pipeline/fold/versions.h"
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

static bool
is_alone(const struct pipeline *pipeline, uint32_t user)
{
    return (users_at(&pipeline->users, user)->flags & USER_KEYED_BY_HANDLE) != 0;
}

// True if the id is given of a post's author who is known by handle only.
static bool
is_revealed(const struct pipeline *pipeline, uint64_t post,
            const struct post_user *author)
{
    if (author->id.len == 0 || is_by_handle(author)) {
        return false;
    }
    uint32_t known = learn_known_author(pipeline, post);
    return known != USER_NONE && is_alone(pipeline, known);
}

static bool
ref_reveals(const struct pipeline *pipeline, const struct post_ref *ref)
{
    for (; ref != NULL && ref->id.len != 0; ref = ref->quote) {
        if (is_revealed(pipeline, versions_target(pipeline, ref->id), &ref->author)) {
            return true;
        }
    }
    return false;
}

static bool
reveals(const struct pipeline *pipeline, const struct persons_met *met)
{
    const struct post *post = met->post;
    if (pipeline->users.alone == 0) { // as on networks that name by id
        return false;
    }
    if (post->kind == POST_RETWEETED) {
        return is_revealed(pipeline, met->ids.root.post, &post->retweet_of.author) ||
               ref_reveals(pipeline, post->retweet_of.quote);
    }
    return is_revealed(pipeline, met->ids.post, &post->author) ||
           ref_reveals(pipeline, &post->quote) ||
           ref_reveals(pipeline, &post->reply_to);
}

// ── ids for handles ────────────────────────────────────────────────────────

static struct slice
lower_case(struct pipeline *pipeline, struct slice handle)
{
    char text[HANDLE_FORM_MAX];
    size_t len = handle_form_put(pipeline->users.form, handle, text);
    return arena_join(&pipeline->hand.named_texts, (struct slice){text, len},
                      SLICE_NONE);
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
    struct slice lower = lower_case(pipeline, handle);
    return arena_join(texts, head,
                      head.len + lower.len <= POST_ID_MAX ? lower : handle);
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

// The author of that post: by its id, if that is known, else by handle.
static void
resolve_author(struct pipeline *pipeline, struct slice post, struct post_user *author)
{
    if (!is_by_handle(author)) {
        return;
    }
    uint32_t known = learn_known_author(pipeline, versions_target(pipeline, post));
    if (known == USER_NONE || is_alone(pipeline, known)) {
        resolve_user(pipeline, author);
        return;
    }
    author->id = arena_join(&pipeline->hand.named_texts,
                            users_id(&pipeline->users, known), SLICE_NONE);
    author->handle = SLICE_NONE;
}

static void
resolve_ref(struct pipeline *pipeline, struct post_ref *ref)
{
    for (;;) {
        resolve_author(pipeline, ref->id, &ref->author);
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
    if (post->kind == POST_PUBLISHED) {
        resolve_author(pipeline, post->id, &resolved->author);
    } else {
        resolve_user(pipeline, &resolved->author);
    }
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

// The author of a post, `id`, was known by that handle. The handle may be old: what is
// known otherwise goes before. The texts of users may move: neither is one.
static void
vouch(struct pipeline *pipeline, struct slice id, struct slice network,
      struct slice handle)
{
    struct users *users = &pipeline->users;
    uint32_t user = users_find(users, id);
    uint32_t holder = users_holder(users, network, handle);
    if (id.len != 0 && handle.len != 0 && slice_equal(users_network_of(id), network) &&
        (user == USER_NONE || users_handle(users, user).len == 0) &&
        (holder == USER_NONE || is_alone(pipeline, holder))) {
        struct post_user shown = {.id = id, .handle = handle};
        users_see(users, &shown, USEC_NONE);
    }
}

void
persons_compare_author(struct pipeline *pipeline, struct slice post,
                       const struct post_user *author)
{
    if (post.len == 0 || author->id.len == 0) {
        return;
    }
    const struct users *users = &pipeline->users;
    struct arena *texts = &pipeline->hand.named_texts;
    uint32_t known = learn_known_author(pipeline, versions_target(pipeline, post));
    if (known == USER_NONE || is_alone(pipeline, known) == is_by_handle(author)) {
        return;
    }
    struct slice id = arena_join(texts, users_id(users, known), SLICE_NONE);
    if (is_by_handle(author)) {
        struct slice own = users_handle_in(author->id);
        vouch(pipeline, id, users_network_of(author->id),
              handle_form_same(users->form, own, author->handle)
                  ? author->handle
                  : lower_case(pipeline, own));
    } else {
        struct slice handle = arena_join(texts, users_handle(users, known), SLICE_NONE);
        vouch(pipeline, author->id, users_network_of(id), handle);
    }
}

// A post has one author: whom a message names by handle alone and whom it is known to
// be by id, or the other way round, are one person.
static void
compare_authors(struct pipeline *pipeline, const struct post *post)
{
    const struct post_ref *refs[] = {&post->retweet_of, &post->quote, &post->reply_to};
    if (post->kind == POST_PUBLISHED) {
        persons_compare_author(pipeline, post->id, &post->author);
    }
    for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
        for (const struct post_ref *ref = refs[i]; ref != NULL; ref = ref->quote) {
            persons_compare_author(pipeline, ref->id, &ref->author);
        }
    }
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
    bool is_named = is_named_alone(given) || reveals(pipeline, met);
    met->actor = USER_NONE;
    if (is_named && resolve_met(pipeline, given, met) != STATUS_OK) {
        return STATUS_NOMEM;
    }
    if (is_repeat(pipeline, met)) {
        return STATUS_OK;
    }
    if (is_named || is_shown_late(given)) {
        claim_all(pipeline, given);
        compare_authors(pipeline, given);
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
counter_like(const struct pipeline *pipeline, uint32_t user, const struct counter *like)
{
    const struct counters *counters = &pipeline->windows.counters;
    uint32_t counter = users_at(&pipeline->users, user)->counters;
    if (counter_tally(like) >= TALLY_CAMPAIGN) {
        return campaign_counter_find(counters, counter, counter_tally(like),
                                     like->dirty);
    }
    while (counter != COUNTER_NONE &&
           counter_tally(counters_at(counters, counter)) != counter_tally(like)) {
        counter = counters_at(counters, counter)->next;
    }
    return counter;
}

// The new id of its owner changes its order among equals.
static void
counter_renamed(struct pipeline *pipeline, const struct counter *counter)
{
    enum tally tally = counter_tally(counter);
    if (tally < TALLY_CAMPAIGN) {
        boards_renamed(&pipeline->boards, tally);
    } else if (tally != TALLY_ACTS) {
        boards_renamed(&pipeline->campaigns.figures[counter->dirty].boards, tally);
    }
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
        uint32_t same = counter_like(pipeline, into, row);
        row->next = COUNTER_NONE;
        if (same != COUNTER_NONE) {
            windows_counter_merge(windows, counter, same);
            campaign_fold_merged(pipeline, counter);
        } else {
            struct user *user = users_at(&pipeline->users, into);
            row->owner = into;
            row->next = user->counters;
            user->counters = counter;
            counter_renamed(pipeline, row);
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
    enum amplifiers_merged merged =
        amplifiers_merge(&row->amplifiers, pipeline->texts, from, into, &followers);
    if (merged == AMPLIFIERS_ABSENT) {
        return;
    }
    first_acts_merge(&row->acts, pipeline->texts, from, into);
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
    campaign_people_merge(pipeline, from, into);
    move_counters(pipeline, from, into);
    carriers_merge(&pipeline->carriers, from, into);
    boards_lasting_renamed(&pipeline->boards);
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
