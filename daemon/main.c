// cascaded: wires the parts to one event loop and turns what happens into exit codes.
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/output.h"
#include "base/redact.h"
#include "daemon/backtest.h"
#include "daemon/cli.h"
#include "daemon/config.h"
#include "daemon/config_load.h"
#include "daemon/deliver.h"
#include "daemon/describe.h"
#include "daemon/halt.h"
#include "daemon/keeper.h"
#include "daemon/live.h"
#include "daemon/progress.h"
#include "daemon/replay.h"
#include "daemon/settings.h"
#include "daemon/warn.h"
#include "ingest/http_client.h"
#include "pipeline/pipeline.h"
#include "sinks/redis_resume.h"
#include "sinks/redis_sink.h"

#define CONFIG_DEFAULT "/etc/cascaded/cascaded.conf"
#define START_PATIENCE (3 * USEC_PER_S)    // for a Redis that is only just starting
#define STOP_RESERVE (2 * USEC_PER_S)      // for the snapshot, of the time to stop
#define DELIVER_PATIENCE (60 * USEC_PER_S) // for the first attempt of each alert
#define UNSAVED "the snapshot is not saved: the next start goes on from the one before"

static const struct timeval look_every = {0, 20 * USEC_PER_MS};

struct daemon {
    struct cli cli;
    struct settings settings;
    struct event_base *base;
    struct pipeline *pipeline; // the keeper's
    struct redis_sink *sink;
    struct http_client *client; // NULL: no webhook is called
    struct deliver *deliver;
    struct replay *replay;
    struct pipeline_metrics before; // as the snapshot had them
    struct warn warn;
    struct keeper keeper;
    struct progress progress;
    struct event *look; // whether Redis is reached again
    bool has_started;
    bool is_stopping;
    bool is_finished;      // the replay, and its state was to be saved
    bool is_delivered;     // alerts of the replay, as far as they could be
    uint64_t transactions; // when the last wait for Redis began
    int exit_code;
};

static void
leave(struct daemon *daemon, int exit_code, const struct error *error)
{
    if (error != NULL && error->text[0] != '\0') {
        log_error("%s", error->text);
    }
    if (daemon->exit_code == 0) {
        daemon->exit_code = exit_code;
    }
    event_base_loopbreak(daemon->base);
}

// ── the end of a replay ────────────────────────────────────────────────────

static void
tell_counters(struct daemon *daemon)
{
    const void *values[DESCRIBE_METRIC_PARTS] = {
        [DESCRIBE_LINES] = replay_lines_metrics(daemon->replay),
        [DESCRIBE_DECODE] = replay_decode_metrics(daemon->replay),
        [DESCRIBE_PIPELINE] = pipeline_metrics(daemon->pipeline),
        [DESCRIBE_REDIS] = redis_sink_metrics(daemon->sink),
        [DESCRIBE_STATE] = &daemon->keeper.metrics,
    };
    describe_values(stderr, values);
}

// A result that could not be printed is no success.
static int
finish_output(int exit_code)
{
    int reason = output_flush();
    if (reason != 0) {
        log_error("cannot write to standard output: %s", strerror(reason));
    }
    return reason != 0 && exit_code == EX_OK ? EX_IOERR : exit_code;
}

static void
tell_figures(struct daemon *daemon)
{
    const struct pipeline_metrics *metrics = pipeline_metrics(daemon->pipeline);
    const struct pipeline_metrics *before = &daemon->before;
    struct replay_figures figures;
    replay_figures(daemon->replay, &figures);
    uint64_t posts = metrics->posts - before->posts;
    uint64_t duplicates = metrics->duplicates - before->duplicates;
    uint64_t refused = metrics->refused - before->refused;
    printf("replayed posts=%" PRIu64 " interactions=%" PRIu64 " duplicates=%" PRIu64
           " rejected=%" PRIu64 " seconds=%.3f posts_per_s=%.0f\n",
           posts, metrics->interactions - before->interactions, duplicates,
           figures.rejected, figures.seconds,
           figures.seconds > 0 ? (double)posts / figures.seconds : (double)posts);
    daemon->exit_code = finish_output(daemon->exit_code);
    if (figures.rejected > figures.unusable) {
        log_warn("%" PRIu64 " messages could not be used%s", figures.rejected,
                 daemon->cli.verbosity > 0 ? "" : " (-v names each)");
    }
    if (refused != 0) {
        log_warn("%" PRIu64 " posts were not counted because a capacity was reached; "
                 "raise users.capacity, cascades.capacity, memory.windows or "
                 "memory.texts",
                 refused);
    }
    replay_tell_dates(daemon->replay, metrics->late - before->late);
    if (posts + duplicates == 0 && figures.rejected != 0 && daemon->exit_code == 0) {
        daemon->exit_code = EX_DATAERR;
    }
}

