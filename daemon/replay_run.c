#include "daemon/replay_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "base/redact.h"
#include "daemon/describe.h"
#include "daemon/http_routes.h"
#include "daemon/signals.h"
#include "daemon/progress.h"
#include "daemon/replay.h"
#include "daemon/replay_files.h"
#include "daemon/report.h"
#include "daemon/runtime.h"
#include "daemon/warn.h"
#include "ingest/decode/decode_format.h"
#include "net/timer.h"
#include "pipeline/changes.h"
#include "sinks/redis/redis_resume.h"
#include "sinks/redis/redis_sink.h"

#define START_PATIENCE (3 * USEC_PER_S) // for a Redis that has just been started
#define ALERT_DELIVERY_PATIENCE (60 * USEC_PER_S) // for the first attempt of each alert

#define LOOK_EVERY (20 * USEC_PER_MS)

struct replay_run {
    const struct cli *cli;
    struct runtime runtime;
    struct replay *replay;
    struct pipeline_metrics before; // as in the snapshot
    struct warn warn;
    struct progress progress;
    struct http_routes *routes; // NULL: without --stay, or http.listen is empty
    char http[HTTP_ROUTES_ADDRESS_MAX];
    struct timer look;     // checks if Redis is reachable again
    bool is_finished;      // the replay, and its state had to be saved
    bool is_delivered;     // alerts of the replay, as far as possible
    uint64_t transactions; // at the beginning of the current wait for Redis
};

// ── the end of a replay ────────────────────────────────────────────────────

static void
print_counters(struct replay_run *run)
{
    const void *values[DESCRIBE_METRIC_PARTS] = {
        [DESCRIBE_LINES] = replay_lines_metrics(run->replay),
        [DESCRIBE_DECODE] = replay_decode_metrics(run->replay),
        [DESCRIBE_PIPELINE] = pipeline_metrics(run->runtime.pipeline),
        [DESCRIBE_REDIS] = redis_sink_metrics(run->runtime.sink),
        [DESCRIBE_OUTPUT] = alert_delivery_output(run->runtime.delivery),
        [DESCRIBE_STATE] = &run->runtime.persistence.metrics,
    };
    describe_values(stderr, values);
}

static void
print_figures(struct replay_run *run)
{
    const struct report report = {
        .replay = run->replay,
        .now = pipeline_metrics(run->runtime.pipeline),
        .before = &run->before,
        .is_verbose = run->cli->verbosity > 0,
    };
    int exit_code = report_figures(&report);
    if (run->runtime.exit_code == 0) {
        run->runtime.exit_code = exit_code;
    }
}

static void
note_place(void *context, char *note)
{
    const struct replay_run *run = context;
    struct replay_place place;
    replay_place(run->replay, &place);
    progress_note(&run->progress, note);
}

static void
on_flush(void *context)
{
    struct replay_run *run = context;
    warn_look(&run->warn, &run->before, pipeline_metrics(run->runtime.pipeline));
    http_routes_flushed(run->routes);
    if (run->runtime.persistence.state != NULL) {
        struct replay_place place;
        replay_place(run->replay, &place);
        progress_save(&place, run->runtime.sink);
    }
}

// ── resuming from a snapshot that is older than Redis ──────────────────────

static bool
is_behind(struct replay_run *run)
{
    struct replay_place place;
    replay_place(run->replay, &place);
    return progress_is_behind(&run->progress, &place);
}

static void
on_look(void *context)
{
    struct replay_run *run = context;
    if (is_behind(run)) {
        timer_set(&run->look, LOOK_EVERY);
    } else {
        redis_sink_release(run->runtime.sink);
    }
}

static void
hold(struct replay_run *run)
{
    if (run->runtime.persistence.is_restored && is_behind(run)) {
        redis_sink_hold(run->runtime.sink);
        timer_set(&run->look, LOOK_EVERY);
    }
}

