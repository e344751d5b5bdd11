#include "ingest/sources/mastodon_backfill_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/sources/mastodon_backfill.h"
#include "ingest/sources/source_options.h"
#include "ingest/sources/source_transport.h"
#include "net/http_fetch.h"
#include "net/http_request.h"
#include "net/timer.h"
#include "net/url.h"

#define PAGE_WITHIN (20 * USEC_PER_S)
#define WIRE "mastodon"
#define KIND "id"

struct mastodon_backfill_http {
    struct source_backfill backfill;
    struct source *source;
    char timeline[MASTODON_TIMELINE_MAX];
    char host[URL_HOST_MAX];
    struct mastodon_backfill fill;
    struct http_fetch *fetch;
    struct timer timer;
    usec last_wall; // when nothing was missing up to fill.last; USEC_NONE: never
};

static struct mastodon_backfill_http *
of(struct source_backfill *backfill)
{
    return (struct mastodon_backfill_http *)backfill;
}

static const struct mastodon_backfill_http *
of_const(const struct source_backfill *backfill)
{
    return (const struct mastodon_backfill_http *)backfill;
}

static usec
now_of(const struct mastodon_backfill_http *rest)
{
    return source_now(rest->source);
}

// ── pages ──────────────────────────────────────────────────────────────────

static void
arm(struct mastodon_backfill_http *rest)
{
    timer_set(&rest->timer, rest->fill.next_at - now_of(rest));
}

static void
go_on(struct mastodon_backfill_http *rest)
{
    if (rest->fill.phase == MASTODON_BACKFILL_OVER) {
        if (rest->fill.why[0] == '\0') {
            rest->last_wall = rest->source->setup.wall();
        }
        source_filled(rest->source, rest->fill.why);
    } else if (rest->fill.phase == MASTODON_BACKFILL_WAITING) {
        arm(rest);
        if (rest->fill.is_flowing) {
            source_filled(rest->source, NULL);
        }
    }
}

static void
feed(struct mastodon_backfill_http *rest)
{
    struct slice post;
    while (mastodon_backfill_next(&rest->fill, now_of(rest), &post)) {
        const struct source_message message = {SLICE_LIT("update"), post, true};
        if (!source_offer_late(rest->source, &message)) {
            rest->source->metrics.pauses++;
            return;
        }
        rest->source->metrics.messages++;
        mastodon_backfill_taken(&rest->fill);
    }
    go_on(rest);
}

static void
on_answer(void *context, const struct http_fetch_answer *answer)
{
    struct mastodon_backfill_http *rest = context;
    mastodon_backfill_answer(&rest->fill, answer, now_of(rest),
                             rest->source->setup.wall());
    if (rest->fill.phase == MASTODON_BACKFILL_FEEDING) {
        feed(rest);
    } else {
        go_on(rest);
    }
}

static void
on_timer(void *context)
{
    struct mastodon_backfill_http *rest = context;
    if (rest->fill.phase == MASTODON_BACKFILL_FEEDING) {
        feed(rest);
    } else if (rest->fill.phase == MASTODON_BACKFILL_WAITING) {
        char url[MASTODON_BACKFILL_URL_MAX];
        mastodon_backfill_write_url(&rest->fill, url);
        const struct http_request_options options =
            source_options_http(rest->source->setup.options);
        http_fetch_start(rest->fetch, &options, url);
    }
}

// ── life ───────────────────────────────────────────────────────────────────

static void
go_on_from(struct mastodon_backfill_http *rest, const struct source_cursor *cursor)
{
    if (cursor != NULL && cursor->time != USEC_NONE &&
        strcmp(cursor->host, rest->host) == 0 && strcmp(cursor->wire, WIRE) == 0 &&
        strcmp(cursor->kind, KIND) == 0) {
        rest->fill.last = cursor->value;
        rest->fill.has_strange_ids = cursor->value == 0;
        rest->last_wall = cursor->time;
        mastodon_backfill_suspend(&rest->fill);
    }
}

