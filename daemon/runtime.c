#include "daemon/runtime.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "base/log.h"
#include "daemon/campaign_setup.h"
#include "daemon/reason.h"
#include "daemon/signals.h"
#include "daemon/wall_clock.h"
#include "daemon/worker.h"
#include "net/http_client.h"
#include "pipeline/pipeline.h"
#include "sinks/redis/redis_sink.h"

enum { DESCRIPTORS_MIN = 16 }; // a replay with snapshots has 12

void
runtime_leave(struct runtime *runtime, int exit_code)
{
    if (runtime->exit_code == 0) {
        runtime->exit_code = exit_code;
    }
    event_base_loopbreak(runtime->base);
}

static int
exit_code_of(const struct error *error)
{
    return error->code == STATUS_NOMEM ? EX_OSERR : EX_CONFIG;
}

usec
runtime_stop_patience(const struct runtime *runtime)
{
    usec left = signals_left();
    return left - persistence_reserve(&runtime->persistence, left);
}

// ── events ─────────────────────────────────────────────────────────────────

static void
on_signal(void *context)
{
    struct runtime *runtime = context;
    if (runtime->is_stopping || !runtime->has_started) {
        log_warn("stopped_at_once", "ended at once by a %ssignal; %s",
                 runtime->is_stopping ? "second " : "", signals_unfinished());
        runtime_leave(runtime, 0);
        return;
    }
    runtime->is_stopping = true;
    runtime->setup.on_stop(runtime->setup.context);
}

static void
on_flush(void *context)
{
    struct runtime *runtime = context;
    if (runtime->has_started) {
        runtime->setup.on_flush(runtime->setup.context);
    }
}

static const char *
event_name(enum redis_event event)
{
    switch (event) {
    case REDIS_EVENT_LOST:
        return "redis_lost";
    case REDIS_EVENT_TROUBLE:
        return "redis_refused";
    case REDIS_EVENT_REWRITE:
        return "redis_rewritten";
    case REDIS_EVENT_REPAIRED:
        return "redis_repaired";
    case REDIS_EVENT_ADVICE:
        return "redis_advice";
    case REDIS_EVENT_FENCED:
        return "redis_fenced";
    case REDIS_EVENT_FATAL:
        return "redis_failed";
    case REDIS_EVENT_READY:
    case REDIS_EVENT_RECOVERED:
        break;
    }
    return "redis_recovered";
}

static void
on_redis(void *context, enum redis_event event, int exit_code,
         const struct error *error)
{
    struct runtime *runtime = context;
    switch (event) {
    case REDIS_EVENT_READY:
        if (!runtime->has_started && !runtime->is_stopping) {
            runtime->has_started = true;
            runtime->setup.on_ready(runtime->setup.context);
        }
        break;
    case REDIS_EVENT_RECOVERED:
        log_info(event_name(event),
                 "Redis is reachable again; all changes are written");
        break;
    case REDIS_EVENT_LOST:
    case REDIS_EVENT_TROUBLE:
    case REDIS_EVENT_REWRITE:
    case REDIS_EVENT_REPAIRED:
    case REDIS_EVENT_ADVICE:
        // A replay does not wait long for Redis at its start: FATAL reports it.
        if (event != REDIS_EVENT_LOST || runtime->setup.is_live ||
            runtime->has_started || redis_sink_is_refused(runtime->sink)) {
            log_warn(event_name(event), "%s", error->text);
        }
        break;
    case REDIS_EVENT_FENCED:
        if (runtime->setup.on_fenced != NULL) {
            runtime->setup.on_fenced(runtime->setup.context);
            break;
        }
        log_error(event_name(event), "%s", error->text);
        runtime_leave(runtime, exit_code);
        break;
    case REDIS_EVENT_FATAL:
        log_error(event_name(event), "%s", error->text);
        runtime_leave(runtime, exit_code);
        break;
    }
}

// ── set-up ─────────────────────────────────────────────────────────────────

// libevent ends the process itself if it lacks descriptors for a loop.
static bool
has_descriptors(struct error *error)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS_MIN) {
        return true;
    }
    error_set(error, STATUS_NOMEM,
              "Too many open files: the limit is %ju, and at least %d are needed; %s",
              (uintmax_t)limit.rlim_cur, DESCRIPTORS_MIN, reason_advice(EMFILE));
    return false;
}

static bool
make_loop(struct runtime *runtime, struct error *error)
{
    if (!has_descriptors(error)) {
        return false;
    }
    runtime->base = event_base_new();
    if (runtime->base == NULL || timer_reserve(runtime->base) != STATUS_OK ||
        !signals_init(runtime->base, on_signal, runtime)) {
        error_set(error, STATUS_NOMEM, "cannot create an event loop: %s",
                  strerror(errno));
        return false;
    }
    return true;
}

