#include "daemon/live.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "daemon/clock.h"
#include "daemon/clock_watch.h"
#include "daemon/config.h"
#include "daemon/deliver.h"
#include "daemon/halt.h"
#include "daemon/keeper.h"
#include "daemon/lookup.h"
#include "daemon/notify.h"
#include "daemon/recall.h"
#include "daemon/streams.h"
#include "daemon/wall.h"
#include "daemon/web.h"
#include "ingest/http_client.h"
#include "pipeline/pipeline.h"
#include "sinks/redis_resume.h"
#include "sinks/redis_sink.h"

#define START_PATIENCE (20 * USEC_PER_S) // for a Redis that is only just starting
#define STOP_RESERVE (2 * USEC_PER_S)    // for the snapshot, of the time to stop
#define HOLD_MOST (5 * USEC_PER_MIN)     // for what Redis has to be reached again
#define BEAT (250 * USEC_PER_MS)         // time passes without posts, too

enum { BEATS_PER_S = 4, STATUS_MAX = 256, LIVE_TIMERS = 2 };

struct live {
    struct config_place place;
    struct settings *settings;
    struct event_base *base;
    struct event *hangup;              // SIGHUP
    struct event *timers[LIVE_TIMERS]; // beat, watchdog
    struct notify notify;
    struct clock_watch clock;
    struct keeper keeper;
    struct pipeline *pipeline; // the keeper's
    struct redis_sink *sink;
    struct recall recall;
    usec held_since; // monotonic, while the sink is held
    struct http_client *client;
    struct deliver *deliver;
    struct streams streams;
    struct lookup *lookup; // NULL: switched off
    struct web *web;       // NULL: http.listen is empty
    uint64_t beats;
    uint64_t beats_fed; // when the watchdog was fed last
    uint64_t posts;     // a second ago
    usec counted_at;
    char status[STATUS_MAX];
    bool has_started;
    bool is_stopping;
    int exit_code;
    char state_dir[OPTION_TEXT_MAX]; // of systemd
};

static void
leave(struct live *live, int exit_code)
{
    live->exit_code = live->exit_code != 0 ? live->exit_code : exit_code;
    event_base_loopbreak(live->base);
}

// ── time passes ────────────────────────────────────────────────────────────

// "1240000" → "1 240 000".
static const char *
group_digits(uint64_t number, char text[32])
{
    char plain[24];
    int length = snprintf(plain, sizeof(plain), "%" PRIu64, number);
    size_t used = 0;
    for (int i = 0; i < length; i++) {
        if (i != 0 && (length - i) % 3 == 0) {
            text[used++] = ' ';
        }
        text[used++] = plain[i];
    }
    text[used] = '\0';
    return text;
}

static void
tell_status(struct live *live, const struct streams_figures *figures, usec now)
{
    uint64_t posts = pipeline_metrics(live->pipeline)->posts;
    double seconds = (double)(now - live->counted_at) / (double)USEC_PER_S;
    double rate = seconds > 0 ? (double)(posts - live->posts) / seconds : 0;
    live->posts = posts;
    live->counted_at = now;
    char digits[32];
    char status[STATUS_MAX];
    char waiting[64] = "";
    uint64_t pending = deliver_pending(live->deliver);
    if (pending != 0) {
        snprintf(waiting, sizeof(waiting), ", %" PRIu64 " alerts wait", pending);
    }
    snprintf(status, sizeof(status), "%zu/%zu streams, %s posts/s, lag %.1f s%s%s",
             figures->live, figures->count,
             group_digits((uint64_t)(rate + 0.5), digits),
             (double)figures->lag / (double)USEC_PER_S, waiting,
             redis_sink_is_up(live->sink) ? "" : ", Redis is away");
    if (strcmp(status, live->status) != 0) {
        memcpy(live->status, status, sizeof(status));
        notify_send(&live->notify, "STATUS=%s", status);
    }
}

// What follows a snapshot that is older than Redis is not written before the sources
// have caught up with Redis, so that no number goes back there.
static void
hold(struct live *live)
{
    if (!streams_are_behind(&live->streams)) {
        return;
    }
    live->held_since = clock_monotonic();
    redis_resume_hold(live->sink);
    log_info(
        "Redis is ahead of the snapshot: nothing is written until the sources have "
        "caught up");
}

static void
release_if_due(struct live *live)
{
    if (!redis_resume_is_held(live->sink)) {
        return;
    }
    bool is_behind = streams_are_behind(&live->streams);
    if (is_behind && clock_monotonic() - live->held_since < HOLD_MOST) {
        return;
    }
    if (is_behind) {
        log_warn("the sources have not caught up with Redis within %d minutes: some "
                 "numbers there go back",
                 (int)(HOLD_MOST / USEC_PER_MIN));
    } else {
        log_info("the sources have caught up: Redis is written again");
    }
    redis_resume_release(live->sink);
}

