#include "daemon/live_stop.h"

#include <event2/event.h>
#include <inttypes.h>
#include <sysexits.h>

#include "base/log.h"
#include "daemon/alert_delivery.h"
#include "daemon/persistence.h"
#include "daemon/signals.h"
#include "sinks/redis/redis_sink.h"

#define FIRST_PATIENCE USEC_PER_S // of most stops, which have little to write
#define SPARE USEC_PER_S          // to close what is open, after the last wait

static void
save(struct live_stop *stop, int exit_code)
{
    signals_doing(RUNTIME_UNSAVED, exit_code);
    stop->is_saved_last = true;
    stop->saved = persistence_save(&stop->runtime->persistence);
    // The loop was blocked: what is timed from here on begins now.
    (void)event_base_update_cache_time(stop->runtime->base);
}

static void
leave(struct live_stop *stop, int exit_code)
{
    struct alert_delivery *delivery = stop->runtime->delivery;
    uint64_t pending = alert_delivery_pending(delivery);
    if (pending != 0) {
        log_info("alerts_waiting",
                 "%" PRIu64 " alerts are not acknowledged: they wait in Redis for the "
                 "next start",
                 pending);
    }
    if (exit_code == 0 && !alert_delivery_flush_output(delivery)) {
        exit_code = EX_IOERR;
    }
    runtime_leave(stop->runtime, exit_code);
}

static void
leave_behind(struct live_stop *stop, const struct error *error)
{
    log_error("changes_unwritten", "%s", error->text);
    leave(stop, EX_UNAVAILABLE);
}

// The snapshot was saved before the rest was written: the next start writes the same
// values again.
static void
on_rest_written(void *context, const struct error *error)
{
    struct live_stop *stop = context;
    usec age;
    if (error == NULL) {
        leave(stop, stop->saved);
    } else if (stop->saved == 0 && redis_sink_is_current(stop->runtime->sink, &age)) {
        log_warn("changes_waiting",
                 "not all changes could be written to Redis in time: they are in the "
                 "snapshot, and the next start writes them");
        leave(stop, 0);
    } else {
        leave_behind(stop, error);
    }
}

static void
release(struct live_stop *stop, const struct error *error)
{
    bool is_output = alert_delivery_flush_output(stop->runtime->delivery);
    int exit_code = error != NULL ? EX_UNAVAILABLE : is_output ? 0 : EX_IOERR;
    if (error != NULL) {
        log_error("changes_unwritten", "%s", error->text);
    }
    signals_doing(RUNTIME_UNSAVED, exit_code != 0 ? exit_code : EX_TEMPFAIL);
    stop->runtime->exit_code = exit_code;
    worker_release(stop->worker);
}

void
live_stop_released(struct live_stop *stop)
{
    int exit_code = stop->runtime->exit_code;
    save(stop, exit_code != 0 ? exit_code : EX_TEMPFAIL);
    leave(stop, stop->saved);
}

static void
on_written(void *context, const struct error *error)
{
    struct live_stop *stop = context;
    if (*stop->is_fenced) {
        return; // what is left, another worker writes
    }
    if (stop->worker != NULL) {
        release(stop, error);
        return;
    }
    if (error == NULL) {
        save(stop, EX_TEMPFAIL);
        leave(stop, stop->saved);
        return;
    }
    if (stop->runtime->persistence.state == NULL) {
        leave_behind(stop, error);
        return;
    }
    save(stop, EX_UNAVAILABLE);
    signals_doing("not all changes could be written to Redis", EX_UNAVAILABLE);
    usec left = signals_left() - SPARE;
    redis_sink_finish(stop->runtime->sink, left > 0 ? left : 0, on_rest_written, stop);
}

void
live_stop_begin(struct live_stop *stop)
{
    struct runtime *runtime = stop->runtime;
    notify_send(stop->notify, "STOPPING=1\nSTATUS=Writing all changes to Redis");
    log_info("stopping", "stopping: saving cursors and writing all changes to Redis");
    if (!handover_flush(stop->handover)) {
        log_error("changes_unwritten",
                  "no memory for the last posts: the next start reads them again");
        runtime_leave(runtime, EX_OSERR);
        return;
    }
    streams_stop(stop->streams);
    if (redis_sink_is_held(runtime->sink)) {
        on_written(stop, NULL); // Redis is ahead still
        return;
    }
    signals_doing("not all changes could be written to Redis", EX_UNAVAILABLE);
    usec within = runtime_stop_patience(runtime);
    bool has_state = runtime->persistence.state != NULL;
    if (stop->worker == NULL && has_state && within > FIRST_PATIENCE) {
        within = FIRST_PATIENCE;
    }
    redis_sink_finish(runtime->sink, within, on_written, stop);
}