static void
on_finished(void *context, const struct error *error)
{
    struct replay_run *run = context;
    if (error != NULL) {
        signals_doing(RUNTIME_UNSAVED, EX_UNAVAILABLE);
        (void)persistence_save(&run->runtime.persistence);
        if (run->runtime.exit_code == 0) {
            log_error("changes_unwritten", "%s", error->text);
        }
        runtime_leave(&run->runtime, EX_UNAVAILABLE);
        return;
    }
    print_figures(run);
    signals_doing(RUNTIME_UNSAVED, EX_TEMPFAIL);
    int exit_code = persistence_save(&run->runtime.persistence);
    if (exit_code == 0 && !alert_delivery_flush_output(run->runtime.delivery)) {
        exit_code = EX_IOERR;
    }
    if (run->cli->verbosity > 0) {
        print_counters(run);
    }
    run->is_finished = true;
    if (!run->cli->stays || run->runtime.is_stopping) {
        runtime_leave(&run->runtime, exit_code);
    }
}

static void on_written(void *context, const struct error *error);

static void
wait_for_redis(struct replay_run *run)
{
    run->transactions = redis_sink_metrics(run->runtime.sink)->transactions;
    changes_renew(run->runtime.pipeline);
    redis_sink_finish(run->runtime.sink,
                      run->runtime.is_stopping
                          ? runtime_stop_patience(&run->runtime)
                          : run->runtime.setup.settings->redis.patience,
                      on_written, run);
}

static void
on_delivered(void *context)
{
    struct replay_run *run = context;
    uint64_t pending = alert_delivery_pending(run->runtime.delivery);
    if (pending != 0) {
        log_warn("alerts_waiting",
                 "%" PRIu64 " alerts are not acknowledged: they wait in Redis for the "
                 "next start with these webhooks",
                 pending);
    }
    run->is_delivered = true;
    wait_for_redis(run);
}

// Everything is in Redis; alerts have yet to be delivered. A slow Redis may take long,
// as long as it makes progress. If Redis cannot be reached or refuses, the sink's
// patience ends the wait; a stop does not wait.
static void
on_written(void *context, const struct error *error)
{
    struct replay_run *run = context;
    bool goes_on =
        redis_sink_metrics(run->runtime.sink)->transactions != run->transactions ||
        !redis_sink_is_up(run->runtime.sink);
    bool is_over = run->runtime.is_stopping || run->runtime.exit_code != 0;
    if (error != NULL && goes_on && !is_over) {
        wait_for_redis(run);
    } else if (error != NULL || run->is_delivered) {
        on_finished(run, error);
    } else {
        alert_delivery_finish(run->runtime.delivery,
                              run->runtime.is_stopping
                                  ? runtime_stop_patience(&run->runtime) / 2
                                  : ALERT_DELIVERY_PATIENCE,
                              on_delivered, run);
    }
}

static void
on_replayed(void *context, int exit_code, const struct error *error)
{
    struct replay_run *run = context;
    if (error != NULL) {
        log_error("replay_failed", "%s", error->text);
    }
    if (exit_code != 0) {
        run->runtime.exit_code = exit_code;
    }
    if (run->runtime.is_stopping && error == NULL) {
        struct replay_place place;
        replay_place(run->replay, &place);
        report_stop(&place, run->runtime.persistence.state != NULL);
    }
    if (run->runtime.is_stopping && redis_sink_is_held(run->runtime.sink)) {
        on_finished(run, NULL); // Redis is ahead still
        return;
    }
    wait_for_redis(run);
}

// ── events ─────────────────────────────────────────────────────────────────

static void
on_ready(void *context)
{
    struct replay_run *run = context;
    signals_doing("the replay was interrupted before its end", EX_TEMPFAIL);
    hold(run);
    persistence_start(&run->runtime.persistence);
    replay_start(run->replay);
}

static void
on_stop(void *context)
{
    struct replay_run *run = context;
    if (run->is_finished) {
        runtime_leave(&run->runtime, persistence_save(&run->runtime.persistence));
        return;
    }
    replay_stop(run->replay);
}

// ── set-up ─────────────────────────────────────────────────────────────────

