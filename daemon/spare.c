#include "daemon/spare.h"

#include <event2/event.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "daemon/notify.h"
#include "daemon/reason.h"
#include "daemon/settings.h"
#include "daemon/signals.h"
#include "daemon/snapshot_copy.h"
#include "daemon/spare_pages.h"
#include "daemon/state.h"
#include "daemon/wall_clock.h"
#include "daemon/worker.h"
#include "net/clock.h"
#include "net/timer.h"

#define TICK USEC_PER_S
#define START_PATIENCE (20 * USEC_PER_S) // for a Redis that has just been started
// How long a worker may be silent while it reads its snapshot.
#define LOADING (30 * USEC_PER_S)

struct spare {
    struct worker *worker;
    const struct settings *settings;
    const char *dir;
    const struct notify *notify;
    struct event_base *base;
    struct timer tick;
    struct event *hangup; // SIGHUP
    struct state *state;  // NULL: no snapshots. Its lock is held
    struct redis_seat *seat;
    struct redis_store *store;
    struct snapshot_writer writer;
    struct spare_pages *pages;   // NULL: not a spare yet, or none
    struct redis_manifest local; // the snapshot of our own; epoch 0: none
    usec start_until;            // monotonic; 0: Redis has answered
    usec fed_at;                 // the watchdog
    struct error trouble;
    bool is_fetching; // the snapshot in Redis is wanted
    bool is_taken;
    bool is_lost; // and another worker took over
    bool is_stopping;
    int exit_code;
};

static void
leave(struct spare *spare, int exit_code)
{
    spare->exit_code = exit_code;
    event_base_loopbreak(spare->base);
}

static void
fail(struct spare *spare, int exit_code, const char *text)
{
    log_error("start_failed", "%s", text);
    leave(spare, exit_code);
}

// This process is to count.
static void
begin(struct spare *spare)
{
    spare->is_taken = true;
    leave(spare, 0);
}

// ── the snapshot in Redis ──────────────────────────────────────────────────

static bool
on_manifest(void *context, const struct redis_manifest *manifest)
{
    struct spare *spare = context;
    bool is_there = manifest->chunks != 0;
    spare->is_fetching = is_there && (!redis_manifest_is_whole(manifest) ||
                                      redis_manifest_is_newer(manifest, &spare->local));
    if (spare->is_fetching) {
        snapshot_writer_open(&spare->writer, state_directory(spare->state), manifest);
    }
    return spare->is_fetching;
}

static bool
on_chunk(void *context, struct slice bytes)
{
    struct spare *spare = context;
    return snapshot_writer_put(&spare->writer, bytes);
}

static void
refuse_copy(struct spare *spare, const char *why)
{
    bool has_own = spare->local.bytes != 0;
    log_warn("snapshot_copy_unusable", "the snapshot in Redis is not used: %s; %s", why,
             has_own ? "the one in state.dir is used"
                     : "there is none in state.dir either");
    begin(spare);
}

static void
on_fetched(void *context, const struct error *error)
{
    struct spare *spare = context;
    struct error why = {0};
    if (!spare->is_fetching) {
        begin(spare);
    } else if (error != NULL) {
        refuse_copy(spare, error->text);
    } else if (snapshot_writer_end(&spare->writer, &why)) {
        spare->worker->metrics.copied_at = (uint64_t)wall_clock_now();
        log_info("snapshot_fetched", "the snapshot in Redis is copied to %s",
                 spare->dir);
        begin(spare);
    } else if (spare->writer.reason != 0) {
        error_set(&why, STATUS_IO,
                  "the snapshot in Redis cannot be copied to %s: %s; %s", spare->dir,
                  strerror(spare->writer.reason), reason_advice(spare->writer.reason));
        fail(spare, reason_exit_code(spare->writer.reason, EX_CANTCREAT), why.text);
    } else {
        refuse_copy(spare, why.text);
    }
}

static void
on_trouble(void *context, const struct error *error)
{
    (void)context;
    log_warn("snapshot_copy_waits", "the snapshot in Redis is not read yet: %s",
             error->text);
}

