#include "ingest/mastodon_rest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_fetch.h"
#include "net/http_request.h"
#include "ingest/mastodon_fill.h"
#include "ingest/source.h"
#include "ingest/source_options.h"
#include "net/url.h"
#include "net/timer.h"

#define PAGE_WITHIN (20 * USEC_PER_S)
#define WIRE "mastodon"
#define KIND "id"

struct mastodon_rest {
    struct mastodon_rest_setup setup;
    char timeline[MASTODON_TIMELINE_MAX];
    char host[URL_HOST_MAX];
    struct mastodon_fill fill;
    struct http_fetch *fetch;
    struct timer timer;
    usec last_wall; // when nothing was missing up to fill.last; USEC_NONE: never
};

static usec
now_of(const struct mastodon_rest *rest)
{
    return rest->setup.source->monotonic();
}

// ── pages ──────────────────────────────────────────────────────────────────

static void
arm(struct mastodon_rest *rest)
{
    timer_set(&rest->timer, rest->fill.next_at - now_of(rest));
}

static void
go_on(struct mastodon_rest *rest)
{
    if (rest->fill.phase == MASTODON_FILL_OVER) {
        if (rest->fill.why[0] == '\0') {
            rest->last_wall = rest->setup.source->wall();
        }
        rest->setup.on_flow(rest->setup.context, rest->fill.why);
    } else if (rest->fill.phase == MASTODON_FILL_WAITING) {
        arm(rest);
        if (rest->fill.is_flowing) {
            rest->setup.on_flow(rest->setup.context, NULL);
        }
    }
}

static void
feed(struct mastodon_rest *rest)
{
    struct slice post;
    while (mastodon_fill_next(&rest->fill, now_of(rest), &post)) {
        const struct source_message message = {SLICE_LIT("update"), post, true};
        if (!rest->setup.on_post(rest->setup.context, &message)) {
            rest->setup.metrics->pauses++;
            return;
        }
        rest->setup.metrics->messages++;
        mastodon_fill_taken(&rest->fill);
    }
    go_on(rest);
}

static void
on_answer(void *context, const struct http_fetch_answer *answer)
{
    struct mastodon_rest *rest = context;
    mastodon_fill_answer(&rest->fill, answer, now_of(rest), rest->setup.source->wall());
    if (rest->fill.phase == MASTODON_FILL_FEEDING) {
        feed(rest);
    } else {
        go_on(rest);
    }
}

static void
on_timer(void *context)
{
    struct mastodon_rest *rest = context;
    if (rest->fill.phase == MASTODON_FILL_FEEDING) {
        feed(rest);
    } else if (rest->fill.phase == MASTODON_FILL_WAITING) {
        char url[MASTODON_FILL_URL_MAX];
        mastodon_fill_ask(&rest->fill, url);
        const struct http_request_options options =
            source_options_http(rest->setup.source->options);
        http_fetch_start(rest->fetch, &options, url);
    }
}

// ── life ───────────────────────────────────────────────────────────────────

static void
go_on_from(struct mastodon_rest *rest, const struct source_cursor *cursor)
{
    if (cursor != NULL && cursor->time != USEC_NONE &&
        strcmp(cursor->host, rest->host) == 0 && strcmp(cursor->wire, WIRE) == 0 &&
        strcmp(cursor->kind, KIND) == 0) {
        rest->fill.last = cursor->value;
        rest->fill.has_strange_ids = cursor->value == 0;
        rest->last_wall = cursor->time;
        mastodon_fill_suspend(&rest->fill);
    }
}

enum status
mastodon_rest_create(const struct mastodon_rest_setup *setup,
                     struct mastodon_rest **ret_rest, struct error *error)
{
    const struct source_setup *source = setup->source;
    char timeline[MASTODON_TIMELINE_MAX];
    struct url url;
    enum status status = url_parse(slice_of(source->options->url), &url, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (!mastodon_timeline_of(source->options->url, source->options->api_url,
                              timeline)) {
        *ret_rest = NULL;
        return STATUS_OK;
    }
    struct mastodon_rest *rest = calloc(1, sizeof(*rest));
    if (rest == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for a source");
    }
    rest->setup = *setup;
    memcpy(rest->timeline, timeline, sizeof(timeline));
    memcpy(rest->host, url.host, sizeof(url.host));
    rest->last_wall = USEC_NONE;
    const struct http_fetch_setup fetch = {
        .base = source->base,
        .client = source->client,
        .body_most = MASTODON_FILL_BODY_MAX,
        .within = PAGE_WITHIN,
        .wall = source->wall,
        .on_done = on_answer,
        .context = rest,
    };
    if (mastodon_fill_init(&rest->fill, rest->timeline, setup->metrics) != STATUS_OK ||
        timer_init(&rest->timer, source->base, on_timer, rest) != STATUS_OK ||
        http_fetch_create(&fetch, &rest->fetch, NULL) != STATUS_OK) {
        mastodon_rest_destroy(&rest);
        return error_set(error, STATUS_NOMEM, "no memory for a source");
    }
    go_on_from(rest, source->resume);
    *ret_rest = rest;
    return STATUS_OK;
}

void
mastodon_rest_destroy(struct mastodon_rest **rest)
{
    struct mastodon_rest *old = *rest;
    if (old == NULL) {
        return;
    }
    http_fetch_destroy(&old->fetch);
    timer_fini(&old->timer);
    mastodon_fill_fini(&old->fill);
    free(old);
    *rest = NULL;
}

// ── the stream meanwhile ───────────────────────────────────────────────────

void
mastodon_rest_suspend(struct mastodon_rest *rest)
{
    if (rest != NULL) {
        http_fetch_stop(rest->fetch);
        timer_stop(&rest->timer);
        mastodon_fill_suspend(&rest->fill);
    }
}

bool
mastodon_rest_begin(struct mastodon_rest *rest)
{
    if (rest == NULL || !mastodon_fill_begin(&rest->fill, now_of(rest))) {
        return false;
    }
    arm(rest);
    return true;
}

void
mastodon_rest_resume(struct mastodon_rest *rest)
{
    if (rest != NULL && rest->fill.phase == MASTODON_FILL_FEEDING) {
        timer_fire(&rest->timer);
    }
}

const char *
mastodon_rest_hindrance(const struct mastodon_rest *rest)
{
    return rest != NULL ? mastodon_fill_hindrance(&rest->fill) : "";
}

bool
mastodon_rest_is_under_way(const struct mastodon_rest *rest)
{
    return rest != NULL && rest->fill.phase != MASTODON_FILL_IDLE &&
           rest->fill.phase != MASTODON_FILL_OVER;
}

bool
mastodon_rest_may_pass(struct mastodon_rest *rest, const struct source_message *message)
{
    return rest == NULL || mastodon_fill_may_pass(&rest->fill, message);
}

void
mastodon_rest_saw(struct mastodon_rest *rest, const struct source_message *message)
{
    if (rest != NULL) {
        mastodon_fill_saw(&rest->fill, message);
        if (!rest->fill.is_due) {
            rest->last_wall = rest->setup.source->wall();
        }
    }
}

bool
mastodon_rest_cursor(const struct mastodon_rest *rest, struct source_cursor *ret_cursor)
{
    if (rest == NULL || rest->last_wall == USEC_NONE ||
        (rest->fill.last == 0 && !rest->fill.has_strange_ids)) {
        return false;
    }
    *ret_cursor = (struct source_cursor){
        .wire = WIRE, .kind = KIND, .value = rest->fill.last, .time = rest->last_wall};
    snprintf(ret_cursor->host, sizeof(ret_cursor->host), "%s", rest->host);
    return true;
}