static void
on_flush(void *context)
{
    struct live *live = context;
    if (live->has_started && !live->is_stopping) {
        streams_save(&live->streams);
    }
}

static void
on_beat(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct live *live = context;
    live->beats++;
    enum clock_state clock = clock_watch_tick(&live->clock, live->pipeline);
    if (clock == CLOCK_FOLLOWED) {
        streams_stepped(&live->streams, clock_wall());
        deliver_stepped(live->deliver, clock_standing()->followed);
    }
    (void)pipeline_settle(live->pipeline);
    if (!live->has_started || live->is_stopping) {
        notify_wait(&live->notify,
                    live->has_started ? "" : redis_sink_trouble(live->sink));
        return;
    }
    struct streams_figures figures;
    streams_figures(&live->streams, clock_wall(),
                    settings_longest_window(live->settings), &figures);
    redis_sink_set_streams(live->sink, figures.lag,
                           figures.is_complete && clock != CLOCK_HELD);
    release_if_due(live);
    if (live->lookup != NULL) {
        lookup_tick(live->lookup, clock_monotonic());
    }
    if (live->beats % BEATS_PER_S == 0) {
        streams_save(&live->streams);
        tell_status(live, &figures, clock_monotonic());
    }
}

static void
on_watchdog(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct live *live = context;
    if (live->beats != live->beats_fed) {
        live->beats_fed = live->beats;
        notify_send(&live->notify, "WATCHDOG=1");
    }
}

// ── Redis ──────────────────────────────────────────────────────────────────

static void
begin(struct live *live)
{
    struct error error = {0};
    live->has_started = true;
    halt_doing("the loop was held up: the next start goes on from the last snapshot",
               EX_TEMPFAIL);
    if (!streams_apply(&live->streams, live->settings, &error)) {
        log_error("%s", error.text);
        leave(live, error.code == STATUS_NOMEM ? EX_OSERR : EX_CONFIG);
        return;
    }
    hold(live);
    live->counted_at = clock_monotonic();
    live->posts = pipeline_metrics(live->pipeline)->posts;
    keeper_start(&live->keeper);
    log_info("started: %zu sources, Redis answers", live->streams.count);
    notify_send(&live->notify, "READY=1\nSTATUS=0/%zu streams, connecting",
                live->streams.count);
}

static void
on_redis(void *context, enum redis_event event, int exit_code,
         const struct error *error)
{
    struct live *live = context;
    switch (event) {
    case REDIS_EVENT_READY:
        if (!live->has_started && !live->is_stopping) {
            begin(live);
        }
        break;
    case REDIS_EVENT_RECOVERED:
        log_info("Redis is back; everything that changed meanwhile is written");
        break;
    case REDIS_EVENT_LOST:
    case REDIS_EVENT_TROUBLE:
    case REDIS_EVENT_REWRITE:
    case REDIS_EVENT_REPAIRED:
    case REDIS_EVENT_ADVICE:
        log_warn("%s", error->text);
        break;
    case REDIS_EVENT_FENCED:
    case REDIS_EVENT_FATAL:
        log_error("%s", error->text);
        leave(live, exit_code);
        break;
    }
}

// ── signals ────────────────────────────────────────────────────────────────

static void
on_finished(void *context, const struct error *error)
{
    struct live *live = context;
    int exit_code = error != NULL                         ? EX_UNAVAILABLE
                    : deliver_flush_output(live->deliver) ? 0
                                                          : EX_IOERR;
    if (error != NULL) {
        log_error("%s", error->text);
    }
    halt_doing("the snapshot is not saved: the next start goes on from the one before",
               exit_code != 0 ? exit_code : EX_TEMPFAIL);
    int saved = keeper_save(&live->keeper);
    uint64_t pending = deliver_pending(live->deliver);
    if (pending != 0) {
        log_info("%" PRIu64 " alerts are not acknowledged: they wait in Redis for the "
                 "next start",
                 pending);
    }
    leave(live, exit_code != 0 ? exit_code : saved);
}

static void
stop(void *context)
{
    struct live *live = context;
    if (live->is_stopping || !live->has_started) {
        leave(live, 0);
        return;
    }
    live->is_stopping = true;
    notify_send(&live->notify, "STOPPING=1\nSTATUS=Writing what is left");
    log_info("stopping: cursors are saved and everything is written to Redis");
    streams_stop(&live->streams);
    if (redis_resume_is_held(live->sink)) {
        on_finished(live, NULL); // Redis is ahead still
        return;
    }
    halt_doing("Redis did not take everything", EX_UNAVAILABLE);
    redis_sink_finish(live->sink, halt_left() - STOP_RESERVE, on_finished, live);
}