static void
fetch(struct spare *spare)
{
    const struct redis_store_setup setup = {.base = spare->base,
                                            .options = &spare->settings->redis,
                                            .tenure = &spare->worker->tenure,
                                            .on_manifest = on_manifest,
                                            .on_chunk = on_chunk,
                                            .on_fetched = on_fetched,
                                            .on_trouble = on_trouble,
                                            .context = spare};
    struct error error = {0};
    (void)snapshot_copy_look(state_directory(spare->state), &spare->local);
    if (redis_store_create(&setup, &spare->store, &error) != STATUS_OK) {
        fail(spare, EX_OSERR, error.text);
        return;
    }
    redis_store_fetch(spare->store);
}

// ── the seat ───────────────────────────────────────────────────────────────

static void
watch(struct spare *spare)
{
    struct error error = {0};
    spare->worker->metrics.is_spare = 1;
    log_info("spare",
             "another worker counts with the prefix \"%s\": waiting as its spare",
             spare->settings->redis.prefix);
    notify_send(spare->notify, "READY=1\nSTATUS=Spare: another worker counts");
    if (!spare_pages_open(spare->base, spare->settings, &spare->worker->metrics,
                          &spare->pages, &error)) {
        fail(spare, error.code == STATUS_NOMEM ? EX_OSERR : EX_CONFIG, error.text);
    }
}

static void
take(struct spare *spare)
{
    struct worker_metrics *metrics = &spare->worker->metrics;
    if (metrics->is_spare != 0) {
        metrics->is_spare = 0;
        metrics->takeovers++;
        log_warn("taken_over", "the other worker is silent or has stopped: this "
                               "process counts in its place");
    }
    spare_pages_close(&spare->pages); // its address is needed
    notify_send(spare->notify, "STATUS=Loading the newest snapshot");
    if (spare->state == NULL) {
        begin(spare);
    } else {
        redis_seat_announce(spare->seat, LOADING);
    }
}

static void
note_trouble(struct spare *spare, enum redis_error_kind kind, const struct error *error)
{
    spare->trouble = *error;
    if (kind != REDIS_ERROR_NONE && spare->start_until != 0 &&
        redis_error_kind_row(kind)->action == REDIS_ACTION_OPERATOR) {
        fail(spare, redis_error_kind_row(kind)->exit_code, error->text);
    } else {
        log_warn("redis_lost", "%s", error->text);
    }
}

static void
on_seat(void *context, enum redis_seat_event event, enum redis_error_kind kind,
        const struct error *error)
{
    struct spare *spare = context;
    switch (event) {
    case REDIS_SEAT_WATCHED:
        spare->start_until = 0;
        watch(spare);
        break;
    case REDIS_SEAT_TAKEN:
        spare->start_until = 0;
        take(spare);
        break;
    case REDIS_SEAT_ANNOUNCED:
        if (spare->store == NULL) {
            fetch(spare);
        }
        break;
    case REDIS_SEAT_RELEASED:
        leave(spare, 0);
        break;
    case REDIS_SEAT_LOST:
        // Redis, or this process, did not run for a while.
        spare->is_lost = true;
        leave(spare, 0);
        break;
    case REDIS_SEAT_TROUBLE:
        note_trouble(spare, kind, error);
        break;
    case REDIS_SEAT_WELL:
        log_info("redis_recovered", "Redis is reachable again");
        break;
    }
}

static void
on_tick(void *context)
{
    struct spare *spare = context;
    timer_set(&spare->tick, TICK);
    log_settle(false);
    notify_wait(spare->notify, spare->start_until != 0 ? spare->trouble.text : "");
    if (spare->start_until != 0 && clock_monotonic() >= spare->start_until) {
        fail(spare, EX_UNAVAILABLE,
             spare->trouble.code != STATUS_OK ? spare->trouble.text
                                              : "Redis does not answer");
    }
    usec watchdog = spare->notify->watchdog;
    if (watchdog != 0 && clock_monotonic() - spare->fed_at >= watchdog / 2) {
        spare->fed_at = clock_monotonic();
        notify_send(spare->notify, "WATCHDOG=1");
    }
}

