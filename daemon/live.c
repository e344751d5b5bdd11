#include "daemon/live.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "daemon/alert_delivery.h"
#include "daemon/catch_up.h"
#include "daemon/clock_steps.h"
#include "daemon/clock_watch.h"
#include "daemon/control_socket.h"
#include "daemon/handover.h"
#include "daemon/http_routes.h"
#include "daemon/live_status.h"
#include "daemon/live_stop.h"
#include "daemon/loop_delay.h"
#include "daemon/name_lookup.h"
#include "daemon/notify.h"
#include "daemon/purge.h"
#include "daemon/reload.h"
#include "daemon/requests.h"
#include "daemon/resume.h"
#include "daemon/runtime.h"
#include "daemon/scale.h"
#include "daemon/signals.h"
#include "daemon/spare.h"
#include "daemon/streams.h"
#include "daemon/wall_clock.h"
#include "daemon/warn.h"
#include "daemon/worker.h"
#include "net/clock.h"
#include "net/timer.h"
#include "pipeline/pipeline.h"
#include "sinks/redis/redis_resume.h"
#include "sinks/redis/redis_sink.h"

#define START_PATIENCE (20 * USEC_PER_S) // for a Redis that has just been started
#define BEAT (250 * USEC_PER_MS)         // how often time advances without posts

enum { BEATS_PER_S = 4 };

struct live {
    struct config_place place;
    struct settings *settings;
    struct runtime runtime;
    struct event *hangup; // SIGHUP
    struct timer beat;
    struct timer watchdog;
    struct notify notify;
    struct clock_watch clock;
    struct resume recall;
    struct catch_up catch_up;
    struct streams streams;
    struct name_lookup *lookup; // NULL: switched off
    struct http_routes *routes; // NULL: http.listen is empty
    char http[HTTP_ROUTES_ADDRESS_MAX];
    struct control_socket *control; // NULL: there is no socket
    char control_path[OPTION_TEXT_MAX];
    struct requests_needs requests;
    struct purge purge;
    struct live_stop stop;
    struct loop_delay delay;
    uint64_t beats;
    uint64_t beats_fed; // when the watchdog was fed last
    struct warn warn;
    struct pipeline_metrics before; // as restored
    struct live_status status;
    enum scale_role role;
    struct handover handover;        // of an ingest process
    struct worker *worker;           // NULL: of another role
    bool is_fenced;                  // another worker has taken over
    char state_dir[OPTION_TEXT_MAX]; // of systemd
};

// ── time passes ────────────────────────────────────────────────────────────

static void
on_flush(void *context)
{
    struct live *live = context;
    warn_look(&live->warn, &live->before, pipeline_metrics(live->runtime.pipeline));
    http_routes_flushed(live->routes);
    purge_flushed(&live->purge);
    // The cursors go behind the posts that are handed over.
    if (handover_flush(&live->handover) && !live->runtime.is_stopping) {
        streams_save(&live->streams);
    }
}

static uint64_t
posts_of(const struct live *live)
{
    return live->role == SCALE_INGEST ? live->handover.posts
                                      : pipeline_metrics(live->runtime.pipeline)->posts;
}

// Once a second.
static void
save_second(struct live *live, const struct streams_figures *figures)
{
    const struct live_status_needs needs = {figures, live->runtime.delivery,
                                            live->runtime.sink, posts_of(live)};
    if (handover_flush(&live->handover)) {
        streams_save(&live->streams);
    }
    if (live->runtime.persistence.state == NULL) {
        // After a restart nothing is counted that was counted before.
        streams_keep_nothing(&live->streams);
    }
    live_status_report(&live->status, &live->notify, &needs);
}

static void
on_beat(void *context)
{
    struct live *live = context;
    loop_delay_note(&live->delay, clock_monotonic(), BEAT);
    timer_set(&live->beat, BEAT);
    live->beats++;
    enum clock_state clock = clock_watch_tick(&live->clock, live->runtime.pipeline);
    if (clock == CLOCK_FOLLOWED) {
        streams_stepped(&live->streams, wall_clock_now());
        alert_delivery_stepped(live->runtime.delivery, wall_clock_state()->followed);
    }
    (void)pipeline_settle(live->runtime.pipeline);
    if (!live->runtime.has_started || live->runtime.is_stopping) {
        notify_wait(&live->notify, live->runtime.has_started
                                       ? ""
                                       : redis_sink_trouble(live->runtime.sink));
        return;
    }
    struct streams_figures figures;
    streams_figures(&live->streams, wall_clock_now(),
                    settings_longest_window(live->settings), &figures);
    redis_sink_set_streams(live->runtime.sink, figures.lag,
                           figures.is_complete && clock != CLOCK_HELD);
    handover_tick(&live->handover, wall_clock_now(), figures.lag, figures.is_complete);
    catch_up_step(&live->catch_up, &live->streams, live->runtime.sink);
    purge_step(&live->purge);
    if (streams_lack_note(&live->streams) ||
        persistence_lacks_posts(&live->runtime.persistence)) {
        persistence_save_soon(&live->runtime.persistence);
    }
    if (live->lookup != NULL) {
        name_lookup_tick(live->lookup, clock_monotonic());
    }
    if (live->beats % BEATS_PER_S == 0) {
        log_settle(false);
        save_second(live, &figures);
    }
}

