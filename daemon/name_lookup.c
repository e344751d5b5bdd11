#include "daemon/name_lookup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/backoff.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/table.h"
#include "daemon/name_lookup_answer.h"
#include "daemon/wall_clock.h"
#include "ingest/text/network.h"
#include "net/clock.h"
#include "net/http_fetch.h"
#include "net/http_request.h"
#include "net/url.h"
#include "pipeline/fold/names.h"

#define NETWORK SLICE_LIT(NETWORK_BLUESKY)
#define ANSWER_WITHIN (20 * USEC_PER_S)

enum {
    BATCH_MAX = 25,        // ids the API accepts in one call
    ASKED_MAX = 1 << 16,   // remembered
    LOOKS_PER_TICK = 4096, // entries of boards
    URL_MAX = 32 << 10,
    BODY_MAX = 4 << 20,
    BAD_REQUEST = 400,
    PAUSES_FIRST = 4, // after a failure, then doubled
};

#define AT(member) offsetof(struct name_lookup_options, member)
#define METRIC(member) offsetof(struct name_lookup_metrics, member)

// clang-format off
const struct option name_lookup_option_rows[] = {
    {"names.lookup", OPTION_BOOL, "true", 0, 1, false, AT(is_on),
     "Request handles, names and followers of people on the boards from Bluesky's public API"},
    {"names.url", OPTION_TEXT, "https://public.api.bsky.app", 1, OPTION_TEXT_MAX - 1, false,
     AT(url), "Server of this API"},
    {"names.pause", OPTION_SPAN, "500ms", 10 * USEC_PER_MS, USEC_PER_HOUR, false, AT(pause),
     "Minimum time between two requests"},
    {"names.refresh", OPTION_SPAN, "24h", USEC_PER_MIN, 30 * USEC_PER_DAY, false, AT(refresh),
     "Time after which the same person or post is requested again"},
    OPTION_END,
};

const struct metric name_lookup_metric_rows[] = {
    {"cascaded_names_requests_total", NULL, METRIC_COUNTER, METRIC(requests),
     "Requests to Bluesky's public API"},
    {"cascaded_names_requests_failed_total", NULL, METRIC_COUNTER, METRIC(requests_failed),
     "Requests without a usable answer"},
    {"cascaded_names_users_total", NULL, METRIC_COUNTER, METRIC(users_learnt),
     "Profiles received"},
    {"cascaded_names_posts_total", NULL, METRIC_COUNTER, METRIC(posts_learnt),
     "Posts received"},
    {"cascaded_names_missing_total", NULL, METRIC_COUNTER, METRIC(missing),
     "People and posts unknown to the API"},
    METRIC_END,
};
// clang-format on

struct asked {
    uint64_t hash;
    usec at;
};

struct batch {
    size_t count;
    bool is_posts;
    uint64_t hashes[BATCH_MAX];
    bool is_answered[BATCH_MAX];
};

struct name_lookup {
    struct name_lookup_setup setup;
    struct http_fetch *fetch;
    struct hash_key key;
    struct names_cursor cursor;
    struct asked asked[ASKED_MAX]; // ring
    uint64_t asked_next;
    struct table asked_table;
    struct batch batch;
    size_t singles; // calls of one id each that follow, because one id made the call
                    // for all fail
    char url[URL_MAX];
    struct backoff backoff;
    usec started;
    usec next_at; // monotonic
    bool has_failed;
    struct name_lookup_metrics metrics;
};

enum status
name_lookup_options_check(const struct name_lookup_options *options,
                          struct error *error)
{
    struct url url;
    struct error why = {0};
    enum status status = url_parse(slice_of(options->url), &url, &why);
    if (status != STATUS_OK) {
        return error_set(error, status, "names.url: %s", why.text);
    }
    if (url.kind != URL_HTTP || (!url.is_tls && !url_is_loopback(url.host))) {
        return error_set(
            error, STATUS_RANGE,
            "names.url: write it as https://…; http is allowed for this machine only");
    }
    return STATUS_OK;
}

// ── what was requested ─────────────────────────────────────────────────────

static struct asked *
find_asked(struct name_lookup *lookup, uint64_t hash)
{
    struct table_walk walk = table_walk(&lookup->asked_table, hash);
    uint32_t index;
    while ((index = table_next(&lookup->asked_table, &walk)) != TABLE_NONE) {
        if (lookup->asked[index].hash == hash) {
            return &lookup->asked[index];
        }
    }
    return NULL;
}

