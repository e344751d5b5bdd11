#include "daemon/persistence.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

#include "base/log.h"
#include "daemon/wall_clock.h"
#include "daemon/worker.h"
#include "ingest/text/text.h"
#include "net/clock.h"

// Of a stop: for the snapshot, and for all else.
#define RESERVE_LEAST (2 * USEC_PER_S)
#define OTHER_LEAST (500 * USEC_PER_MS)

#define METRIC(field) offsetof(struct persistence_metrics, field)

// clang-format off
const struct metric persistence_metric_rows[] = {
    {"cascaded_snapshots_written_total", NULL, METRIC_COUNTER, METRIC(written),
     "Snapshots written to state.dir"},
    {"cascaded_snapshots_failed_total", NULL, METRIC_COUNTER, METRIC(failed),
     "Snapshots that could not be written to state.dir"},
    {"cascaded_snapshot_failing", NULL, METRIC_GAUGE, METRIC(is_failing),
     "1 if the last snapshot could not be written"},
    {"cascaded_snapshot_written_timestamp_seconds", NULL, METRIC_SPAN, METRIC(written_at),
     "Unix time of the newest good snapshot, also if it was written before the start; 0 if there is none"},
    METRIC_END,
};
// clang-format on

static struct pipeline *
create_pipeline(void *context, struct error *error)
{
    const struct persistence *persistence = context;
    struct hash_key seed;
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
        error_set(error, STATUS_IO, "cannot get random bytes from the system: %s",
                  strerror(errno));
        return NULL;
    }
    struct pipeline *pipeline = pipeline_create(
        persistence->setup.options, &seed, persistence->setup.is_event_time, error);
    if (pipeline != NULL) {
        pipeline_fold_handles(pipeline, text_fold);
    }
    return pipeline;
}

static void
on_unusable(void *context, const struct error *error)
{
    (void)context;
    log_warn("snapshot_unusable", "%s", error->text);
}

static void
tell_saved(struct persistence *persistence, bool is_kept)
{
    if (persistence->setup.on_saved != NULL) {
        persistence->setup.on_saved(persistence->setup.context, is_kept);
    }
}

static void
on_saved(void *context, const struct error *error)
{
    struct persistence *persistence = context;
    struct persistence_metrics *metrics = &persistence->metrics;
    if (error == NULL) {
        metrics->written++;
        persistence->took = clock_monotonic() - persistence->begun;
        metrics->written_at = (uint64_t)wall_clock_now();
        if (metrics->is_failing != 0) {
            log_info("snapshot_recovered", "snapshots are written again in %s",
                     persistence->setup.dir);
        }
    } else {
        metrics->failed++;
        if (metrics->is_failing == 0) {
            char every[USEC_TEXT_MAX];
            log_warn("snapshot_failed", "%s (the next attempt is in %s)", error->text,
                     usec_format_duration(persistence->setup.every, every));
        }
    }
    metrics->is_failing = error != NULL;
    if (error == NULL && persistence->setup.worker != NULL) {
        persistence->is_copying = true;
        worker_copy(persistence->setup.worker, state_directory(persistence->state));
    } else {
        tell_saved(persistence, error == NULL);
    }
}

void
persistence_copied(struct persistence *persistence, bool is_good)
{
    persistence->is_copying = false;
    persistence->not_copied += !is_good;
    tell_saved(persistence, is_good);
}

bool
persistence_is_saving(const struct persistence *persistence)
{
    return state_is_saving(persistence->state) || persistence->is_copying;
}

static struct slice
note_now(struct persistence *persistence)
{
    persistence->note[0] = '\0';
    persistence->setup.note(persistence->setup.context, persistence->note);
    return slice_of(persistence->note);
}

static void
on_timer(void *context)
{
    struct persistence *persistence = context;
    timer_set(&persistence->timer, persistence->setup.every);
    persistence_save_soon(persistence);
}

static int
open_state(struct persistence *persistence, struct error *error)
{
    struct state_setup setup = {persistence->setup.base, persistence->setup.dir,
                                on_saved, persistence};
    int exit_code = state_open(&setup, &persistence->state, error);
    if (exit_code != 0) {
        return exit_code;
    }
    if (timer_init(&persistence->timer, persistence->setup.base, on_timer,
                   persistence) != STATUS_OK) {
        error_set(error, STATUS_NOMEM, "no memory for the state directory");
        return EX_OSERR;
    }
    return 0;
}

int
persistence_init(struct persistence *persistence, const struct persistence_setup *setup,
                 struct error *error)
{
    *persistence = (struct persistence){.setup = *setup};
    if (setup->dir[0] == '\0') {
        persistence->pipeline = create_pipeline(persistence, error);
        return persistence->pipeline != NULL ? 0 : EX_OSERR;
    }
    int exit_code = open_state(persistence, error);
    if (exit_code != 0) {
        return exit_code;
    }
    struct state_load load = {.create = create_pipeline,
                              .report = on_unusable,
                              .context = persistence,
                              .discards = setup->discards,
                              .note = persistence->note};
    exit_code = state_load(persistence->state, &load, &persistence->pipeline, error);
    persistence->is_restored = exit_code == 0 && load.is_restored;
    if (persistence->is_restored) {
        persistence->metrics.written_at = (uint64_t)load.made * USEC_PER_S;
        persistence->has_posts = pipeline_metrics(persistence->pipeline)->posts != 0;
        log_info("snapshot_restored", "resuming from the snapshot in %s", setup->dir);
    }
    return exit_code;
}

void
persistence_fini(struct persistence *persistence)
{
    timer_fini(&persistence->timer);
    state_close(&persistence->state);
    pipeline_destroy(&persistence->pipeline);
}

void
persistence_start(struct persistence *persistence)
{
    if (persistence->state != NULL) {
        timer_set(&persistence->timer, persistence->setup.every);
    }
}

void
persistence_begin(struct persistence *persistence)
{
    if (persistence->state == NULL) {
        log_info("snapshot_off",
                 "state.dir is not set: after a restart everything is counted from "
                 "zero");
    } else if (!persistence->is_restored) {
        log_info("snapshot_none",
                 "there is no snapshot in %s: counting starts from zero",
                 persistence->setup.dir);
        persistence_save_soon(persistence);
    }
}

void
persistence_save_soon(struct persistence *persistence)
{
    if (!persistence_is_saving(persistence)) {
        persistence->has_posts = pipeline_metrics(persistence->pipeline)->posts != 0;
        persistence->begun = clock_monotonic();
        (void)state_save(persistence->state, persistence->pipeline,
                         note_now(persistence));
    }
}

bool
persistence_lacks_posts(const struct persistence *persistence)
{
    return persistence->state != NULL && !persistence->has_posts &&
           pipeline_metrics(persistence->pipeline)->posts != 0;
}

usec
persistence_reserve(const struct persistence *persistence, usec left)
{
    usec wanted = persistence->took + persistence->took / 2;
    usec reserve = wanted > RESERVE_LEAST ? wanted : RESERVE_LEAST;
    return reserve < left - OTHER_LEAST ? reserve : left - OTHER_LEAST;
}

int
persistence_save(struct persistence *persistence)
{
    struct error error = {0};
    if (persistence->state == NULL ||
        state_save_now(persistence->state, persistence->pipeline, note_now(persistence),
                       &error) == STATUS_OK) {
        return 0;
    }
    log_error("snapshot_failed", "%s", error.text);
    return EX_IOERR;
}
