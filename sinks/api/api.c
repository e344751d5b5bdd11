#include "sinks/api/api.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/hash.h"
#include "base/json_writer.h"
#include "net/clock.h"
#include "sinks/api/api_inside.h"

enum {
    PARAMETER_MAX = 32,
    RANKS_KEPT = 250,    // members of a board
    CAMPAIGN_RANKS = 50, // of a board of a campaign
    NOTING_FLUSHES = 8,  // those of all campaigns are noted within so many
};

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

// ── ranks ──────────────────────────────────────────────────────────────────

// The entries that api->entries has of the board of that number in `ranks`.
static void
note_board(struct api *api, struct api_ranks *ranks, uint32_t board,
           enum views_owner kind, uint32_t count)
{
    uint64_t hashes[RANKS_KEPT];
    for (uint32_t i = 0; i < count; i++) {
        struct slice id =
            views_owner_id(api->setup.pipeline, kind, api->entries[i].owner);
        hashes[i] = hash_known(id);
    }
    api_ranks_set(ranks, board, hashes, count);
}

static void
note_ranks(struct api *api, usec clock)
{
    const struct pipeline *pipeline = api->setup.pipeline;
    if (!api_ranks_begin(&api->ranks, clock)) {
        return;
    }
    for (uint32_t board = 0; board < api->ranks.boards; board++) {
        uint32_t count = views_entries(pipeline, board, api->entries, api->ranks.kept);
        note_board(api, &api->ranks, board, views_board(pipeline, board).owner, count);
    }
}

// The marks of campaigns that are gone are not read any more.
static void
keep_marks(struct api *api, uint32_t campaigns)
{
    struct slice names[VIEWS_CAMPAIGNS_MAX];
    for (uint32_t i = 0; i < campaigns; i++) {
        names[i] = views_campaign_name(api->setup.pipeline, i);
    }
    api_marks_keep(&api->marks, names, campaigns);
}

// Those of campaigns are other boards once the campaigns are replaced. Without memory
// no ranks are noted.
static void
follow_campaigns(struct api *api)
{
    const struct pipeline *pipeline = api->setup.pipeline;
    uint32_t order = views_campaigns_order(pipeline);
    uint32_t count = views_campaigns(pipeline);
    if (order == api->campaigns_order) {
        return;
    }
    api->campaigns_order = order;
    api->campaign_noting = UINT32_MAX;
    keep_marks(api, count);
    api_ranks_fini(&api->campaign_ranks);
    if (count != 0 &&
        !api_ranks_init(&api->campaign_ranks,
                        count * views_campaign_boards(pipeline, 0), CAMPAIGN_RANKS)) {
        api_ranks_fini(&api->campaign_ranks);
    }
}

static void
note_campaign(struct api *api, uint32_t campaign)
{
    const struct pipeline *pipeline = api->setup.pipeline;
    struct api_ranks *ranks = &api->campaign_ranks;
    uint32_t each = views_campaign_boards(pipeline, campaign);
    for (uint32_t i = 0; i < each; i++) {
        uint32_t count =
            views_campaign_entries(pipeline, campaign, i, api->entries, ranks->kept);
        note_board(api, ranks, campaign * each + i,
                   views_campaign_board(pipeline, campaign, i).owner, count);
    }
}

// A few campaigns at each flush: to note all boards of 64 campaigns takes 13 ms.
static void
note_campaign_ranks(struct api *api, usec clock)
{
    usec now = clock_monotonic();
    follow_campaigns(api);
    uint32_t count =
        api->campaign_ranks.boards != 0 ? views_campaigns(api->setup.pipeline) : 0;
    if (api->campaign_noting >= count) {
        // The clock of a fast replay passes many times API_RANKS_EVERY in a second.
        if (count == 0 || now - api->campaigns_noted < USEC_PER_S ||
            !api_ranks_begin(&api->campaign_ranks, clock)) {
            return;
        }
        api->campaigns_noted = now;
        api->campaign_noting = 0;
    }
    uint32_t part = (count + NOTING_FLUSHES - 1) / NOTING_FLUSHES;
    for (uint32_t i = 0; i < part && api->campaign_noting < count; i++) {
        note_campaign(api, api->campaign_noting++);
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
        note_campaign_ranks(api, meta.clock);
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

void
api_forget(struct api *api, const struct person_text *person)
{
    api_alerts_forget(&api->alerts, person);
    api_changed(api);
}

// ── marks ──────────────────────────────────────────────────────────────────

void
api_marks_follow(struct api *api, struct slice campaign)
{
    api_marks_begin(&api->marks, campaign);
}

// A list has at most VIEWS_OUTREACH_MAX people, so there is room for all. Without
// memory a mark is missing until it is read again.
void
api_mark(struct api *api, struct slice campaign, struct slice person, struct slice ms)
{
    const struct pipeline *pipeline = api->setup.pipeline;
    uint32_t number = views_campaign_find(pipeline, campaign);
    uint32_t user = views_find_user(pipeline, person);
    uint64_t at;
    if (number != VIEWS_NONE && user != VIEWS_NONE &&
        views_campaign_lists(pipeline, number, user) && decimal_parse_whole(ms, &at) &&
        at <= INT64_MAX / USEC_PER_MS) {
        (void)api_marks_add(&api->marks, campaign, person, (usec)at * USEC_PER_MS);
    }
}

void
api_marks_complete(struct api *api, struct slice campaign)
{
    api_marks_end(&api->marks, campaign);
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
PAGE(campaigns)
PAGE(campaign)
PAGE(course)
PAGE(campaign_top)
PAGE(outreach)

// clang-format off
static const struct http_page pages[] = {
    {"/api/v1/status", answer_status},
    {"/api/v1/top/*/*", answer_top},
    {"/api/v1/users/**", answer_user},
    {"/api/v1/cascades/**/tree", answer_tree},
    {"/api/v1/cascades/**", answer_cascade},
    {"/api/v1/alerts", answer_alerts},
    {"/api/v1/campaigns", answer_campaigns},
    {"/api/v1/campaigns/*", answer_campaign},
    {"/api/v1/campaigns/*/course", answer_course},
    {"/api/v1/campaigns/*/top/*/*", answer_campaign_top},
    {"/api/v1/campaigns/*/outreach", answer_outreach},
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
    size_t most = views_top(setup->pipeline) + VIEWS_OUTREACH_MAX;
    api->entries = calloc(most, sizeof(*api->entries));
    api->tree = calloc(1, sizeof(*api->tree));
    if (api->entries == NULL || api->tree == NULL ||
        !api_ranks_init(&api->ranks, views_boards(setup->pipeline), RANKS_KEPT)) {
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
    api_marks_fini(&a->marks);
    api_ranks_fini(&a->campaign_ranks);
    api_ranks_fini(&a->ranks);
    free(a->tree);
    free(a->entries);
    free(a);
    *api = NULL;
}