static void
on_watchdog(void *context)
{
    struct live *live = context;
    timer_set(&live->watchdog, live->notify.watchdog / 2);
    if (live->beats != live->beats_fed) {
        live->beats_fed = live->beats;
        notify_send(&live->notify, "WATCHDOG=1");
    }
}

// ── Redis ──────────────────────────────────────────────────────────────────

static void
on_ready(void *context)
{
    struct live *live = context;
    struct error error = {0};
    signals_doing("the event loop was blocked: the next start uses the last snapshot",
                  EX_TEMPFAIL);
    if (redis_outlet_was_in_use(live->runtime.sink)) {
        streams_continue(&live->streams);
    }
    if (!streams_apply(&live->streams, live->settings, &error)) {
        log_error("start_failed", "%s", error.text);
        runtime_leave(&live->runtime,
                      error.code == STATUS_NOMEM ? EX_OSERR : EX_CONFIG);
        return;
    }
    catch_up_begin(&live->catch_up, &live->streams, live->runtime.sink);
    live_status_start(&live->status, posts_of(live));
    persistence_start(&live->runtime.persistence);
    if (live->role != SCALE_INGEST) {
        persistence_begin(&live->runtime.persistence);
    }
    log_info("started", "started: %zu sources, connected to Redis",
             live->streams.count);
    notify_send(&live->notify, "READY=1\nSTATUS=0/%zu streams, connecting",
                live->streams.count);
}

// ── signals ────────────────────────────────────────────────────────────────

// All is written that can be, and a spare may count from here on.
static void
on_released(void *context)
{
    struct live *live = context;
    live_stop_released(&live->stop);
}

// Another worker has taken over: this one becomes its spare.
static void
on_fenced(void *context)
{
    struct live *live = context;
    if (!live->is_fenced && !live->stop.is_saved_last) {
        live->is_fenced = true;
        log_warn("taken_over_from", "another worker has taken over, since this one was "
                                    "silent: its state is dropped");
        runtime_leave(&live->runtime, 0);
    }
}

static void
on_stop(void *context)
{
    struct live *live = context;
    live->stop = (struct live_stop){
        .runtime = &live->runtime,
        .streams = &live->streams,
        .handover = &live->handover,
        .notify = &live->notify,
        .worker = live->worker,
        .is_fenced = &live->is_fenced,
    };
    live_stop_begin(&live->stop);
}

static bool
reload(struct live *live, struct buffer *report)
{
    if (live->runtime.is_stopping || !live->runtime.has_started) {
        return false;
    }
    notify_send(&live->notify, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
                clock_monotonic());
    const struct reload reload = {
        .place = &live->place,
        .settings = live->settings,
        .pipeline = live->runtime.pipeline,
        .campaigns = &live->runtime.campaigns,
        .people = &live->runtime.people,
        .delivery = live->runtime.delivery,
        .streams = &live->streams,
    };
    reload_settings(&reload, report);
    notify_send(&live->notify, "READY=1\nSTATUS=%s", live->status.text);
    return true;
}

static void
on_hangup(evutil_socket_t number, short what, void *context)
{
    (void)number;
    (void)what;
    if (!reload(context, NULL)) {
        log_info("reload_ignored",
                 "ignoring SIGHUP while starting or stopping: the configuration is not "
                 "reloaded");
    }
}

// A request of the control socket.
static bool
on_reload(void *context, struct buffer *report)
{
    struct live *live = context;
    if (report == NULL && live->runtime.has_started && !live->runtime.is_stopping) {
        event_active(live->hangup, EV_SIGNAL, 1);
        return true;
    }
    return reload(live, report);
}

// ── setting up and tearing down ────────────────────────────────────────────

