#include "ingest/sources/mastodon_rest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_fetch.h"
#include "net/http_request.h"
#include "ingest/sources/mastodon_fill.h"
#include "ingest/sources/source_options.h"
#include "ingest/sources/source_transport.h"
#include "net/url.h"
#include "net/timer.h"

#define PAGE_WITHIN (20 * USEC_PER_S)
#define WIRE "mastodon"
#define KIND "id"

struct mastodon_rest {
    struct source_backfill backfill;
    struct source *source;
    char timeline[MASTODON_TIMELINE_MAX];
    char host[URL_HOST_MAX];
    struct mastodon_fill fill;
    struct http_fetch *fetch;
    struct timer timer;
    usec last_wall; // when nothing was missing up to fill.last; USEC_NONE: never
};

static struct mastodon_rest *
of(struct source_backfill *backfill)
{
    return (struct mastodon_rest *)backfill;
}

static const struct mastodon_rest *
of_const(const struct source_backfill *backfill)
{
    return (const struct mastodon_rest *)backfill;
}

static usec
now_of(const struct mastodon_rest *rest)
{
    return source_now(rest->source);
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
            rest->last_wall = rest->source->setup.wall();
        }
        source_filled(rest->source, rest->fill.why);
    } else if (rest->fill.phase == MASTODON_FILL_WAITING) {
        arm(rest);
        if (rest->fill.is_flowing) {
            source_filled(rest->source, NULL);
        }
    }
}

static void
feed(struct mastodon_rest *rest)
{
    struct slice post;
    while (mastodon_fill_next(&rest->fill, now_of(rest), &post)) {
        const struct source_message message = {SLICE_LIT("update"), post, true};
        if (!source_offer_late(rest->source, &message)) {
            rest->source->metrics.pauses++;
            return;
        }
        rest->source->metrics.messages++;
        mastodon_fill_taken(&rest->fill);
    }
    go_on(rest);
}

static void
on_answer(void *context, const struct http_fetch_answer *answer)
{
    struct mastodon_rest *rest = context;
    mastodon_fill_answer(&rest->fill, answer, now_of(rest), rest->source->setup.wall());
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
            source_options_http(rest->source->setup.options);
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

static void
destroy(struct source_backfill *backfill)
{
    struct mastodon_rest *rest = of(backfill);
    http_fetch_destroy(&rest->fetch);
    timer_fini(&rest->timer);
    mastodon_fill_fini(&rest->fill);
    free(rest);
}

// ── the stream during a fill ───────────────────────────────────────────────

static void
suspend(struct source_backfill *backfill)
{
    struct mastodon_rest *rest = of(backfill);
    http_fetch_stop(rest->fetch);
    timer_stop(&rest->timer);
    mastodon_fill_suspend(&rest->fill);
}

static bool
begin(struct source_backfill *backfill)
{
    struct mastodon_rest *rest = of(backfill);
    if (!mastodon_fill_begin(&rest->fill, now_of(rest))) {
        return false;
    }
    arm(rest);
    return true;
}

static void
resume(struct source_backfill *backfill)
{
    struct mastodon_rest *rest = of(backfill);
    if (rest->fill.phase == MASTODON_FILL_FEEDING) {
        timer_fire(&rest->timer);
    }
}

static bool
is_under_way(const struct source_backfill *backfill)
{
    const struct mastodon_rest *rest = of_const(backfill);
    return rest->fill.phase != MASTODON_FILL_IDLE &&
           rest->fill.phase != MASTODON_FILL_OVER;
}

static bool
may_pass(struct source_backfill *backfill, const struct source_message *message)
{
    return mastodon_fill_may_pass(&of(backfill)->fill, message);
}

static void
saw(struct source_backfill *backfill, const struct source_message *message)
{
    struct mastodon_rest *rest = of(backfill);
    mastodon_fill_saw(&rest->fill, message);
    if (!rest->fill.is_due) {
        rest->last_wall = rest->source->setup.wall();
    }
}

static const char *
hindrance(const struct source_backfill *backfill)
{
    return mastodon_fill_hindrance(&of_const(backfill)->fill);
}

// Value 0: nothing can be filled because ids are not numbers; stored so that a later
// process knows without a post.
static bool
cursor(const struct source_backfill *backfill, struct source_cursor *ret_cursor)
{
    const struct mastodon_rest *rest = of_const(backfill);
    if (rest->last_wall == USEC_NONE ||
        (rest->fill.last == 0 && !rest->fill.has_strange_ids)) {
        return false;
    }
    *ret_cursor = (struct source_cursor){
        .wire = WIRE, .kind = KIND, .value = rest->fill.last, .time = rest->last_wall};
    snprintf(ret_cursor->host, sizeof(ret_cursor->host), "%s", rest->host);
    return true;
}

static const struct source_backfill_ops mastodon_rest_ops = {
    .destroy = destroy,
    .suspend = suspend,
    .begin = begin,
    .resume = resume,
    .is_under_way = is_under_way,
    .may_pass = may_pass,
    .saw = saw,
    .hindrance = hindrance,
    .cursor = cursor,
};

enum status
mastodon_rest_attach(struct source *source, struct error *error)
{
    const struct source_setup *setup = &source->setup;
    char timeline[MASTODON_TIMELINE_MAX];
    struct url url;
    enum status status = url_parse(slice_of(setup->options->url), &url, error);
    if (status != STATUS_OK ||
        !mastodon_timeline_of(setup->options->url, setup->options->api_url, timeline)) {
        return status;
    }
    struct mastodon_rest *rest = calloc(1, sizeof(*rest));
    if (rest == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for a source");
    }
    rest->backfill.ops = &mastodon_rest_ops;
    rest->source = source;
    memcpy(rest->timeline, timeline, sizeof(timeline));
    memcpy(rest->host, url.host, sizeof(url.host));
    rest->last_wall = USEC_NONE;
    const struct http_fetch_setup fetch = {
        .base = setup->base,
        .client = setup->client,
        .body_most = MASTODON_FILL_BODY_MAX,
        .within = PAGE_WITHIN,
        .wall = setup->wall,
        .on_done = on_answer,
        .context = rest,
    };
    if (mastodon_fill_init(&rest->fill, rest->timeline, &source->metrics) !=
            STATUS_OK ||
        timer_init(&rest->timer, setup->base, on_timer, rest) != STATUS_OK ||
        http_fetch_create(&fetch, &rest->fetch, NULL) != STATUS_OK) {
        destroy(&rest->backfill);
        return error_set(error, STATUS_NOMEM, "no memory for a source");
    }
    go_on_from(rest, setup->resume);
    source->backfill = &rest->backfill;
    return STATUS_OK;
}