// ── life ───────────────────────────────────────────────────────────────────

static void
on_signal(void *context)
{
    struct spare *spare = context;
    spare->is_stopping = true;
    log_info("stopping", "stopping: this process does not count");
    notify_send(spare->notify, "STOPPING=1");
    if (spare->worker->tenure.epoch != 0) {
        redis_seat_release(spare->seat, TICK / 2);
    } else {
        leave(spare, 0);
    }
}

static void
on_state(void *context, const struct error *error)
{
    (void)context;
    (void)error; // nothing is written here
}

static void
on_hangup(evutil_socket_t number, short what, void *context)
{
    (void)number;
    (void)what;
    (void)context;
    log_info("reload_ignored",
             "ignoring SIGHUP: a spare has read its configuration at its start");
}

static int
open_all(struct spare *spare, struct error *error)
{
    const struct redis_seat_setup seat = {.base = spare->base,
                                          .options = &spare->settings->redis,
                                          .takeover = spare->settings->scale.takeover,
                                          .tenure = &spare->worker->tenure,
                                          .on_event = on_seat,
                                          .context = spare};
    const struct state_setup state = {spare->base, spare->dir, on_state, spare};
    if (spare->base == NULL || !signals_init(spare->base, on_signal, spare) ||
        timer_init(&spare->tick, spare->base, on_tick, spare) != STATUS_OK ||
        !redis_tenure_name(spare->worker->tenure.token)) {
        error_set(error, STATUS_NOMEM, "cannot create an event loop");
        return EX_OSERR;
    }
    spare->hangup = evsignal_new(spare->base, SIGHUP, on_hangup, spare);
    if (spare->hangup == NULL || event_add(spare->hangup, NULL) != 0) {
        error_set(error, STATUS_NOMEM, "no memory for a signal");
        return EX_OSERR;
    }
    int exit_code = 0;
    if (spare->dir[0] != '\0') {
        exit_code = state_open(&state, &spare->state, error);
    }
    if (exit_code == 0 && redis_seat_create(&seat, &spare->seat, error) != STATUS_OK) {
        exit_code = error->code == STATUS_NOMEM ? EX_OSERR : EX_CONFIG;
    }
    return exit_code;
}

static void
close_all(struct spare *spare)
{
    spare_pages_close(&spare->pages);
    redis_store_destroy(&spare->store);
    snapshot_writer_close(&spare->writer);
    redis_seat_destroy(&spare->seat);
    state_close(&spare->state);
    timer_fini(&spare->tick);
    if (spare->hangup != NULL) {
        event_free(spare->hangup);
    }
    signals_detach();
    if (spare->base != NULL) {
        event_base_free(spare->base);
    }
}

// Until it is over; the fields that it needs are set.
static void
run(struct spare *spare)
{
    struct error error = {0};
    spare->worker->tenure.epoch = 0;
    spare->base = event_base_new();
    spare->start_until = clock_monotonic() + START_PATIENCE;
    spare->exit_code = open_all(spare, &error);
    if (spare->exit_code != 0) {
        log_error("start_failed", "%s", error.text);
    } else {
        timer_set(&spare->tick, 0);
        redis_seat_start(spare->seat);
        event_base_dispatch(spare->base);
    }
    close_all(spare);
    spare->worker->metrics.is_spare = 0;
}

int
spare_wait(struct worker *worker, const struct settings *settings, const char *dir,
           const struct notify *notify, bool *ret_taken)
{
    const struct spare fresh = {
        .worker = worker, .settings = settings, .dir = dir, .notify = notify};
    struct spare spare;
    do {
        spare = fresh;
        run(&spare);
    } while (spare.is_lost && !spare.is_stopping);
    *ret_taken = spare.is_taken;
    return spare.exit_code;
}