// Options outside groups are read once, when the process starts.
static void
tell_unchangeable(const struct settings *now, const struct settings *next)
{
    for (size_t i = 0; i < settings_part_count; i++) {
        const struct settings_part *part = &settings_parts[i];
        for (const struct option *row = part->rows; row->name != NULL; row++) {
            const struct option one[] = {*row, OPTION_END};
            if (!settings_equal(one, (const char *)now + part->offset,
                                (const char *)next + part->offset)) {
                log_warn("%s has changed; restart to apply it", row->name);
            }
        }
    }
}

static const struct webhook_options *
find_webhook(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->webhook_count; i++) {
        if (strcmp(settings->webhooks[i].name, name) == 0) {
            return &settings->webhooks[i];
        }
    }
    return NULL;
}

static void
apply_webhooks(struct live *live, const struct settings *next)
{
    const struct settings *now = live->settings;
    for (size_t i = 0; i < now->webhook_count; i++) {
        if (find_webhook(next, now->webhooks[i].name) == NULL) {
            deliver_drop(live->deliver, now->webhooks[i].name);
        }
    }
    for (size_t i = 0; i < next->webhook_count; i++) {
        const struct webhook_options *webhook = &next->webhooks[i];
        const struct webhook_options *before = find_webhook(now, webhook->name);
        struct error error = {0};
        if ((before == NULL || !settings_equal(webhook_option_rows, before, webhook)) &&
            deliver_put(live->deliver, webhook, &error) != STATUS_OK) {
            log_error("%s", error.text);
        }
    }
    settings_replace(live->settings, next, "webhook");
}

static void
reload(struct live *live)
{
    static struct settings next;
    if (!config_load(&live->place, &next, config_log_error, NULL)) {
        log_error("the configuration has errors; the one before stays in use");
        return;
    }
    if (!settings_has_input(&next)) {
        log_error("the configuration has no source any more; the one before stays in "
                  "use");
        return;
    }
    struct error error = {0};
    tell_unchangeable(live->settings, &next);
    settings_replace(live->settings, &next, "source");
    settings_replace(live->settings, &next, "alert");
    pipeline_set_rules(live->pipeline, live->settings->alerts,
                       live->settings->alert_count);
    apply_webhooks(live, &next);
    if (!streams_apply(&live->streams, live->settings, &error)) {
        log_error("%s", error.text);
    }
    log_info("the configuration is read again: %zu sources, %zu alert rules, "
             "%zu webhooks",
             live->streams.count, live->settings->alert_count,
             live->settings->webhook_count);
}

static void
on_hangup(evutil_socket_t number, short what, void *context)
{
    (void)number;
    (void)what;
    struct live *live = context;
    if (live->is_stopping || !live->has_started) {
        log_info("not running yet or no more: the configuration is not read again");
        return;
    }
    notify_send(&live->notify, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
                clock_monotonic());
    reload(live);
    notify_send(&live->notify, "READY=1\nSTATUS=%s", live->status);
}

// ── setting up and tearing down ────────────────────────────────────────────

static bool
create_loop(struct live *live)
{
    static const event_callback_fn ticks[LIVE_TIMERS] = {on_beat, on_watchdog};
    const usec periods[LIVE_TIMERS] = {BEAT, live->notify.watchdog / 2};
    live->base = event_base_new();
    if (live->base == NULL) {
        return false;
    }
    live->hangup = evsignal_new(live->base, SIGHUP, on_hangup, live);
    if (live->hangup == NULL || event_add(live->hangup, NULL) != 0 ||
        !halt_init(live->base, stop, live)) {
        return false;
    }
    for (size_t i = 0; i < LIVE_TIMERS; i++) {
        struct timeval period = {periods[i] / USEC_PER_S, periods[i] % USEC_PER_S};
        live->timers[i] = event_new(live->base, -1, EV_PERSIST, ticks[i], live);
        if (live->timers[i] == NULL ||
            (periods[i] != 0 && event_add(live->timers[i], &period) != 0)) {
            return false;
        }
    }
    return true;
}

static void
note_streams(void *context, char *note)
{
    const struct live *live = context;
    streams_note(&live->streams, clock_wall(), note, STATE_NOTE_MAX);
}

// The directory of the configuration, or the one systemd made: the first, if there are
// several.
static const char *
state_dir(struct live *live)
{
    const char *made = getenv("STATE_DIRECTORY");
    const char *configured = live->settings->state.dir;
    if (configured[0] != '\0' || made == NULL) {
        return configured;
    }
    snprintf(live->state_dir, sizeof(live->state_dir), "%.*s", (int)strcspn(made, ":"),
             made);
    return live->state_dir;
}