static int
make_campaigns(struct runtime *runtime, struct error *error)
{
    const struct settings *settings = runtime->setup.settings;
    struct people *people = &runtime->people;
    if (campaign_setup_apply(settings, runtime->pipeline, &runtime->campaigns, error) !=
        STATUS_OK) {
        return EX_OSERR;
    }
    if (people_init(people, runtime->base, settings, runtime->pipeline) != STATUS_OK) {
        error_set(error, STATUS_NOMEM, "no memory for a timer");
        return EX_OSERR;
    }
    return people_read(people, error) == STATUS_OK ? 0 : exit_code_of(error);
}

int
runtime_open(struct runtime *runtime, const struct runtime_setup *setup,
             struct error *error)
{
    const struct settings *settings = setup->settings;
    runtime->setup = *setup;
    signal(SIGXFSZ, SIG_IGN); // a write beyond ulimit -f fails instead
    if (!make_loop(runtime, error)) {
        return EX_OSERR;
    }
    const struct persistence_setup persistence = {
        .base = runtime->base,
        .options = &settings->pipeline,
        .is_event_time = !setup->is_live,
        .dir = setup->state_dir,
        .discards = settings->state.discards,
        .every = settings->state.every,
        .note = setup->note,
        .on_saved = setup->on_saved,
        .worker = setup->worker,
        .context = setup->context,
    };
    int exit_code = persistence_init(&runtime->persistence, &persistence, error);
    runtime->pipeline = runtime->persistence.pipeline;
    if (exit_code == 0) {
        pipeline_set_rules(runtime->pipeline, settings->alerts, settings->alert_count);
        exit_code = make_campaigns(runtime, error);
    }
    return exit_code;
}

static enum status
make_deliver(struct runtime *runtime, struct error *error)
{
    const struct settings *settings = runtime->setup.settings;
    size_t count = runtime->setup.webhooks;
    enum status status = STATUS_OK;
    if (count != 0 || runtime->setup.is_live) {
        status = http_client_create(runtime->base, &runtime->client, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct alert_delivery_setup delivery = {
        .base = runtime->base,
        .client = runtime->client,
        .options = &settings->delivery,
        .webhooks = settings->webhooks,
        .webhook_count = count,
    };
    return alert_delivery_create(&delivery, &runtime->delivery, error);
}

int
runtime_connect(struct runtime *runtime, const struct redis_resume_request *recall,
                struct error *error)
{
    if (make_deliver(runtime, error) != STATUS_OK) {
        return exit_code_of(error);
    }
    const struct settings *settings = runtime->setup.settings;
    struct redis_options redis = settings->redis;
    bool is_ingest =
        runtime->setup.is_live && scale_role(&settings->scale) == SCALE_INGEST;
    if (is_ingest) {
        runtime->outlet.key = scale_key(redis.prefix, runtime->entries);
        runtime->outlet.most = settings->scale.backlog;
        scale_own_prefix(&settings->scale, &redis);
    }
    const struct worker *worker = runtime->setup.worker;
    const struct redis_sink_setup sink = {
        .base = runtime->base,
        .options = &redis,
        .pipeline = runtime->pipeline,
        .version = CASCADED_VERSION,
        .wall = runtime->setup.is_live ? wall_clock_now : NULL,
        .give_up = runtime->setup.start_patience,
        .ends_when_refused = runtime->setup.ends_when_refused,
        .on_event = on_redis,
        .on_flush = on_flush,
        .recall = recall,
        .alerts = alert_delivery_alerts(runtime->delivery),
        .outlet = is_ingest ? &runtime->outlet : NULL,
        .tenure = worker != NULL ? &worker->tenure : NULL,
        .context = runtime,
        .places = runtime->places,
    };
    if (redis_sink_create(&sink, &runtime->sink, error) != STATUS_OK) {
        return exit_code_of(error);
    }
    alert_delivery_attach(runtime->delivery, runtime->sink);
    return 0;
}

void
runtime_dispatch(struct runtime *runtime)
{
    redis_sink_start(runtime->sink);
    event_base_dispatch(runtime->base);
}

void
runtime_close(struct runtime *runtime)
{
    alert_delivery_destroy(&runtime->delivery);
    http_client_destroy(&runtime->client);
    redis_sink_destroy(&runtime->sink);
    persistence_fini(&runtime->persistence);
    people_fini(&runtime->people);
    campaign_words_fini(&runtime->campaigns);
    signals_fini();
    if (runtime->base != NULL) {
        event_base_free(runtime->base);
    }
}
