#include "sinks/redis/redis_confirm.h"

#include <string.h>

#include "sinks/redis/redis_inside.h"

static void
ask_for_replicas(struct redis_sink *sink)
{
    const struct slice wait[] = {SLICE_LIT("WAIT"), SLICE_LIT("1"),
                                 SLICE_LIT(REDIS_CONFIRM_WAIT_MS)};
    const struct slice role = SLICE_LIT("ROLE");
    redis_answer_begin(&sink->answer, REDIS_EXCHANGE_PROBE, 2);
    redis_conn_command(sink->conn, 3, wait);
    redis_conn_command(sink->conn, 1, &role);
}

void
redis_confirm_ask(struct redis_sink *sink, redis_sentinel_view_fn on_view)
{
    struct redis_sentinel_claim claim = {
        .run_id = sink->fence.run_id, .on_done = on_view, .context = sink};
    sink->confirm = (struct redis_confirm){.is_replicated = false};
    if (redis_conn_asks_cluster(sink->conn)) {
        ask_for_replicas(sink);
    } else {
        redis_conn_verify(sink->conn, &claim);
    }
}

static void
doubt(struct redis_sink *sink, const char *what, const char *why, const char *advice)
{
    struct error error = {.code = STATUS_OK};
    error_set(&error, STATUS_IO, "Redis at %s: all is written, but %s: %s; %s",
              redis_conn_address(sink->conn), what, why, advice);
    redis_report_trouble(sink, &error);
    timer_set(&sink->pace, backoff_next(&sink->pauses));
}

enum redis_phase
redis_confirm_viewed(struct redis_sink *sink, enum redis_sentinel_view view,
                     const struct error *error)
{
    const struct slice role = SLICE_LIT("ROLE");
    switch (view) {
    case REDIS_SENTINEL_OTHER:
        return redis_tools_drop(sink, REDIS_ERROR_READONLY, error);
    case REDIS_SENTINEL_UNSURE:
        doubt(sink, "perhaps not to the master", error->text,
              "asking the Sentinels again");
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
    struct redis_confirm *confirm = &sink->confirm;
    // Without the right to use ROLE the Sentinels have to do.
    if (item->depth == 1 && item->index == 0 && item->type == REDIS_ITEM_STRING) {
        redis_reader_print(item->text, confirm->role, sizeof(confirm->role));
    } else if (item->depth == 1 && item->type == REDIS_ITEM_ARRAY) {
        confirm->has_replicas = item->number > 0; // of a master, each with its offset
    } else if (item->depth == 0 && sink->answer.reply == 0) {
        bool is_known = item->type == REDIS_ITEM_INTEGER;
        confirm->is_replicated =
            is_known ? item->number > 0 : item->type == REDIS_ITEM_ERROR;
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
    if (sink->confirm.has_replicas && !sink->confirm.is_replicated &&
        redis_conn_asks_cluster(sink->conn)) {
        doubt(sink, "not to a replica", "none has confirmed it", "asking again");
        return REDIS_PHASE_STAY;
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
