#include "daemon/purge.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json_writer.h"
#include "base/log.h"
#include "daemon/alert_delivery.h"
#include "daemon/http_routes.h"
#include "daemon/persistence.h"
#include "pipeline/pipeline.h"
#include "sinks/redis/redis_sink.h"

enum { SNAPSHOTS = 2 };

static void
forget_alerts(struct purge *purge)
{
    purge->waiting += alert_delivery_forget(purge->delivery, &purge->person);
    http_routes_forget(purge->routes, &purge->person);
}

static void
search(struct purge *purge)
{
    (void)pipeline_settle(purge->pipeline);
    if (purge->is_known && !erasure_is_searched(purge->pipeline, &purge->erasure)) {
        return;
    }
    erasure_detach(purge->pipeline, slice_of(purge->id), &purge->erasure);
    forget_alerts(purge);
    http_routes_forget_feed(purge->routes);
    purge->stage = PURGE_WRITING;
    redis_sink_hurry(purge->sink);
}

static void
look_at_writing(struct purge *purge)
{
    if (!erasure_finish(purge->pipeline, &purge->erasure)) {
        redis_sink_hurry(purge->sink);
        return;
    }
    forget_alerts(purge); // those that were raised until then
    http_routes_forget_feed(purge->routes);
    purge->stage = PURGE_SAVING;
}

static uint64_t
failures(const struct persistence *persistence)
{
    return persistence->metrics.failed + persistence->not_copied;
}

// True while a snapshot is being written.
static bool
save(struct purge *purge)
{
    const struct persistence *persistence = purge->persistence;
    if (persistence_is_saving(persistence)) {
        return true;
    }
    if (purge->is_saving) {
        purge->is_saving = false;
        purge->is_unsaved = failures(persistence) != purge->failed;
        purge->snapshots += !purge->is_unsaved;
    }
    if (purge->snapshots == SNAPSHOTS || purge->is_unsaved) {
        return false;
    }
    purge->failed = failures(persistence);
    purge->is_saving = true;
    persistence_save_soon(purge->persistence);
    return true;
}

void
purge_step(struct purge *purge)
{
    switch (purge->stage) {
    case PURGE_SEARCHING:
        search(purge);
        break;
    case PURGE_WRITING:
        look_at_writing(purge);
        break;
    case PURGE_SAVING:
        if (purge->persistence->state == NULL || !save(purge)) {
            purge->stage = PURGE_OVER;
            log_info("purged",
                     "%s: %" PRIu64 " posts and reshares, %" PRIu64
                     " cascades, %" PRIu64 " snapshots written%s",
                     purge->is_known ? "a person was removed"
                                     : "a person to remove was not known",
                     purge->erasure.posts, purge->erasure.cascades, purge->snapshots,
                     purge->is_unsaved ? ", but not all: repeat it" : "");
        }
        break;
    case PURGE_OVER:
        break;
    }
}

void
purge_flushed(struct purge *purge)
{
    erasure_flush_begins(&purge->erasure);
}

static enum status
check_id(const struct purge *purge, struct slice id, struct error *error)
{
    if (id.len > POST_ID_MAX || !person_text_is_id(id)) {
        return error_set(error, STATUS_FULL,
                         "purge: an id has a network and a name, as in x:783214, and "
                         "at most %d bytes",
                         POST_ID_MAX);
    }
    struct slice other = erasure_other_id(purge->pipeline, id);
    if (!slice_is_none(other)) {
        return error_set(error, STATUS_FULL,
                         "%.*s is a handle; give the id: --user %.*s", SLICE_ARG(id),
                         SLICE_ARG(other));
    }
    return STATUS_OK;
}

static enum status
begin(struct purge *purge, struct slice id, struct error *error)
{
    struct erasure erasure = {0};
    enum status status = check_id(purge, id, error);
    if (status != STATUS_OK) {
        return status;
    }
    struct person_text person;
    if (!person_text_init(&person, id)) {
        return error_set(error, STATUS_NOMEM, "purge: no memory");
    }
    status = erasure_begin(purge->pipeline, id, &erasure);
    if (status == STATUS_AGAIN) {
        return status;
    }
    *purge = (struct purge){
        .pipeline = purge->pipeline,
        .persistence = purge->persistence,
        .sink = purge->sink,
        .delivery = purge->delivery,
        .routes = purge->routes,
        .stage = PURGE_SEARCHING,
        .person = person,
        .erasure = erasure,
        .is_known = status == STATUS_OK,
    };
    (void)snprintf(purge->id, sizeof(purge->id), "%.*s", SLICE_ARG(id));
    return STATUS_OK;
}

static void
put_report(const struct purge *purge, struct buffer *json)
{
    json_writer_open(json, '{');
    json_writer_put_text(json, "user", slice_of(purge->id));
    json_writer_name(json, SLICE_LIT("known"));
    json_writer_bool(json, purge->is_known);
    json_writer_put_u64(json, "posts", purge->erasure.posts);
    json_writer_put_u64(json, "cascades", purge->erasure.cascades);
    json_writer_put_u64(json, "waiting_alerts", purge->waiting);
    json_writer_put_u64(json, "snapshots", purge->snapshots);
    json_writer_close(json, '}');
}

static enum status
explain_wait(const struct purge *purge, struct error *error)
{
    static const char *const texts[] = {
        [PURGE_SEARCHING] = "the daemon is still taking back posts of the person",
        [PURGE_WRITING] = "the person is removed from memory, and Redis has not taken "
                          "the changes yet",
        [PURGE_SAVING] = "the person is removed from memory and from counters in "
                         "Redis, and the snapshots are not written yet",
    };
    return error_set(error, STATUS_AGAIN,
                     "%s: the daemon continues and logs the end; then repeat this to "
                     "remove alerts and marks",
                     texts[purge->stage]);
}

enum status
purge_run(struct purge *purge, struct slice id, int *stage, struct buffer *json,
          struct error *error)
{
    bool is_same = slice_equal(slice_of(purge->id), id);
    if (*stage == 0 && purge->stage == PURGE_OVER) {
        enum status status = begin(purge, id, error);
        if (status != STATUS_OK) {
            return status;
        }
    } else if (*stage == 0 && !is_same) {
        return error_set(error, STATUS_AGAIN,
                         "another person is being removed; nothing was begun for this "
                         "one: repeat this");
    } else if (!is_same) {
        return error_set(error, STATUS_IO,
                         "the answer was lost to another purge; repeat this");
    }
    *stage = 1;
    if (purge->stage != PURGE_OVER) {
        return explain_wait(purge, error);
    }
    if (purge->is_unsaved) {
        return error_set(error, STATUS_IO,
                         "the snapshot could not be written: older snapshots still "
                         "contain the person; see the log, and repeat this");
    }
    put_report(purge, json);
    return STATUS_OK;
}
