#include "daemon/worker.h"

#include "base/log.h"
#include "daemon/settings.h"
#include "daemon/wall_clock.h"

#define RELEASE_WITHIN (500 * USEC_PER_MS)

#define METRIC(field) offsetof(struct worker_metrics, field)

// clang-format off
const struct metric worker_metric_rows[] = {
    {"cascaded_spare", NULL, METRIC_GAUGE, METRIC(is_spare),
     "1 while this process waits as a spare: another worker counts"},
    {"cascaded_takeovers_total", NULL, METRIC_COUNTER, METRIC(takeovers),
     "How often this process began to count in place of another worker"},
    {"cascaded_snapshots_copied_total", NULL, METRIC_COUNTER, METRIC(copied),
     "Snapshots copied to Redis, for spares"},
    {"cascaded_snapshots_not_copied_total", NULL, METRIC_COUNTER, METRIC(failed),
     "Snapshots that could not be copied to Redis"},
    {"cascaded_snapshot_copied_timestamp_seconds", NULL, METRIC_SPAN, METRIC(copied_at),
     "Unix time at which a snapshot was copied to Redis, or fetched from it; 0 if none was"},
    METRIC_END,
};
// clang-format on

// ── the seat ───────────────────────────────────────────────────────────────

static void
on_seat(void *context, enum redis_seat_event event, enum redis_error_kind kind,
        const struct error *error)
{
    const struct worker *worker = context;
    switch (event) {
    case REDIS_SEAT_LOST:
        worker->needs.on_lost(worker->needs.context);
        break;
    case REDIS_SEAT_RELEASED:
        worker->needs.on_released(worker->needs.context);
        break;
    case REDIS_SEAT_TROUBLE:
    case REDIS_SEAT_WELL:
        // The sink reports what Redis refuses, but for the rights that only this needs.
        if (kind == REDIS_ERROR_NOPERM) {
            log_warn("seat_refused", "%s", error->text);
        }
        break;
    case REDIS_SEAT_WATCHED:
    case REDIS_SEAT_TAKEN:
    case REDIS_SEAT_ANNOUNCED:
        break;
    }
}

// ── copies ─────────────────────────────────────────────────────────────────

static bool
read_snapshot(void *context, uint64_t at, char *bytes, size_t size)
{
    struct worker *worker = context;
    return snapshot_reader_get(&worker->reader, at, bytes, size);
}

static void
on_put(void *context, const struct error *error)
{
    struct worker *worker = context;
    struct worker_metrics *metrics = &worker->metrics;
    snapshot_reader_close(&worker->reader);
    if (error == NULL) {
        metrics->copied++;
        metrics->copied_at = (uint64_t)wall_clock_now();
        if (metrics->is_failing != 0) {
            log_info("snapshot_copied", "snapshots are copied to Redis again");
        }
    } else {
        metrics->failed++;
        if (metrics->is_failing == 0) {
            log_warn("snapshot_not_copied",
                     "the snapshot is not copied to Redis: %s; spares would use the "
                     "one before",
                     error->text);
        }
    }
    metrics->is_failing = error != NULL;
    worker->needs.on_copied(worker->needs.persistence, error == NULL);
}

void
worker_copy(struct worker *worker, int dir)
{
    const struct error unreadable = {
        .code = STATUS_IO, .text = "the snapshot in state.dir cannot be read"};
    struct redis_manifest manifest;
    if (!snapshot_reader_open(&worker->reader, dir, &manifest)) {
        on_put(worker, &unreadable);
        return;
    }
    redis_store_put(worker->store, &manifest);
}

// ── life ───────────────────────────────────────────────────────────────────

bool
worker_start(struct worker *worker, const struct worker_needs *needs,
             struct error *error)
{
    worker->needs = *needs;
    worker->reader.fd = -1;
    const struct redis_options *options = &needs->settings->redis;
    const struct redis_seat_setup seat = {.base = needs->base,
                                          .options = options,
                                          .takeover = needs->settings->scale.takeover,
                                          .tenure = &worker->tenure,
                                          .on_event = on_seat,
                                          .context = worker};
    const struct redis_store_setup store = {.base = needs->base,
                                            .options = options,
                                            .tenure = &worker->tenure,
                                            .read = read_snapshot,
                                            .on_put = on_put,
                                            .context = worker};
    if (redis_seat_create(&seat, &worker->seat, error) != STATUS_OK ||
        redis_store_create(&store, &worker->store, error) != STATUS_OK) {
        return false;
    }
    redis_seat_start(worker->seat);
    return true;
}

void
worker_release(struct worker *worker)
{
    redis_seat_release(worker->seat, RELEASE_WITHIN);
}

void
worker_stop(struct worker *worker)
{
    if (worker->seat != NULL) {
        redis_store_destroy(&worker->store);
        redis_seat_destroy(&worker->seat);
        snapshot_reader_close(&worker->reader);
    }
}