static void
note_place(void *context, char *note)
{
    const struct daemon *daemon = context;
    struct replay_place place;
    replay_place(daemon->replay, &place);
    progress_note(&daemon->progress, note);
}

static void
on_flush(void *context)
{
    struct daemon *daemon = context;
    warn_look(&daemon->warn, &daemon->before, pipeline_metrics(daemon->pipeline));
    if (daemon->keeper.state != NULL && daemon->has_started) {
        struct replay_place place;
        replay_place(daemon->replay, &place);
        progress_save(&place, daemon->sink);
    }
}

// ── going on from a snapshot that is older than Redis ──────────────────────

static bool
is_behind(struct daemon *daemon)
{
    struct replay_place place;
    replay_place(daemon->replay, &place);
    return progress_is_behind(&daemon->progress, &place);
}

static void
on_look(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct daemon *daemon = context;
    if (is_behind(daemon)) {
        event_add(daemon->look, &look_every);
    } else {
        redis_resume_release(daemon->sink);
    }
}

static void
hold(struct daemon *daemon)
{
    if (daemon->keeper.is_restored && is_behind(daemon)) {
        redis_resume_hold(daemon->sink);
        event_add(daemon->look, &look_every);
    }
}

static void
on_finished(void *context, const struct error *error)
{
    struct daemon *daemon = context;
    if (error != NULL) {
        halt_doing(UNSAVED, EX_UNAVAILABLE);
        (void)keeper_save(&daemon->keeper);
        leave(daemon, EX_UNAVAILABLE, daemon->exit_code == 0 ? error : NULL);
        return;
    }
    tell_figures(daemon);
    halt_doing(UNSAVED, EX_TEMPFAIL);
    int exit_code = keeper_save(&daemon->keeper);
    if (exit_code == 0 && !deliver_flush_output(daemon->deliver)) {
        exit_code = EX_IOERR;
    }
    if (daemon->cli.verbosity > 0) {
        tell_counters(daemon);
    }
    daemon->is_finished = true;
    if (!daemon->cli.stays || daemon->is_stopping) {
        leave(daemon, exit_code, NULL);
    }
}

static void on_written(void *context, const struct error *error);

static void
wait_for_redis(struct daemon *daemon)
{
    daemon->transactions = redis_sink_metrics(daemon->sink)->transactions;
    redis_sink_finish(daemon->sink,
                      daemon->is_stopping ? halt_left() - STOP_RESERVE
                                          : daemon->settings.redis.patience,
                      on_written, daemon);
}

static void
on_delivered(void *context)
{
    struct daemon *daemon = context;
    uint64_t pending = deliver_pending(daemon->deliver);
    if (pending != 0) {
        log_warn("%" PRIu64 " alerts are not acknowledged: they wait in Redis for the "
                 "next start with these webhooks",
                 pending);
    }
    daemon->is_delivered = true;
    wait_for_redis(daemon);
}

// Everything is in Redis; alerts have still to reach those who read them. A slow Redis
// may take long, as long as it takes something; for one that is away or refuses the
// sink's patience ends the wait; a stop does not wait.
static void
on_written(void *context, const struct error *error)
{
    struct daemon *daemon = context;
    bool goes_on =
        redis_sink_metrics(daemon->sink)->transactions != daemon->transactions ||
        !redis_sink_is_up(daemon->sink);
    bool is_over = daemon->is_stopping || daemon->exit_code != 0;
    if (error != NULL && goes_on && !is_over) {
        wait_for_redis(daemon);
    } else if (error != NULL || daemon->is_delivered) {
        on_finished(daemon, error);
    } else {
        deliver_finish(daemon->deliver,
                       daemon->is_stopping ? (halt_left() - STOP_RESERVE) / 2
                                           : DELIVER_PATIENCE,
                       on_delivered, daemon);
    }
}

static void
on_replayed(void *context, int exit_code, const struct error *error)
{
    struct daemon *daemon = context;
    if (error != NULL) {
        log_error("%s", error->text);
    }
    if (exit_code != 0) {
        daemon->exit_code = exit_code;
    }
    if (daemon->is_stopping && redis_resume_is_held(daemon->sink)) {
        on_finished(daemon, NULL); // Redis is ahead still
        return;
    }
    wait_for_redis(daemon);
}

// ── events ─────────────────────────────────────────────────────────────────

