#include "pipeline/fold/admission.h"

#include "pipeline/fold/versions.h"
#include "pipeline/inside.h"

enum {
    TEXTS_MARGIN = 16 << 20, // by how much one post may enlarge the sets of amplifiers
    NAMES_OF_ONE_POST = 16,  // users and posts it refers to, embedded ones included
    NAME_BYTES = 2 * POST_NAME_MAX + POST_ID_MAX,
    POSTS_PER_WAIT = 64, // at least, so that flushes do not set the pace
    WAIT_PART = 1024,    // of users.capacity: more posts, since a search takes longer
    WAITS_AHEAD = 8,     // that may follow one another
};

void
admission_lose(struct pipeline *pipeline, uint64_t *counter)
{
    ++*counter;
    pipeline->lost_at = pipeline->clock;
    pipeline->hand.is_cut = true;
}

static bool
is_pointing(const struct post *post)
{
    return post->retweet_of.id.len != 0 || post->quote.id.len != 0 ||
           post->reply_to.id.len != 0;
}

// Amounts that every such post adds: its own, and those of the posts above it.
static uint32_t
amounts_of(const struct post *post)
{
    return is_pointing(post) ? PIPELINE_PATH_AMOUNTS * (uint32_t)PIPELINE_PATH_MAX : 1;
}

static bool
texts_have_room(const struct pipeline *pipeline, size_t names)
{
    return slab_room(pipeline->texts) >= TEXTS_MARGIN + names * NAME_BYTES;
}

static size_t
at_most(size_t count, uint64_t limit)
{
    count = count < POST_LIST_MAX ? count : (size_t)POST_LIST_MAX;
    return count < limit ? count : (size_t)limit;
}

// ── all of it ──────────────────────────────────────────────────────────────

static bool
people_have_room(struct pipeline *pipeline, size_t count)
{
    return users_make_room(&pipeline->users, count) ||
           (release_people(pipeline) && users_make_room(&pipeline->users, count));
}

// By upper bounds of what it may need, so that no lookup is necessary.
static bool
fits(struct pipeline *pipeline, const struct post *post)
{
    size_t mentions = at_most(post->mention_count, pipeline->options.users_per_post);
    size_t tags = at_most(post->hashtag_count, pipeline->options.hashtags_per_post);
    size_t names = mentions + NAMES_OF_ONE_POST;
    size_t amounts = mentions + tags + amounts_of(post);
    return people_have_room(pipeline, names) &&
           cascades_ensure_room(&pipeline->cascades, NAMES_OF_ONE_POST,
                                pipeline->clock) &&
           tags_make_room(&pipeline->tags, &pipeline->windows, tags) &&
           windows_have_room(&pipeline->windows, amounts) &&
           texts_have_room(pipeline, names + tags);
}

// ── what it cannot do without ──────────────────────────────────────────────

static void
need_user(const struct pipeline *pipeline, struct slice id,
          struct admission_needs *needs)
{
    needs->users +=
        id.len != 0 && users_find(&pipeline->users, id) == USER_NONE ? 1 : 0;
}

static void
need_target(const struct pipeline *pipeline, const struct post_ref *ref,
            struct admission_needs *needs)
{
    for (int i = 0; ref != NULL && ref->id.len != 0 && i <= POST_QUOTES_MAX;
         i++, ref = ref->quote) {
        needs->cascades +=
            cascades_find_hash(&pipeline->cascades,
                               versions_target(pipeline, ref->id)) == CASCADE_NONE;
        need_user(pipeline, ref->author.id, needs);
    }
}

static struct admission_needs
needs_of(const struct pipeline *pipeline, const struct post *post)
{
    struct admission_needs needs = {.amounts = amounts_of(post)};
    need_user(pipeline, post->author.id, &needs);
    need_user(pipeline, post->via_author, &needs);
    need_target(pipeline, &post->retweet_of, &needs);
    need_target(pipeline, &post->quote, &needs);
    need_target(pipeline, &post->reply_to, &needs);
    return needs;
}

// The counter of the table that lacks room for the needs, or NULL if they fit.
static uint64_t *
lacking(struct pipeline *pipeline)
{
    struct pipeline_metrics *metrics = &pipeline->metrics;
    struct admission_needs needs = pipeline->hand.needs;
    size_t names = (size_t)needs.users + needs.cascades;
    if (!users_make_room(&pipeline->users, needs.users)) {
        return &metrics->users_left_out;
    }
    if (!cascades_ensure_room(&pipeline->cascades, needs.cascades, pipeline->clock)) {
        return &metrics->cascades_left_out;
    }
    if (!windows_have_room(&pipeline->windows, needs.amounts)) {
        return &metrics->windows_left_out;
    }
    if (names != 0 && !texts_have_room(pipeline, names)) {
        return &metrics->texts_left_out;
    }
    return NULL;
}

// ── waiting ────────────────────────────────────────────────────────────────

static bool
is_pending(const struct pipeline *pipeline)
{
    return changes_pending(pipeline) ||
           pipeline->flush.flying_first != pipeline->flush.flying_next;
}

// Waiting for a flush takes milliseconds. So that it does not set the pace, only one
// post in POSTS_PER_WAIT may wait on average.
static bool
take_wait(struct pipeline *pipeline)
{
    uint64_t gap = pipeline->options.users_capacity / WAIT_PART;
    gap = gap > POSTS_PER_WAIT ? gap : POSTS_PER_WAIT;
    if (pipeline->next_wait > pipeline->asked + WAITS_AHEAD * gap) {
        return false;
    }
    bool is_behind = pipeline->next_wait < pipeline->asked;
    pipeline->next_wait = (is_behind ? pipeline->asked : pipeline->next_wait) + gap;
    return true;
}