static void
destroy(struct source_backfill *backfill)
{
    struct mastodon_backfill_http *rest = of(backfill);
    http_fetch_destroy(&rest->fetch);
    timer_fini(&rest->timer);
    mastodon_backfill_fini(&rest->fill);
    free(rest);
}

// ── the stream during a fill ───────────────────────────────────────────────

static void
suspend(struct source_backfill *backfill)
{
    struct mastodon_backfill_http *rest = of(backfill);
    http_fetch_stop(rest->fetch);
    timer_stop(&rest->timer);
    mastodon_backfill_suspend(&rest->fill);
}

static bool
begin(struct source_backfill *backfill, usec missed_from)
{
    struct mastodon_backfill_http *rest = of(backfill);
    if (!mastodon_backfill_begin(&rest->fill, missed_from, now_of(rest))) {
        return false;
    }
    arm(rest);
    return true;
}

static void
resume(struct source_backfill *backfill)
{
    struct mastodon_backfill_http *rest = of(backfill);
    if (rest->fill.phase == MASTODON_BACKFILL_FEEDING) {
        timer_fire(&rest->timer);
    }
}

static bool
is_under_way(const struct source_backfill *backfill)
{
    const struct mastodon_backfill_http *rest = of_const(backfill);
    return rest->fill.phase != MASTODON_BACKFILL_IDLE &&
           rest->fill.phase != MASTODON_BACKFILL_OVER;
}

static bool
may_pass(struct source_backfill *backfill, const struct source_message *message)
{
    return mastodon_backfill_may_pass(&of(backfill)->fill, message);
}

static void
saw(struct source_backfill *backfill, const struct source_message *message)
{
    struct mastodon_backfill_http *rest = of(backfill);
    mastodon_backfill_saw(&rest->fill, message);
    if (!rest->fill.is_due) {
        rest->last_wall = rest->source->setup.wall();
    }
}

static const char *
hindrance(const struct source_backfill *backfill)
{
    return mastodon_backfill_hindrance(&of_const(backfill)->fill);
}

// Value 0: nothing can be filled because ids are not numbers; stored so that a later
// process knows without a post.
static bool
cursor(const struct source_backfill *backfill, struct source_cursor *ret_cursor)
{
    const struct mastodon_backfill_http *rest = of_const(backfill);
    if (rest->last_wall == USEC_NONE || rest->fill.is_guessed ||
        (rest->fill.last == 0 && !rest->fill.has_strange_ids)) {
        return false;
    }
    *ret_cursor = (struct source_cursor){
        .wire = WIRE, .kind = KIND, .value = rest->fill.last, .time = rest->last_wall};
    snprintf(ret_cursor->host, sizeof(ret_cursor->host), "%s", rest->host);
    return true;
}

static const struct source_backfill_ops mastodon_backfill_http_ops = {
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
mastodon_backfill_http_attach(struct source *source, struct error *error)
{
    const struct source_setup *setup = &source->setup;
    char timeline[MASTODON_TIMELINE_MAX];
    struct url url;
    enum status status = url_parse(slice_of(setup->options->url), &url, error);
    if (status != STATUS_OK ||
        !mastodon_timeline_of(setup->options->url, setup->options->api_url, timeline)) {
        return status;
    }
    struct mastodon_backfill_http *rest = calloc(1, sizeof(*rest));
    if (rest == NULL) {
        return error_set(error, STATUS_NOMEM, "no memory for a source");
    }
    rest->backfill.ops = &mastodon_backfill_http_ops;
    rest->source = source;
    memcpy(rest->timeline, timeline, sizeof(timeline));
    memcpy(rest->host, url.host, sizeof(url.host));
    rest->last_wall = USEC_NONE;
    const struct http_fetch_setup fetch = {
        .base = setup->base,
        .client = setup->client,
        .body_most = MASTODON_BACKFILL_BODY_MAX,
        .within = PAGE_WITHIN,
        .wall = setup->wall,
        .on_done = on_answer,
        .context = rest,
    };
    if (mastodon_backfill_init(&rest->fill, rest->timeline, &source->metrics) !=
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
