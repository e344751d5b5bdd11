#include "sinks/api/api.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json_writer.h"
#include "net/clock.h"
#include "sinks/api/api_inside.h"

enum { PARAMETER_MAX = 32 };

typedef void (*write_fn)(const struct api_call *call);

// ── time ───────────────────────────────────────────────────────────────────

static void
rate(struct api *api, usec now)
{
    struct changes_meta meta;
    usec passed = now - api->rated;
    if (passed < USEC_PER_S) {
        return;
    }
    changes_meta(api->setup.pipeline, &meta);
    api->rate = (double)(meta.posts - api->posts) * (double)USEC_PER_S / (double)passed;
    api->posts = meta.posts;
    api->rated = now;
}

static void
advance(struct api *api, usec now)
{
    api->number++;
    api->numbered = now;
    rate(api, now);
}

uint64_t
api_number(struct api *api)
{
    usec now = clock_monotonic();
    if (now - api->numbered >= USEC_PER_S) {
        advance(api, now);
    }
    return api->number;
}

static void
note_ranks(struct api *api, usec clock)
{
    struct pipeline *pipeline = api->setup.pipeline;
    static const struct hash_key key = {0, 0};
    uint64_t hashes[API_RANKS_KEPT];
    if (!api_ranks_begin(&api->ranks, clock)) {
        return;
    }
    for (uint32_t board = 0; board < api->ranks.boards; board++) {
        enum views_owner kind = views_board(pipeline, board).owner;
        uint32_t count = views_entries(pipeline, board, api->entries, API_RANKS_KEPT);
        for (uint32_t i = 0; i < count; i++) {
            hashes[i] =
                hash_slice(&key, views_owner_id(pipeline, kind, api->entries[i].owner));
        }
        api_ranks_set(&api->ranks, board, hashes, count);
    }
}

void
api_flushed(struct api *api)
{
    struct changes_meta meta;
    advance(api, clock_monotonic());
    api->as_of = api->setup.wall();
    changes_meta(api->setup.pipeline, &meta);
    if (meta.clock != USEC_NONE) {
        note_ranks(api, meta.clock);
    }
}

void
api_changed(struct api *api)
{
    advance(api, clock_monotonic());
}

void
api_alerted(struct api *api, struct slice json)
{
    api_alerts_add(&api->alerts, json);
}

void
api_recalled(struct api *api, struct slice json)
{
    api_alerts_recall(&api->alerts, json);
}

// ── answers ────────────────────────────────────────────────────────────────

static void
fill(const struct api_call *call, const char *tag, struct slice text)
{
    *call->reply =
        (struct http_reply){.code = HTTP_CODE_OK, .type = HTTP_TYPE_JSON, .text = text};
    if (http_request_is_known(call->request, slice_of(tag))) {
        *call->reply = (struct http_reply){.code = HTTP_CODE_SAME};
    }
    snprintf(call->reply->tag, sizeof(call->reply->tag), "%s", tag);
}

// What distinguishes an answer from others: the path and the parameters.
static struct slice
key_of(const struct http_request *request, char key[API_CACHE_KEY_MAX])
{
    static const struct slice names[] = {{"limit", 5}, {"network", 7}};
    size_t used = request->path.len;
    if (used > API_CACHE_KEY_MAX) {
        return SLICE_NONE;
    }
    memcpy(key, request->path.ptr, used);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char text[PARAMETER_MAX];
        struct slice value;
        if (http_request_parameter(request, names[i], text, sizeof(text), &value) !=
                STATUS_OK ||
            used + 1 + value.len > API_CACHE_KEY_MAX) {
            return SLICE_NONE;
        }
        key[used++] = '\0';
        if (value.len != 0) {
            memcpy(key + used, value.ptr, value.len);
        }
        used += value.len;
    }
    return (struct slice){key, used};
}

static void
answer(const struct api_call *call, write_fn write)
{
    struct api *api = call->api;
    char bytes[API_CACHE_KEY_MAX];
    char tag[HTTP_TAG_MAX];
    uint64_t number = api_number(api);
    snprintf(tag, sizeof(tag), "\"%" PRIu64 "\"", number);
    struct slice key = key_of(call->request, bytes);
    struct slice kept =
        slice_is_none(key) ? SLICE_NONE : api_cache_find(&api->cache, number, key);
    if (!slice_is_none(kept)) {
        fill(call, tag, kept);
        return;
    }
    write(call);
    if (call->reply->code != 0 || call->body->is_failed) {
        return; // refused
    }
    buffer_append_byte(call->body, '\n');
    if (!slice_is_none(key) && !call->body->is_failed) {
        api_cache_put(&api->cache, number, key, buffer_text(call->body));
    }
    fill(call, tag, buffer_text(call->body));
}

void
api_write_alerts(const struct api_call *call)
{
    const struct api_alerts *alerts = &call->api->alerts;
    size_t limit;
    if (!api_limit(call, &limit)) {
        return;
    }
    size_t count = api_alerts_count(alerts);
    json_writer_open(call->body, '[');
    for (size_t i = 0; i < count && i < limit; i++) {
        json_writer_json(call->body, api_alerts_at(alerts, i));
    }
    json_writer_close(call->body, ']');
}

// ── pages ──────────────────────────────────────────────────────────────────

#define PAGE(name)                                                                     \
    static void answer_##name(void *context, const struct http_request *request,       \
                              struct buffer *body, struct http_reply *reply)           \
    {                                                                                  \
        const struct api_call call = {context, request, body, reply};                  \
        answer(&call, api_write_##name);                                               \
    }

PAGE(status)
PAGE(top)
PAGE(user)
PAGE(tree)
PAGE(cascade)
PAGE(alerts)

// clang-format off
static const struct http_page pages[] = {
    {"/api/v1/status", answer_status},
    {"/api/v1/top/*/*", answer_top},
    {"/api/v1/users/**", answer_user},
    {"/api/v1/cascades/**/tree", answer_tree},
    {"/api/v1/cascades/**", answer_cascade},
    {"/api/v1/alerts", answer_alerts},
    {NULL, NULL},
};
// clang-format on

struct http_pages
api_pages(struct api *api)
{
    return (struct http_pages){pages, api};
}

// ── life ───────────────────────────────────────────────────────────────────

struct api *
api_create(const struct api_setup *setup)
{
    struct api *api = calloc(1, sizeof(*api));
    if (api == NULL) {
        return NULL;
    }
    api->setup = *setup;
    api->as_of = setup->wall();
    api->number = (uint64_t)(api->as_of / USEC_PER_MS);
    api->numbered = api->rated = api->spending = clock_monotonic();
    api->entries = calloc(views_top(setup->pipeline), sizeof(*api->entries));
    api->tree = calloc(1, sizeof(*api->tree));
    if (api->entries == NULL || api->tree == NULL ||
        !api_ranks_init(&api->ranks, views_boards(setup->pipeline))) {
        api_destroy(&api);
    }
    return api;
}

void
api_destroy(struct api **api)
{
    struct api *a = *api;
    if (a == NULL) {
        return;
    }
    api_cache_fini(&a->cache);
    api_alerts_fini(&a->alerts);
    api_ranks_fini(&a->ranks);
    free(a->tree);
    free(a->entries);
    free(a);
    *api = NULL;
}
