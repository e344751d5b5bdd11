#include "sinks/redis/redis_tools.h"

#include <sysexits.h>

#include "sinks/redis/redis_inside.h"

enum redis_phase
redis_tools_send(struct redis_sink *sink, struct redis_batch *batch)
{
    redis_batch_end(batch, &sink->keys);
    if (batch->text.is_failed) {
        struct error error = {.code = STATUS_OK};
        error_set(&error, STATUS_NOMEM, "no memory for a transaction of %zu commands",
                  batch->commands);
        return redis_tools_stop(sink, REDIS_EVENT_FATAL, EX_OSERR, &error);
    }
    redis_answer_begin(&sink->answer, REDIS_EXCHANGE_BATCH, batch->commands);
    redis_conn_send(sink->conn, buffer_text(&batch->text),
                    redis_answer_replies(&sink->answer));
    return REDIS_PHASE_STAY;
}

enum redis_phase
redis_tools_stop(struct redis_sink *sink, enum redis_event event, int exit_code,
                 const struct error *error)
{
    sink->end =
        (struct redis_end){.event = event, .exit_code = exit_code, .error = *error};
    return REDIS_PHASE_STOPPED;
}

enum redis_phase
redis_tools_drop(struct redis_sink *sink, enum redis_error_kind kind,
                 const struct error *error)
{
    sink->end = (struct redis_end){.kind = kind, .error = *error};
    return REDIS_PHASE_DOWN;
}