static bool
make_events(struct live *live)
{
    struct event_base *base = live->runtime.base;
    live->hangup = evsignal_new(base, SIGHUP, on_hangup, live);
    if (live->hangup == NULL || event_add(live->hangup, NULL) != 0) {
        return false;
    }
    if (timer_init(&live->beat, base, on_beat, live) != STATUS_OK ||
        timer_init(&live->watchdog, base, on_watchdog, live) != STATUS_OK) {
        return false;
    }
    timer_set(&live->beat, BEAT);
    if (live->notify.watchdog != 0) {
        timer_set(&live->watchdog, live->notify.watchdog / 2);
    }
    return true;
}

static void
note_streams(void *context, char *note)
{
    struct live *live = context;
    streams_note(&live->streams, wall_clock_now(), live->stop.is_saved_last, note,
                 STATE_NOTE_MAX - SNAPSHOT_COPY_LINE);
    if (live->worker != NULL) {
        snapshot_copy_note(redis_tenure_epoch(live->runtime.sink), note + strlen(note));
    }
}

static void
on_saved(void *context, bool is_kept)
{
    streams_noted(&((struct live *)context)->streams, is_kept);
}

static bool
make_control(struct live *live, struct error *error)
{
    live->purge = (struct purge){
        .pipeline = live->runtime.pipeline,
        .persistence = &live->runtime.persistence,
        .sink = live->runtime.sink,
        .delivery = live->runtime.delivery,
        .routes = live->routes,
    };
    live->requests = (struct requests_needs){
        .settings = live->settings,
        .routes = live->routes,
        .delivery = live->runtime.delivery,
        .purge = &live->purge,
        .reload = on_reload,
        .context = live,
    };
    const struct control_setup setup = {
        .base = live->runtime.base,
        .path = control_socket_path(&live->settings->control, live->control_path),
        .requests = requests_rows,
        .context = &live->requests,
    };
    if (live->control_path[0] != '\0') {
        live->control = control_socket_create(&setup, error);
    }
    if (live->routes != NULL) {
        http_routes_address(live->routes, live->http);
    }
    live->runtime.places[0] = live->routes != NULL ? live->http : NULL;
    live->runtime.places[1] = live->control != NULL ? live->control_path : NULL;
    return live->control_path[0] == '\0' || live->control != NULL;
}

static bool
make_worker(struct live *live, struct error *error)
{
    const struct worker_needs needs = {
        .base = live->runtime.base,
        .settings = live->settings,
        .persistence = &live->runtime.persistence,
        .on_copied = persistence_copied,
        .on_lost = on_fenced,
        .on_released = on_released,
        .context = live,
    };
    return live->worker == NULL || worker_start(live->worker, &needs, error);
}

static bool
make_parts(struct live *live, struct error *error)
{
    const struct stream_setup common = {
        .base = live->runtime.base,
        .client = live->runtime.client,
        .pipeline = live->runtime.pipeline,
        .campaigns = &live->runtime.campaigns,
        .sink = live->runtime.sink,
        .is_noted = live->runtime.persistence.state == NULL,
        .handover = live->role == SCALE_INGEST ? &live->handover : NULL,
        .entries = live->role == SCALE_WORK ? &live->settings->redis : NULL,
    };
    if (live->role == SCALE_INGEST &&
        handover_init(&live->handover, live->runtime.sink, &live->runtime.campaigns,
                      error) != STATUS_OK) {
        return false;
    }
    streams_init(&live->streams, &common);
    live->streams.recall = &live->recall;
    if (live->runtime.persistence.is_restored) {
        streams_restore(&live->streams, live->runtime.persistence.note);
    }
    if (live->settings->http.token_file[0] != '\0') {
        streams_miss_pushed(&live->streams);
    }
    const struct name_lookup_setup lookup = {
        .base = live->runtime.base,
        .client = live->runtime.client,
        .pipeline = live->runtime.pipeline,
        .options = &live->settings->lookup,
    };
    if (live->settings->lookup.is_on &&
        name_lookup_create(&lookup, &live->lookup, error) != STATUS_OK) {
        return false;
    }
    const struct http_routes_setup setup = {
        .base = live->runtime.base,
        .settings = live->settings,
        .pipeline = live->runtime.pipeline,
        .campaigns = &live->runtime.campaigns,
        .persistence = &live->runtime.persistence,
        .sink = live->runtime.sink,
        .streams = &live->streams,
        .lookup = live->lookup,
        .delivery = live->runtime.delivery,
        .handover = live->role == SCALE_INGEST ? &live->handover : NULL,
        .worker = live->worker != NULL ? &live->worker->metrics : NULL,
        .delay = &live->delay,
        .is_started = &live->runtime.has_started,
        .is_stopping = &live->runtime.is_stopping,
    };
    if (live->settings->http.listen[0] != '\0') {
        live->routes = http_routes_create(&setup, error);
    }
    return (live->settings->http.listen[0] == '\0' || live->routes != NULL) &&
           make_control(live, error) && make_worker(live, error);
}