static void
on_redis(void *context, enum redis_event event, int exit_code,
         const struct error *error)
{
    struct daemon *daemon = context;
    switch (event) {
    case REDIS_EVENT_READY:
        if (!daemon->has_started) {
            daemon->has_started = true;
            halt_doing("the replay was held up before its end", EX_TEMPFAIL);
            hold(daemon);
            keeper_start(&daemon->keeper);
            replay_start(daemon->replay);
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
        // Of a Redis that is not reached at the start FATAL says it, if it stays so.
        if (event != REDIS_EVENT_LOST || redis_sink_is_refused(daemon->sink) ||
            daemon->has_started) {
            log_warn("%s", error->text);
        }
        break;
    case REDIS_EVENT_FENCED:
    case REDIS_EVENT_FATAL:
        leave(daemon, exit_code, error);
        break;
    }
}

static void
on_signal(void *context)
{
    struct daemon *daemon = context;
    if (daemon->is_stopping || !daemon->has_started) {
        leave(daemon, 0, NULL);
        return;
    }
    daemon->is_stopping = true;
    if (daemon->is_finished) {
        leave(daemon, keeper_save(&daemon->keeper), NULL);
        return;
    }
    replay_stop(daemon->replay);
}

// ── configuration ──────────────────────────────────────────────────────────

static void
on_config_error(void *context, const struct error *error)
{
    (void)context;
    if (error->line != 0) {
        fprintf(stderr, "%s:%d: %s\n", error->file, error->line, error->text);
    } else if (error->file[0] != '\0') {
        fprintf(stderr, "%s: %s\n", error->file, error->text);
    } else {
        log_error("%s", error->text);
    }
}

static struct config_place
config_place(const struct cli *cli)
{
    const char *path = cli->config;
    if (path == NULL && access(CONFIG_DEFAULT, F_OK) == 0) {
        path = CONFIG_DEFAULT;
    }
    return (struct config_place){path, cli->overrides, cli->override_count};
}

// ── setting up and tearing down ────────────────────────────────────────────

// The pipeline, as it was if there is a state directory; and where to go on.
static int
create_pipeline(struct daemon *daemon, struct error *error)
{
    const struct keeper_setup setup = {
        .base = daemon->base,
        .options = &daemon->settings.pipeline,
        .is_event_time = true,
        .dir = daemon->settings.state.dir,
        .discards = daemon->settings.state.discards,
        .every = daemon->settings.state.every,
        .note = note_place,
        .context = daemon,
    };
    int exit_code = keeper_init(&daemon->keeper, &setup, error);
    if (exit_code != 0) {
        return exit_code;
    }
    daemon->pipeline = daemon->keeper.pipeline;
    pipeline_set_rules(daemon->pipeline, daemon->settings.alerts,
                       daemon->settings.alert_count);
    daemon->before = *pipeline_metrics(daemon->pipeline);
    progress_read(&daemon->progress, daemon->keeper.note);
    return 0;
}

// A replay calls webhooks only if that is asked for.
static bool
create_deliver(struct daemon *daemon, struct error *error)
{
    const struct settings *settings = &daemon->settings;
    size_t count = daemon->cli.delivers ? settings->webhook_count : 0;
    if (count != 0 &&
        http_client_create(daemon->base, &daemon->client, error) != STATUS_OK) {
        return false;
    }
    const struct deliver_setup deliver = {
        .base = daemon->base,
        .client = daemon->client,
        .options = &settings->deliver,
        .webhooks = settings->webhooks,
        .webhook_count = count,
    };
    return deliver_create(&deliver, &daemon->deliver, error) == STATUS_OK;
}

static bool
create_parts(struct daemon *daemon, struct error *error)
{
    if (!create_deliver(daemon, error)) {
        return false;
    }
    struct redis_sink_setup sink = {
        .base = daemon->base,
        .options = &daemon->settings.redis,
        .pipeline = daemon->pipeline,
        .version = CASCADED_VERSION,
        .give_up = START_PATIENCE,
        .ends_when_refused = !daemon->cli.stays,
        .on_event = on_redis,
        .on_flush = on_flush,
        .recall = daemon->keeper.state != NULL ? &daemon->progress.request : NULL,
        .alerts = deliver_alerts(daemon->deliver),
        .context = daemon,
    };
    if (redis_sink_create(&sink, &daemon->sink, error) != STATUS_OK) {
        return false;
    }
    deliver_attach(daemon->deliver, daemon->sink);
    enum decode_format format = DECODE_AUTO;
    enum status status =
        decode_format_parse(slice_of(daemon->settings.daemon.format), &format);
    struct replay_setup replay = {
        .base = daemon->base,
        .pipeline = daemon->pipeline,
        .sink = daemon->sink,
        .files = daemon->cli.files,
        .file_count = daemon->cli.file_count,
        .format = format,
        .speed = daemon->cli.speed,
        .marks = daemon->keeper.state != NULL ? &daemon->progress.marks : NULL,
        .is_verbose = daemon->cli.verbosity > 0,
        .on_done = on_replayed,
        .context = daemon,
    };
    daemon->replay = status == STATUS_OK ? replay_create(&replay, error) : NULL;
    return daemon->replay != NULL;
}

static bool
create_loop(struct daemon *daemon)
{
    daemon->base = event_base_new();
    if (daemon->base == NULL || !halt_init(daemon->base, on_signal, daemon)) {
        return false;
    }
    daemon->look = evtimer_new(daemon->base, on_look, daemon);
    return daemon->look != NULL;
}

static void
destroy(struct daemon *daemon)
{
    halt_doing("connections are not closed", daemon->exit_code);
    replay_destroy(&daemon->replay);
    deliver_destroy(&daemon->deliver);
    http_client_destroy(&daemon->client);
    redis_sink_destroy(&daemon->sink);
    keeper_fini(&daemon->keeper);
    halt_fini();
    if (daemon->look != NULL) {
        event_free(daemon->look);
    }
    if (daemon->base != NULL) {
        event_base_free(daemon->base);
    }
}

static int
replay_files(struct daemon *daemon)
{
    int reason = 0;
    const char *unreadable =
        replay_unreadable(daemon->cli.files, daemon->cli.file_count, &reason);
    if (unreadable != NULL) {
        char shown[REDACT_MAX];
        log_error("cannot read %s: %s", redact(slice_of(unreadable), shown),
                  strerror(reason));
        return EX_NOINPUT;
    }
    struct error error = {0};
    progress_init(&daemon->progress, daemon->cli.files, daemon->cli.file_count);
    signal(SIGXFSZ, SIG_IGN); // a write beyond ulimit -f fails instead
    if (!create_loop(daemon)) {
        log_error("the system gives no event loop: %s", strerror(errno));
        daemon->exit_code = EX_OSERR;
    } else if ((daemon->exit_code = create_pipeline(daemon, &error)) != 0) {
        log_error("%s", error.text);
    } else if (!create_parts(daemon, &error)) {
        log_error("%s", error.text);
        daemon->exit_code = error.code == STATUS_NOMEM ? EX_OSERR : EX_CONFIG;
    } else {
        redis_sink_start(daemon->sink);
        event_base_dispatch(daemon->base);
    }
    destroy(daemon);
    return daemon->exit_code;
}

static int
run_backtest(const struct daemon *daemon)
{
    const struct backtest backtest = {
        .settings = &daemon->settings,
        .files = daemon->cli.files,
        .file_count = daemon->cli.file_count,
        .per_day = daemon->cli.per_day,
    };
    if (daemon->cli.file_count == 0) {
        log_error("name the FILEs to test the alert rules with");
        return EX_USAGE;
    }
    return backtest_run(&backtest);
}

static int
run(struct daemon *daemon)
{
    struct config_place place = config_place(&daemon->cli);
    if (!config_load(&place, &daemon->settings, on_config_error, NULL)) {
        return EX_CONFIG;
    }
    daemon->settings.state.discards = daemon->cli.discards_state;
    if (daemon->cli.action == CLI_CHECK) {
        return EX_OK;
    }
    if (daemon->cli.action == CLI_BACKTEST) {
        return finish_output(run_backtest(daemon));
    }
    if (daemon->cli.file_count != 0) {
        return replay_files(daemon);
    }
    if (settings_has_input(&daemon->settings)) {
        return live_run(&place, &daemon->settings);
    }
    if (place.path == NULL) {
        log_error("name a FILE to replay, or - for standard input, or a configuration "
                  "with sources (cascaded --help says more)");
        return EX_USAGE;
    }
    log_error("%s: there is nothing to follow; write for example: source \"x\" "
              "{ url = \"https://api.x.com/2/tweets/search/stream\" token_file = "
              "\"/etc/cascaded/credentials/x-token\" }, or set http.token_file to "
              "take posts that are pushed",
              place.path);
    return EX_CONFIG;
}

int
main(int argc, char **argv)
{
    static struct daemon daemon;
    struct error error = {0};
    output_guard();
    signal(SIGPIPE, SIG_IGN);
    if (cli_parse(argc, argv, &daemon.cli, &error) != STATUS_OK) {
        log_error("%s", error.text);
        return EX_USAGE;
    }
    log_setup(daemon.cli.verbosity < 0 ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
              getenv("JOURNAL_STREAM") != NULL);
    switch (daemon.cli.action) {
    case CLI_VERSION:
        puts("cascaded " CASCADED_VERSION);
        return finish_output(EX_OK);
    case CLI_HELP:
        fputs(cli_help, stdout);
        return finish_output(EX_OK);
    case CLI_DESCRIBE:
        if (!describe(stdout, daemon.cli.describe, daemon.cli.is_json)) {
            log_error("--describe %s: give options, metrics, keys, formats or alerts",
                      daemon.cli.describe);
            return EX_USAGE;
        }
        return finish_output(EX_OK);
    case CLI_RUN:
    case CLI_CHECK:
    case CLI_BACKTEST:
        break;
    }
    return run(&daemon);
}