static void
note_asked(struct name_lookup *lookup, uint64_t hash, usec now)
{
    struct asked *known = find_asked(lookup, hash);
    if (known != NULL) {
        known->at = now;
        return;
    }
    uint32_t index = (uint32_t)(lookup->asked_next % ASKED_MAX);
    struct asked *row = &lookup->asked[index];
    if (lookup->asked_next >= ASKED_MAX) {
        table_remove(&lookup->asked_table, row->hash, index);
    }
    lookup->asked_next++;
    *row = (struct asked){hash, now};
    table_add(&lookup->asked_table, hash, index);
}

static bool
is_due(struct name_lookup *lookup, const struct names_item *item, uint64_t hash,
       usec now)
{
    const struct asked *asked = find_asked(lookup, hash);
    if (asked == NULL && !item->is_known) {
        return true;
    }
    usec since = asked != NULL ? asked->at : lookup->started;
    return now - since >= lookup->setup.options->refresh;
}

// ── a call ─────────────────────────────────────────────────────────────────

// Ids come from posts and become part of a URL: only those that need no escaping are
// used.
static bool
is_plain(struct slice id)
{
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && strchr(":._/-~", c) == NULL) {
            return false;
        }
    }
    return true;
}

static bool
add_to_batch(struct name_lookup *lookup, const struct names_item *item, uint64_t hash)
{
    struct batch *batch = &lookup->batch;
    struct slice id = {item->id.ptr + NETWORK.len + 1, item->id.len - NETWORK.len - 1};
    size_t used = strlen(lookup->url);
    if (batch->count == 0) {
        batch->is_posts = item->is_post;
        used = (size_t)snprintf(
            lookup->url, URL_MAX, "%s/xrpc/%s", lookup->setup.options->url,
            item->is_post ? "app.bsky.feed.getPosts" : "app.bsky.actor.getProfiles");
    }
    snprintf(lookup->url + used, URL_MAX - used, "%c%s=%.*s",
             batch->count == 0 ? '?' : '&', item->is_post ? "uris" : "actors",
             SLICE_ARG(id));
    batch->is_answered[batch->count] = false;
    batch->hashes[batch->count++] = hash;
    return batch->count == (lookup->singles != 0 ? 1 : BATCH_MAX);
}

// Collects the ids to request next. True if there is one, and the search has reached
// its end or the call is full.
static bool
gather(struct name_lookup *lookup, usec now)
{
    struct names_item item;
    struct batch *batch = &lookup->batch;
    for (int i = 0; i < LOOKS_PER_TICK; i++) {
        if (!names_next(lookup->setup.pipeline, NETWORK, &lookup->cursor, &item)) {
            lookup->cursor = (struct names_cursor){0};
            return batch->count != 0;
        }
        uint64_t hash = hash_slice(&lookup->key, item.id);
        bool is_other = batch->count != 0 && batch->is_posts != item.is_post;
        if (is_other || !is_due(lookup, &item, hash, now)) {
            continue;
        }
        note_asked(lookup, hash, now);
        if (item.id.len < URL_MAX / BATCH_MAX - 64 && is_plain(item.id) &&
            add_to_batch(lookup, &item, hash)) {
            return true;
        }
    }
    return false;
}

void
name_lookup_tick(struct name_lookup *lookup, usec now)
{
    if (now < lookup->next_at || http_fetch_is_busy(lookup->fetch) ||
        !gather(lookup, now)) {
        return;
    }
    lookup->metrics.requests++;
    const struct http_request_options options = {.token_file = "", .ca_file = ""};
    http_fetch_start(lookup->fetch, &options, lookup->url);
}

// ── the answer ─────────────────────────────────────────────────────────────

// Only requested ids are accepted.
static bool
is_asked(struct name_lookup *lookup, struct slice id)
{
    struct batch *batch = &lookup->batch;
    uint64_t hash = hash_slice(&lookup->key, id);
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->hashes[i] == hash && !batch->is_answered[i]) {
            batch->is_answered[i] = true;
            return true;
        }
    }
    return false;
}

static void
on_user(void *context, const struct post_user *profile)
{
    struct name_lookup *lookup = context;
    if (is_asked(lookup, profile->id)) {
        lookup->metrics.users_learnt++;
        names_learn_user(lookup->setup.pipeline, profile);
    }
}

static void
on_post(void *context, const struct post_ref *facts)
{
    struct name_lookup *lookup = context;
    if (is_asked(lookup, facts->id)) {
        lookup->metrics.posts_learnt++;
        names_learn_post(lookup->setup.pipeline, facts);
    }
}