static void
on_recalled(void *context, struct slice alert)
{
    const struct live *live = context;
    http_routes_recalled(live->routes, alert);
}

// Returns 0, or an exit code with error set.
static int
set_up(struct live *live, struct error *error)
{
    const struct runtime_setup setup = {
        .settings = live->settings,
        .state_dir =
            live->role == SCALE_INGEST
                ? ""
                : state_find_directory(&live->settings->state, live->state_dir),
        .webhooks = live->settings->webhook_count,
        .is_live = true,
        .start_patience = START_PATIENCE,
        .note = note_streams,
        .on_saved = on_saved,
        .worker = live->worker,
        .on_fenced = live->worker != NULL ? on_fenced : NULL,
        .on_ready = on_ready,
        .on_flush = on_flush,
        .on_stop = on_stop,
        .context = live,
    };
    int exit_code = runtime_open(&live->runtime, &setup, error);
    if (exit_code != 0) {
        return exit_code;
    }
    live->before = *pipeline_metrics(live->runtime.pipeline);
    if (!make_events(live)) {
        error_set(error, STATUS_NOMEM, "cannot create an event loop: %s",
                  strerror(errno));
        return EX_OSERR;
    }
    live->clock.is_apart = live->role == SCALE_WORK;
    if (!live->clock.is_apart) {
        clock_watch_restored(live->runtime.pipeline, USEC_PER_S);
        clock_watch_started(live->runtime.pipeline);
    }
    resume_init(&live->recall, live->settings, live->runtime.pipeline);
    if (live->settings->http.listen[0] != '\0') {
        resume_alerts(&live->recall, on_recalled, live);
    }
    exit_code = runtime_connect(&live->runtime, &live->recall.request, error);
    if (exit_code == 0 && !make_parts(live, error)) {
        exit_code = error->code == STATUS_NOMEM || error->code == STATUS_IO ? EX_OSERR
                                                                            : EX_CONFIG;
    }
    return exit_code;
}

static void
tear_down(struct live *live)
{
    signals_doing("connections are not closed", live->runtime.exit_code);
    if (live->is_fenced) {
        signals_detach(); // a spare follows
    }
    if (live->worker != NULL) {
        worker_stop(live->worker);
    }
    control_socket_destroy(&live->control);
    http_routes_destroy(&live->routes);
    name_lookup_destroy(&live->lookup);
    streams_fini(&live->streams);
    timer_fini(&live->watchdog);
    timer_fini(&live->beat);
    if (live->hangup != NULL) {
        event_free(live->hangup);
    }
    runtime_close(&live->runtime);
    handover_fini(&live->handover);
}

// From set-up to the end. worker: NULL: of another role.
static int
run_once(struct live *live, const struct config_place *place, struct settings *settings,
         struct worker *worker)
{
    struct error error = {0};
    live->place = *place;
    live->settings = settings;
    live->role = scale_role(&settings->scale);
    live->worker = worker;
    live->runtime.exit_code = set_up(live, &error);
    if (live->runtime.exit_code != 0) {
        log_error("start_failed", "%s", error.text);
    } else {
        runtime_dispatch(&live->runtime);
    }
    tear_down(live);
    return live->runtime.exit_code;
}

// A worker whose prefix another one has taken over becomes a spare.
static int
run_worker(struct live *live, const struct config_place *place,
           struct settings *settings)
{
    static struct worker worker;
    int exit_code;
    bool is_taken;
    do {
        const struct notify notify = live->notify;
        memset(live, 0, sizeof(*live));
        live->notify = notify;
        exit_code = spare_wait(&worker, settings,
                               state_find_directory(&settings->state, live->state_dir),
                               &live->notify, &is_taken);
        if (is_taken) {
            exit_code = run_once(live, place, settings, &worker);
        }
    } while (is_taken && live->is_fenced && !live->runtime.is_stopping);
    return exit_code;
}

int
live_run(const struct config_place *place, struct settings *settings)
{
    static struct live live;
    struct error error = {0};
    if (!notify_init(&live.notify, &error)) {
        log_warn("notify_failed", "%s", error.text);
    }
    int exit_code = scale_role(&settings->scale) == SCALE_WORK
                        ? run_worker(&live, place, settings)
                        : run_once(&live, place, settings, NULL);
    notify_fini(&live.notify);
    return exit_code;
}
