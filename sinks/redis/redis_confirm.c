#include "sinks/redis/redis_confirm.h"

#include <string.h>

#include "sinks/redis/redis_inside.h"

void
redis_confirm_ask(struct redis_sink *sink, redis_sentinel_view_fn on_view)
{
    struct redis_sentinel_claim claim = {
        .run_id = sink->fence.run_id, .on_done = on_view, .context = sink};
    sink->confirm.role[0] = '\0';
    redis_conn_verify(sink->conn, &claim);
}

enum redis_phase
redis_confirm_viewed(struct redis_sink *sink, enum redis_sentinel_view view,
                     const struct error *error)
{
    const struct slice role = SLICE_LIT("ROLE");
    struct error why = {.code = STATUS_OK};
    switch (view) {
    case REDIS_SENTINEL_OTHER:
        return redis_tools_drop(sink, REDIS_ERROR_READONLY, error);
    case REDIS_SENTINEL_UNSURE:
        error_set(&why, STATUS_IO,
                  "Redis at %s: all is written, but perhaps not to the master: %s; "
                  "asking the Sentinels again",
                  redis_conn_address(sink->conn), error->text);
        redis_report_trouble(sink, &why);
        timer_set(&sink->pace, backoff_next(&sink->pauses));
        break;
    case REDIS_SENTINEL_AGREED:
        redis_answer_begin(&sink->answer, REDIS_EXCHANGE_PROBE, 1);
        redis_conn_command(sink->conn, 1, &role);
        break;
    }
    return REDIS_PHASE_STAY;
}

void
redis_confirm_item(struct redis_sink *sink, const struct redis_item *item)
{
    // Without the right to use ROLE the Sentinels have to do.
    if (item->depth == 1 && item->index == 0 && item->type == REDIS_ITEM_STRING) {
        redis_reader_print(item->text, sink->confirm.role, sizeof(sink->confirm.role));
    }
}

enum redis_phase
redis_confirm_answered(struct redis_sink *sink)
{
    const char *role = sink->confirm.role;
    if (role[0] != '\0' && strcmp(role, "master") != 0) {
        struct error error = {.code = STATUS_OK};
        error_set(&error, STATUS_IO, "it is no longer the master: its role is %s",
                  role);
        return redis_tools_drop(sink, REDIS_ERROR_READONLY, &error);
    }
    backoff_reset(&sink->pauses);
    redis_report_well(sink);
    redis_flush_finish(sink);
    return REDIS_PHASE_IDLE;
}

enum redis_phase
redis_confirm_tick(struct redis_sink *sink)
{
    // Not needed any more if redis_sink_finish has ended without success.
    return sink->flush.done != NULL ? REDIS_PHASE_CONFIRM : REDIS_PHASE_IDLE;
}