// Decides whether the post waits for a flush, which may make room, and notes that. What
// takes the room leaves with the steps of the longest window, so one flush in each is
// waited for, if take_wait allows it; and rows of cascades that are on their way out
// are free after it.
static bool
wait_for_room(struct pipeline *pipeline)
{
    const struct windows *windows = &pipeline->windows;
    int64_t step = windows->window[windows->longest].current;
    if (!pipeline->is_cramped) {
        bool is_useless =
            step == pipeline->useless_step && pipeline->cascades.leaving == 0;
        pipeline->is_cramped = !is_useless && take_wait(pipeline);
        return pipeline->is_cramped;
    }
    if (is_pending(pipeline)) {
        return true;
    }
    pipeline->is_cramped = false;
    pipeline->useless_step = step;
    return false;
}

enum status
admission_check(struct pipeline *pipeline, const struct post *post)
{
    pipeline->hand.is_cut = false;
    if (pipeline->is_cramped && !is_pending(pipeline)) {
        release_renew(&pipeline->release);
    }
    pipeline->hand.is_tight = !fits(pipeline, post);
    if (pipeline->hand.is_tight && wait_for_room(pipeline)) {
        return STATUS_AGAIN;
    }
    pipeline->asked++;
    if (!pipeline->hand.is_tight) {
        pipeline->is_cramped = false;
        return STATUS_OK;
    }
    pipeline->hand.needs = needs_of(pipeline, post);
    uint64_t *counter = lacking(pipeline);
    if (counter != NULL) {
        admission_lose(pipeline, counter);
        pipeline->metrics.refused++;
        return STATUS_FULL;
    }
    // The author comes first: what others name needs no room for them any more.
    pipeline->hand.needs.users -=
        users_find(&pipeline->users, post->author.id) == USER_NONE ? 1 : 0;
    return STATUS_OK;
}

// ── names ──────────────────────────────────────────────────────────────────

static size_t
looked_at(struct pipeline *pipeline, size_t count, uint64_t limit)
{
    size_t kept = at_most(count, limit);
    pipeline->metrics.names_beyond += count - kept;
    pipeline->hand.is_cut = pipeline->hand.is_cut || kept < count;
    return kept;
}

size_t
admission_mentions(struct pipeline *pipeline, const struct post *post)
{
    return looked_at(pipeline, post->mention_count, pipeline->options.users_per_post);
}

size_t
admission_hashtags(struct pipeline *pipeline, const struct post *post)
{
    return looked_at(pipeline, post->hashtag_count,
                     pipeline->options.hashtags_per_post);
}

static bool
is_rationed(struct pipeline *pipeline, struct quota *quota, const struct post *post,
            uint64_t capacity)
{
    uint64_t author = inside_hash(pipeline, post->author.id);
    if (quota_take(quota, author, (uint32_t)capacity)) {
        return false;
    }
    admission_lose(pipeline, &pipeline->metrics.names_rationed);
    return true;
}

// The counter of the table that lacks room for one more name, or NULL.
static uint64_t *
lacking_for_name(struct pipeline *pipeline, bool is_new, bool is_full, uint64_t *full)
{
    struct admission_needs *needs = &pipeline->hand.needs;
    if (!pipeline->hand.is_tight) {
        return NULL;
    }
    if (!windows_have_room(&pipeline->windows, ++needs->amounts)) {
        return &pipeline->metrics.windows_left_out;
    }
    if (is_new && is_full) {
        return full;
    }
    size_t names = (size_t)needs->users + needs->cascades + 1;
    return is_new && !texts_have_room(pipeline, names)
               ? &pipeline->metrics.texts_left_out
               : NULL;
}

bool
admission_may_mention(struct pipeline *pipeline, const struct post *post,
                      const struct post_user *person)
{
    struct users *users = &pipeline->users;
    bool is_pressed = users_is_pressed(users);
    if (!pipeline->hand.is_tight && !is_pressed) {
        return true;
    }
    bool is_new = users_find(users, person->id) == USER_NONE;
    bool is_full = users->capacity - users->count <= pipeline->hand.needs.users;
    uint64_t *counter =
        lacking_for_name(pipeline, is_new, is_full, &pipeline->metrics.users_left_out);
    if (counter != NULL) {
        admission_lose(pipeline, counter);
        return false;
    }
    return !is_new || !is_pressed ||
           !is_rationed(pipeline, &pipeline->user_quota, post, users->capacity);
}

bool
admission_may_tag(struct pipeline *pipeline, const struct post *post,
                  struct slice hashtag)
{
    struct tags *tags = &pipeline->tags;
    bool is_pressed = tags->count > tags->capacity / 2;
    if (!pipeline->hand.is_tight && !is_pressed) {
        return true;
    }
    bool is_new = tags_find(tags, hashtag) == TAG_NONE;
    uint64_t *counter =
        lacking_for_name(pipeline, is_new, tags->count == tags->capacity,
                         &pipeline->metrics.hashtags_left_out);
    if (counter != NULL) {
        admission_lose(pipeline, counter);
        return false;
    }
    return !is_new || !is_pressed ||
           !is_rationed(pipeline, &pipeline->tag_quota, post, tags->capacity);
}
