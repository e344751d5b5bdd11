#include "sinks/redis/redis_tools.h"

#include <sys/time.h>
#include <sysexits.h>
#include <time.h>

#include <event2/event.h>

#include "sinks/redis/redis_inside.h"

usec
redis_tools_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (usec)now.tv_sec * USEC_PER_S + now.tv_nsec / 1000;
}

void
redis_tools_set_timer(struct event *timer, usec span)
{
    struct timeval wait = {
        .tv_sec = (time_t)(span / USEC_PER_S),
        .tv_usec = (suseconds_t)(span % USEC_PER_S),
    };
    event_add(timer, &wait);
}

void
redis_tools_stop_timer(struct event *timer)
{
    event_del(timer);
}

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
