#include "pipeline/fold/learn.h"

#include "pipeline/fold/belong.h"
#include "pipeline/fold/versions.h"
#include "pipeline/inside.h"

struct slice
learn_cut(const struct pipeline *pipeline, struct slice text)
{
    size_t limit = pipeline->options.cascades_text;
    if (text.len <= limit) {
        return text;
    }
    while (limit != 0 && ((uint8_t)text.ptr[limit] & 0xC0) == 0x80) {
        limit--;
    }
    return (struct slice){text.ptr, limit};
}

static void
set_text(struct pipeline *pipeline, uint32_t cascade, struct slice text,
         struct slice lang)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    if ((row->flags & CASCADE_HIDDEN) != 0) {
        return;
    }
    if (row->text == SLAB_NONE && text.len != 0) {
        row->text = slab_text_put(pipeline->texts, learn_cut(pipeline, text));
        cascades_queue(&pipeline->cascades, cascade, CASCADE_TEXT);
    }
    if (row->lang == SLAB_NONE && lang.len != 0) {
        row->lang = slab_text_put(pipeline->texts, lang);
        cascades_queue(&pipeline->cascades, cascade, CASCADE_LANG);
    }
}

static void
set_created(struct pipeline *pipeline, uint32_t cascade, usec created)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    if (row->created == USEC_NONE && created != USEC_NONE) {
        row->created = created;
        cascades_time_close(&pipeline->cascades, cascade);
        cascades_queue(&pipeline->cascades, cascade, CASCADE_CREATED | CASCADE_STATE);
    }
}

// A post cannot be later than a post that refers to it, at `time`, whatever their dates
// are.
static usec
bound(usec created, usec time)
{
    if (created >= time) { // also if its own message came without a valid date
        return time;
    }
    return post_time_is_believable(created, time) ? created : USEC_NONE;
}

void
learn_parent(struct pipeline *pipeline, uint32_t cascade, uint32_t parent)
{
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    if (cascades_parent(&pipeline->cascades, cascade) == CASCADE_NONE &&
        parent != cascade) {
        row->parent = parent;
        row->parent_birth = cascades_at(&pipeline->cascades, parent)->birth;
        row->flags |= CASCADE_HAS_PARENT;
        cascades_queue(&pipeline->cascades, cascade, CASCADE_PARENT);
    }
}

void
learn_post(struct pipeline *pipeline, uint32_t cascade, const struct learn_facts *facts)
{
    const struct post_ref *post = facts->post;
    if (post->author.id.len != 0) {
        cascades_set_author(&pipeline->cascades, cascade,
                            users_see_hash(&pipeline->users, &post->author,
                                           facts->author, facts->time));
    }
    set_text(pipeline, cascade, post->text, post->lang);
    usec seen = facts->time != USEC_NONE ? facts->time : pipeline->clock;
    set_created(pipeline, cascade, bound(post->created, seen));
    struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    if (post->has_reported &&
        ((row->flags & CASCADE_REPORTED) == 0 || post->reported > row->reported)) {
        row->reported = post->reported;
        row->flags |= CASCADE_REPORTED;
        cascades_queue(&pipeline->cascades, cascade, CASCADE_COUNT_REPORTED);
    }
}

// Initialises a new record from the post's own message, if that is remembered.
static void
recall(struct pipeline *pipeline, uint32_t cascade, uint64_t hash)
{
    uint32_t event = event_records_find(&pipeline->records, hash);
    if (event == EVENT_NONE) {
        return;
    }
    const struct event *row = event_records_at(&pipeline->records, event);
    if ((row->flags & EVENT_UNDONE) != 0) {
        cascades_hide(&pipeline->cascades, cascade);
    }
    struct cascade *post = cascades_at(&pipeline->cascades, cascade);
    if (post->author == USER_NONE) {
        cascades_set_author(&pipeline->cascades, cascade, inside_actor(pipeline, row));
        post->is_author_gone = post->author == USER_NONE;
    }
    set_created(pipeline, cascade, row->time);
    struct event_records_words words;
    if (event_records_text(&pipeline->records, event, &words)) {
        set_text(pipeline, cascade, words.text, words.lang);
    }
    belong_recalled(pipeline, cascade, event);
    if ((row->flags & EVENT_QUOTE) == 0) {
        return;
    }
    if (cascades_at(&pipeline->cascades, row->target)->birth == row->target_birth) {
        learn_parent(pipeline, cascade, row->target);
    } else {
        post->is_parent_gone = true;
    }
}

uint32_t
learn_target(struct pipeline *pipeline, const struct post_ref *ref, struct ids_ref ids,
             usec time)
{
    const struct post_ref *refs[POST_QUOTES_MAX + 1];
    uint32_t chain[POST_QUOTES_MAX + 1];
    int count = 0;
    uint32_t below = CASCADE_NONE;
    for (; ref != NULL && count <= POST_QUOTES_MAX; ref = ref->quote) {
        bool is_new;
        ids = count == 0 ? ids : ids_of_ref(pipeline, ref);
        uint32_t cascade =
            cascades_put(&pipeline->cascades, versions_id(pipeline, ref, ids.post),
                         ids.post, &is_new);
        cascades_refresh(&pipeline->cascades, cascade, pipeline->clock);
        learn_post(pipeline, cascade, &(struct learn_facts){ref, ids.author, time});
        if (is_new) {
            belong_new(pipeline, cascade);
            recall(pipeline, cascade, ids.post);
        }
        if (below != CASCADE_NONE) {
            learn_parent(pipeline, below, cascade);
        }
        below = cascade;
        refs[count] = ref;
        chain[count++] = cascade;
    }
    below = CASCADE_NONE;
    for (int i = count - 1; i >= 0; i--) {
        belong_target(pipeline, chain[i], refs[i], below);
        below = chain[i];
    }
    return below;
}

uint32_t
learn_known_author(const struct pipeline *pipeline, uint64_t hash)
{
    uint32_t cascade = cascades_find_hash(&pipeline->cascades, hash);
    if (cascade != CASCADE_NONE) {
        return cascades_at(&pipeline->cascades, cascade)->author;
    }
    uint32_t event = event_records_find(&pipeline->records, hash);
    if (event == EVENT_NONE) {
        return USER_NONE;
    }
    const struct event *row = event_records_at(&pipeline->records, event);
    return (row->flags & EVENT_RETWEET) == 0 ? inside_actor(pipeline, row) : USER_NONE;
}

uint32_t
learn_author_of(struct pipeline *pipeline, const struct post_ref *ref, uint64_t author,
                uint32_t target)
{
    if (ref->author.id.len != 0) {
        return users_find_hash(&pipeline->users, author);
    }
    const struct cascade *row = cascades_at(&pipeline->cascades, target);
    if (row->author == USER_NONE && row->is_author_gone) {
        admission_lose(pipeline, &pipeline->metrics.facts_forgotten);
    }
    return row->author;
}
