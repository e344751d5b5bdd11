#include "daemon/keeper.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

#include "base/log.h"

static struct pipeline *
create_pipeline(void *context, struct error *error)
{
    const struct keeper *keeper = context;
    struct hash_key seed;
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
        error_set(error, STATUS_IO, "the system gives no random bytes: %s",
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
    (void)context;
    if (error != NULL) {
        log_warn("%s", error->text);
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
    struct keeper *keeper = context;
    (void)state_save(keeper->state, keeper->pipeline, note_now(keeper));
}

static int
open_state(struct keeper *keeper, struct error *error)
{
    struct state_setup setup = {keeper->setup.base, keeper->setup.dir, on_saved,
                                keeper};
    enum status status = state_open(&setup, &keeper->state, error);
    if (status != STATUS_OK) {
        return status == STATUS_FULL ? EX_TEMPFAIL : EX_CANTCREAT;
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
    struct state_load load = {create_pipeline, on_unusable, keeper, keeper->note};
    enum status status = state_load(keeper->state, &load, &keeper->pipeline, error);
    keeper->is_restored = status == STATUS_OK;
    if (keeper->is_restored) {
        log_info("goes on from the snapshot in %s", setup->dir);
    }
    return keeper->pipeline != NULL ? 0 : EX_OSERR;
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
keeper_save(struct keeper *keeper)
{
    struct error error = {0};
    if (keeper->state != NULL &&
        state_save_now(keeper->state, keeper->pipeline, note_now(keeper), &error) !=
            STATUS_OK) {
        log_warn("%s", error.text);
    }
}
