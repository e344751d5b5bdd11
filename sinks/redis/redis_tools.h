// What every handler of the Redis sink uses: the clock, timers, sending a transaction.
// Lies below all of them and calls none.
#pragma once

#include "base/status.h"
#include "base/usec.h"
#include "sinks/redis/redis_error_kind.h"
#include "sinks/redis/redis_phase.h"
#include "sinks/redis/redis_sink.h"

struct event;
struct redis_batch;
struct redis_sink;

usec redis_tools_now(void); // monotonic
void redis_tools_set_timer(struct event *timer, usec span);
void redis_tools_stop_timer(struct event *timer);

// Ends the batch and sends it. STAY, or STOPPED if there was no memory to build it.
enum redis_phase redis_tools_send(struct redis_sink *sink, struct redis_batch *batch);

// Why a handler ends the sink (FENCED, FATAL) or drops the connection: the machine acts
// on it when the phase is returned. Copies the error.
enum redis_phase redis_tools_stop(struct redis_sink *sink, enum redis_event event,
                                  int exit_code, const struct error *error);
enum redis_phase redis_tools_drop(struct redis_sink *sink, enum redis_error_kind kind,
                                  const struct error *error);
