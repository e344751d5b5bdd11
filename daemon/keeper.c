#include "daemon/keeper.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

#include "base/log.h"
#include "daemon/clock.h"

#define METRIC(field) offsetof(struct keeper_metrics, field)

// clang-format off
const struct metric keeper_metric_rows[] = {
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
    const struct keeper *keeper = context;
    struct hash_key seed;
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
        error_set(error, STATUS_IO, "cannot get random bytes from the system: %s",
                  strerror(errno));
        return NULL;
    }
    return pipeline_create(keeper->setup.options, &seed, keeper->setup.is_event_time,
                           error);
}

static void
on_unusable(void *context, const struct error *error)
{
    (void)context;
    log_warn("%s", error->text);
}

static void
on_saved(void *context, const struct error *error)
{
    struct keeper *keeper = context;
    struct keeper_metrics *metrics = &keeper->metrics;
    if (error == NULL) {
        metrics->written++;
        metrics->written_at = (uint64_t)clock_wall();
        if (metrics->is_failing != 0) {
            log_info("snapshots are written again in %s", keeper->setup.dir);
        }
    } else {
        metrics->failed++;
        if (metrics->is_failing == 0) {
            char every[USEC_TEXT_MAX];
            log_warn("%s (the next attempt is in %s)", error->text,
                     usec_format_duration(keeper->setup.every, every));
        }
    }
    metrics->is_failing = error != NULL;
    if (keeper->setup.on_saved != NULL) {
        keeper->setup.on_saved(keeper->setup.context);
    }
}

static struct slice
note_now(struct keeper *keeper)
{
    keeper->note[0] = '\0';
    keeper->setup.note(keeper->setup.context, keeper->note);
    return slice_of(keeper->note);
}

static void
on_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    keeper_save_soon(context);
}

static int
open_state(struct keeper *keeper, struct error *error)
{
    struct state_setup setup = {keeper->setup.base, keeper->setup.dir, on_saved,
                                keeper};
    int exit_code = state_open(&setup, &keeper->state, error);
    if (exit_code != 0) {
        return exit_code;
    }
    keeper->timer = event_new(keeper->setup.base, -1, EV_PERSIST, on_timer, keeper);
    if (keeper->timer == NULL) {
        error_set(error, STATUS_NOMEM, "no memory for the state directory");
        return EX_OSERR;
    }
    return 0;
}

int
keeper_init(struct keeper *keeper, const struct keeper_setup *setup,
            struct error *error)
{
    *keeper = (struct keeper){.setup = *setup};
    if (setup->dir[0] == '\0') {
        keeper->pipeline = create_pipeline(keeper, error);
        return keeper->pipeline != NULL ? 0 : EX_OSERR;
    }
    int exit_code = open_state(keeper, error);
    if (exit_code != 0) {
        return exit_code;
    }
    struct state_load load = {.create = create_pipeline,
                              .report = on_unusable,
                              .context = keeper,
                              .discards = setup->discards,
                              .note = keeper->note};
    exit_code = state_load(keeper->state, &load, &keeper->pipeline, error);
    keeper->is_restored = exit_code == 0 && load.is_restored;
    if (keeper->is_restored) {
        keeper->metrics.written_at = (uint64_t)load.made * USEC_PER_S;
        log_info("resuming from the snapshot in %s", setup->dir);
    }
    return exit_code;
}

void
keeper_fini(struct keeper *keeper)
{
    if (keeper->timer != NULL) {
        event_free(keeper->timer);
        keeper->timer = NULL;
    }
    state_close(&keeper->state);
    pipeline_destroy(&keeper->pipeline);
}

void
keeper_start(struct keeper *keeper)
{
    usec every = keeper->setup.every;
    struct timeval period = {every / USEC_PER_S, every % USEC_PER_S};
    if (keeper->timer != NULL) {
        event_add(keeper->timer, &period);
    }
}

void
keeper_save_soon(struct keeper *keeper)
{
    if (!state_is_saving(keeper->state)) {
        (void)state_save(keeper->state, keeper->pipeline, note_now(keeper));
    }
}

int
keeper_save(struct keeper *keeper)
{
    struct error error = {0};
    if (keeper->state == NULL ||
        state_save_now(keeper->state, keeper->pipeline, note_now(keeper), &error) ==
            STATUS_OK) {
        return 0;
    }
    log_error("%s", error.text);
    return EX_IOERR;
}