static void
ask_again(struct name_lookup *lookup, usec now)
{
    for (size_t i = 0; i < lookup->batch.count; i++) {
        struct asked *asked = find_asked(lookup, lookup->batch.hashes[i]);
        if (asked != NULL) {
            asked->at = now - lookup->setup.options->refresh;
        }
    }
}

// Requests the same ids again, at the time the server allows.
static void
fail(struct name_lookup *lookup, const struct http_fetch_answer *answer,
     const char *why)
{
    usec now = clock_monotonic();
    usec wait = backoff_next(&lookup->backoff);
    if (answer->not_before != USEC_NONE) {
        usec pause = answer->not_before - wall_clock_now();
        pause = pause < USEC_PER_HOUR ? pause : USEC_PER_HOUR;
        wait = pause > wait ? pause : wait;
    }
    lookup->metrics.requests_failed++;
    lookup->next_at = now + wait;
    ask_again(lookup, now);
    if (!lookup->has_failed) {
        lookup->has_failed = true;
        log_warn("names_failing",
                 "names: %s does not answer: %s; until it does, ids are shown instead "
                 "of names",
                 lookup->setup.options->url, why);
    }
}

static void
succeed(struct name_lookup *lookup)
{
    for (size_t i = 0; i < lookup->batch.count; i++) {
        lookup->metrics.missing += !lookup->batch.is_answered[i];
    }
    backoff_reset(&lookup->backoff);
    lookup->next_at = clock_monotonic() + lookup->setup.options->pause;
    if (lookup->has_failed) {
        lookup->has_failed = false;
        log_info("names_recovered", "names: %s answers again",
                 lookup->setup.options->url);
    }
}

// Perhaps the server rejects one id only and accepts the other 24.
static bool
is_spoilt(struct name_lookup *lookup, const struct http_fetch_answer *answer)
{
    if (answer->status != BAD_REQUEST || lookup->batch.count == 1) {
        return false;
    }
    lookup->singles = lookup->batch.count + 1;
    ask_again(lookup, clock_monotonic());
    return true;
}

static void
on_answer(void *context, const struct http_fetch_answer *answer)
{
    struct name_lookup *lookup = context;
    const struct name_lookup_answer_calls calls = {on_user, on_post, lookup};
    if (is_spoilt(lookup, answer) || answer->status == BAD_REQUEST) {
        succeed(lookup);
    } else if (answer->status != 200) {
        fail(lookup, answer, answer->why);
    } else if (name_lookup_answer_read(answer->body, &calls) != STATUS_OK) {
        fail(lookup, answer, "the answer has an unexpected form");
    } else {
        succeed(lookup);
    }
    lookup->batch.count = 0;
    lookup->singles -= lookup->singles != 0;
}

// ── life ───────────────────────────────────────────────────────────────────

enum status
name_lookup_create(const struct name_lookup_setup *setup,
                   struct name_lookup **ret_lookup, struct error *error)
{
    struct name_lookup *lookup = calloc(1, sizeof(*lookup));
    if (lookup == NULL || !table_init(&lookup->asked_table, ASKED_MAX)) {
        free(lookup);
        return error_set(error, STATUS_NOMEM, "no memory for looking up names");
    }
    lookup->setup = *setup;
    lookup->started = clock_monotonic();
    lookup->backoff = (struct backoff){.first = PAUSES_FIRST * setup->options->pause,
                                       .most = USEC_PER_HOUR};
    const struct http_fetch_setup fetch = {
        .base = setup->base,
        .client = setup->client,
        .body_most = BODY_MAX,
        .within = ANSWER_WITHIN,
        .wall = wall_clock_now,
        .on_done = on_answer,
        .context = lookup,
    };
    enum status status = http_fetch_create(&fetch, &lookup->fetch, error);
    if (status == STATUS_OK && getrandom(&lookup->key, sizeof(lookup->key), 0) !=
                                   (ssize_t)sizeof(lookup->key)) {
        status = error_set(error, STATUS_IO, "cannot get random bytes from the system");
    }
    if (status != STATUS_OK) {
        name_lookup_destroy(&lookup);
        return status;
    }
    *ret_lookup = lookup;
    return STATUS_OK;
}

void
name_lookup_destroy(struct name_lookup **lookup)
{
    if (*lookup != NULL) {
        http_fetch_destroy(&(*lookup)->fetch);
        table_fini(&(*lookup)->asked_table);
        free(*lookup);
        *lookup = NULL;
    }
}

const struct name_lookup_metrics *
name_lookup_metrics(const struct name_lookup *lookup)
{
    return &lookup->metrics;
}