static bool
make_replay(struct replay_run *run, struct error *error)
{
    const struct cli *cli = run->cli;
    const struct settings *settings = run->runtime.setup.settings;
    enum decode_format format = DECODE_AUTO;
    enum status status =
        decode_format_parse(slice_of(settings->daemon.format), &format);
    const struct replay_setup replay = {
        .base = run->runtime.base,
        .pipeline = run->runtime.pipeline,
        .campaigns = &run->runtime.campaigns,
        .sink = run->runtime.sink,
        .files = cli->files,
        .file_count = cli->file_count,
        .format = format,
        .speed = cli->speed,
        .marks = run->runtime.persistence.state != NULL ? &run->progress.marks : NULL,
        .is_verbose = cli->verbosity > 0,
        .on_done = on_replayed,
        .context = run,
    };
    bool has_timer =
        timer_init(&run->look, run->runtime.base, on_look, run) == STATUS_OK;
    run->replay = status == STATUS_OK ? replay_create(&replay, error) : NULL;
    return has_timer && run->replay != NULL;
}

// For those who stay to look at it; it serves from the start.
static bool
make_routes(struct replay_run *run, struct error *error)
{
    const struct settings *settings = run->runtime.setup.settings;
    const struct http_routes_setup setup = {
        .base = run->runtime.base,
        .settings = settings,
        .pipeline = run->runtime.pipeline,
        .persistence = &run->runtime.persistence,
        .sink = run->runtime.sink,
        .delivery = run->runtime.delivery,
        .is_started = &run->runtime.has_started,
        .is_stopping = &run->runtime.is_stopping,
    };
    if (!run->cli->stays || settings->http.listen[0] == '\0') {
        return true;
    }
    run->routes = http_routes_create(&setup, error);
    if (run->routes == NULL && error->code == STATUS_IO) {
        log_warn("http_failed", "%s", error->text); // another daemon may serve there
        *error = (struct error){0};
        return true;
    }
    if (run->routes != NULL) {
        http_routes_address(run->routes, run->http);
        run->runtime.places[0] = run->http;
    }
    return run->routes != NULL;
}

// Returns 0, or an exit code with error set.
static int
set_up(struct replay_run *run, const struct settings *settings, struct error *error)
{
    const struct runtime_setup setup = {
        .settings = settings,
        .state_dir = settings->state.dir,
        .webhooks = run->cli->delivers ? settings->webhook_count : 0,
        .ends_when_refused = !run->cli->stays,
        .start_patience = START_PATIENCE,
        .note = note_place,
        .on_ready = on_ready,
        .on_flush = on_flush,
        .on_stop = on_stop,
        .context = run,
    };
    int exit_code = runtime_open(&run->runtime, &setup, error);
    if (exit_code != 0) {
        return exit_code;
    }
    run->before = *pipeline_metrics(run->runtime.pipeline);
    progress_read(&run->progress, run->runtime.persistence.note);
    exit_code = runtime_connect(
        &run->runtime,
        run->runtime.persistence.state != NULL ? &run->progress.request : NULL, error);
    if (exit_code == 0 && !make_replay(run, error)) {
        exit_code = EX_OSERR;
    }
    if (exit_code == 0 && !make_routes(run, error)) {
        exit_code = error->code == STATUS_NOMEM ? EX_OSERR : EX_CONFIG;
    }
    return exit_code;
}

static void
tear_down(struct replay_run *run)
{
    signals_doing("connections are not closed", run->runtime.exit_code);
    http_routes_destroy(&run->routes);
    replay_destroy(&run->replay);
    timer_fini(&run->look);
    runtime_close(&run->runtime);
}

int
replay_run(const struct cli *cli, const struct settings *settings)
{
    static struct replay_run run;
    int reason = 0;
    const char *unreadable =
        replay_files_unreadable(cli->files, cli->file_count, &reason);
    if (unreadable != NULL) {
        char shown[REDACT_MAX];
        redact(slice_of(unreadable), shown);
        log_error_of("file_failed", "file", shown, "cannot read %s: %s", shown,
                     strerror(reason));
        return EX_NOINPUT;
    }
    struct error error = {0};
    run.cli = cli;
    progress_init(&run.progress, cli->files, cli->file_count);
    run.runtime.exit_code = set_up(&run, settings, &error);
    if (run.runtime.exit_code != 0) {
        log_error("start_failed", "%s", error.text);
    } else {
        runtime_dispatch(&run.runtime);
    }
    tear_down(&run);
    return run.runtime.exit_code;
}