static int
create_pipeline(struct live *live, struct error *error)
{
    const struct keeper_setup setup = {
        .base = live->base,
        .options = &live->settings->pipeline,
        .dir = state_dir(live),
        .discards = live->settings->state.discards,
        .every = live->settings->state.every,
        .note = note_streams,
        .context = live,
    };
    int exit_code = keeper_init(&live->keeper, &setup, error);
    live->pipeline = live->keeper.pipeline;
    if (exit_code == 0) {
        pipeline_set_rules(live->pipeline, live->settings->alerts,
                           live->settings->alert_count);
        clock_watch_restored(live->pipeline, USEC_PER_S);
    }
    return exit_code;
}

static bool
create_sink(struct live *live, struct error *error)
{
    recall_init(&live->recall, live->settings, live->pipeline);
    if (http_client_create(live->base, &live->client, error) != STATUS_OK) {
        return false;
    }
    const struct deliver_setup deliver = {
        .base = live->base,
        .client = live->client,
        .options = &live->settings->deliver,
        .webhooks = live->settings->webhooks,
        .webhook_count = live->settings->webhook_count,
    };
    if (deliver_create(&deliver, &live->deliver, error) != STATUS_OK) {
        return false;
    }
    struct redis_sink_setup sink = {
        .base = live->base,
        .options = &live->settings->redis,
        .pipeline = live->pipeline,
        .version = CASCADED_VERSION,
        .give_up = START_PATIENCE,
        .on_event = on_redis,
        .on_flush = on_flush,
        .wall = clock_wall,
        .recall = &live->recall.request,
        .alerts = deliver_alerts(live->deliver),
        .context = live,
    };
    if (redis_sink_create(&sink, &live->sink, error) != STATUS_OK) {
        return false;
    }
    deliver_attach(live->deliver, live->sink);
    return true;
}

static bool
create_parts(struct live *live, struct error *error)
{
    const struct stream_setup common = {
        .base = live->base,
        .client = live->client,
        .pipeline = live->pipeline,
        .sink = live->sink,
    };
    streams_init(&live->streams, &common);
    live->streams.recall = &live->recall;
    if (live->keeper.is_restored) {
        streams_restore(&live->streams, live->keeper.note);
    }
    const struct lookup_setup lookup = {
        .base = live->base,
        .client = live->client,
        .pipeline = live->pipeline,
        .options = &live->settings->lookup,
    };
    if (live->settings->lookup.is_on &&
        lookup_create(&lookup, &live->lookup, error) != STATUS_OK) {
        return false;
    }
    const struct web_setup web = {
        .base = live->base,
        .settings = live->settings,
        .pipeline = live->pipeline,
        .keeper = &live->keeper,
        .sink = live->sink,
        .streams = &live->streams,
        .lookup = live->lookup,
        .deliver = live->deliver,
        .is_started = &live->has_started,
    };
    if (live->settings->http.listen[0] != '\0') {
        live->web = web_create(&web, error);
        return live->web != NULL;
    }
    return true;
}

static void
destroy(struct live *live)
{
    halt_doing("connections are not closed", live->exit_code);
    web_destroy(&live->web);
    lookup_destroy(&live->lookup);
    streams_fini(&live->streams);
    deliver_destroy(&live->deliver);
    http_client_destroy(&live->client);
    redis_sink_destroy(&live->sink);
    keeper_fini(&live->keeper);
    for (size_t i = 0; i < LIVE_TIMERS; i++) {
        if (live->timers[i] != NULL) {
            event_free(live->timers[i]);
        }
    }
    if (live->hangup != NULL) {
        event_free(live->hangup);
    }
    halt_fini();
    if (live->base != NULL) {
        event_base_free(live->base);
    }
    notify_fini(&live->notify);
}

int
live_run(const struct config_place *place, struct settings *settings)
{
    static struct live live;
    struct error error = {0};
    live.place = *place;
    live.settings = settings;
    signal(SIGXFSZ, SIG_IGN); // a write beyond ulimit -f fails instead
    if (!notify_init(&live.notify, &error)) {
        log_warn("%s", error.text);
        error = (struct error){0};
    }
    if (!create_loop(&live)) {
        log_error("the system gives no event loop: %s", strerror(errno));
        live.exit_code = EX_OSERR;
    } else if ((live.exit_code = create_pipeline(&live, &error)) != 0) {
        log_error("%s", error.text);
    } else if (!create_sink(&live, &error) || !create_parts(&live, &error)) {
        log_error("%s", error.text);
        live.exit_code = error.code == STATUS_NOMEM || error.code == STATUS_IO
                             ? EX_OSERR
                             : EX_CONFIG;
    } else {
        redis_sink_start(live.sink);
        event_base_dispatch(live.base);
    }
    destroy(&live);
    return live.exit_code;
}
