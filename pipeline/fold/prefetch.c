#include "pipeline/fold/prefetch.h"

#include "pipeline/fold/ids.h"
#include "pipeline/inside.h"

// How far ahead in a queue each part is prefetched: the address of a part is in the
// part before it.
enum { ROW_AHEAD = 12, PARTS_AHEAD = 8, REST_AHEAD = 4 };

enum { CACHE_LINE = 64 };

static void
lines(const void *thing, size_t size)
{
    for (size_t at = 0; at < size; at += CACHE_LINE) {
        __builtin_prefetch((const char *)thing + at);
    }
    __builtin_prefetch((const char *)thing + size - 1);
}

static void
counter(const struct pipeline *pipeline, uint32_t index)
{
    if (index != COUNTER_NONE) {
        __builtin_prefetch(counters_at(&pipeline->windows.counters, index));
    }
}

static void
piece(const struct pipeline *pipeline, uint32_t ref)
{
    if (ref != SLAB_NONE) {
        __builtin_prefetch(slab_at(pipeline->texts, ref));
    }
}

static void
user_row(const struct pipeline *pipeline, uint32_t user)
{
    lines(users_at(&pipeline->users, user), sizeof(struct user));
}

static void
user_parts(const struct pipeline *pipeline, uint32_t user)
{
    const struct user *row = users_at(&pipeline->users, user);
    piece(pipeline, row->card);
    counter(pipeline, row->counters);
}

static void
user_rest(const struct pipeline *pipeline, uint32_t user)
{
    uint32_t first = users_at(&pipeline->users, user)->counters;
    if (first != COUNTER_NONE) {
        counter(pipeline, counters_at(&pipeline->windows.counters, first)->next);
    }
}

static void
carrier_row(const struct pipeline *pipeline, uint32_t user)
{
    uint32_t row = carriers_find(&pipeline->carriers, user);
    if (row != CARRIER_NONE) {
        lines(carriers_at(&pipeline->carriers, row), sizeof(struct carrier));
    }
}

static void
cascade_row(const struct pipeline *pipeline, uint32_t cascade)
{
    lines(cascades_at(&pipeline->cascades, cascade), sizeof(struct cascade));
}

static void
cascade_parts(const struct pipeline *pipeline, uint32_t cascade)
{
    const struct cascade *row = cascades_at(&pipeline->cascades, cascade);
    piece(pipeline, row->id);
    piece(pipeline, row->amplifiers.piece);
    counter(pipeline, row->board);
    counter(pipeline, row->velocity);
}

// ── a post ─────────────────────────────────────────────────────────────────

// The record with that hash or, rarely, another one with the same tag.
static uint32_t
probably(const struct table *table, uint64_t hash)
{
    struct table_walk walk = table_walk(table, hash);
    return table_next(table, &walk);
}

void
prefetch_post(const struct pipeline *pipeline, const struct post *post,
              const struct ids *ids)
{
    const struct table *users = &pipeline->users.by_id;
    const struct table *cascades = &pipeline->cascades.by_id;
    bool is_retweet = post->kind == POST_RETWEETED;
    size_t people = is_retweet && post->retweet_of.author.id.len != 0 ? 2 : 1;
    const uint64_t hashes[] = {ids->author, ids->root.author};
    uint32_t found[2];
    uint64_t carried = is_retweet ? ids->root.post : ids->post;

    table_prefetch(&pipeline->records.by_hash, ids->post);
    table_prefetch(cascades, carried);
    for (size_t i = 0; i < people; i++) {
        table_prefetch(users, hashes[i]);
    }
    for (size_t i = 0; i < people; i++) {
        found[i] = probably(users, hashes[i]);
        if (found[i] != TABLE_NONE) {
            user_row(pipeline, found[i]);
        }
    }
    uint32_t cascade = probably(cascades, carried);
    if (cascade != TABLE_NONE) {
        cascade_row(pipeline, cascade);
    }
    for (size_t i = 0; i < people; i++) {
        if (found[i] != TABLE_NONE) {
            user_parts(pipeline, found[i]);
            carrier_row(pipeline, found[i]);
        }
    }
    if (cascade != TABLE_NONE) {
        cascade_parts(pipeline, cascade);
    }
}

// ── queues ─────────────────────────────────────────────────────────────────

typedef void (*prefetch_fn)(const struct pipeline *pipeline, uint32_t index);

static void
ahead(const struct pipeline *pipeline, const struct queue *queue, uint32_t places,
      prefetch_fn prefetch)
{
    if (places < queue->count) {
        prefetch(pipeline, queue_at(queue, places));
    }
}

void
prefetch_queued_users(const struct pipeline *pipeline)
{
    const struct queue *queue = &pipeline->users.queue;
    ahead(pipeline, queue, ROW_AHEAD, user_row);
    ahead(pipeline, queue, PARTS_AHEAD, user_parts);
    ahead(pipeline, queue, REST_AHEAD, user_rest);
}

void
prefetch_queued_cascades(const struct pipeline *pipeline)
{
    const struct queue *queue = &pipeline->cascades.queue;
    ahead(pipeline, queue, ROW_AHEAD, cascade_row);
    ahead(pipeline, queue, PARTS_AHEAD, cascade_parts);
}
