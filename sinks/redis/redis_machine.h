// Every transition of the Redis sink (sinks/redis/redis_phase.h): takes what happened,
// calls the handler of the phase, and enters the phase that it returns.
#pragma once

#include <stdbool.h>

#include "base/status.h"
#include "sinks/redis/redis_error_kind.h"

struct redis_sink;

// Makes the timers; false without memory. fini accepts those that are missing.
bool redis_machine_init(struct redis_sink *sink) MUST_USE;
void redis_machine_fini(struct redis_sink *sink);

void redis_machine_start(struct redis_sink *sink);
// What has to be written is written without waiting.
void redis_machine_hurry(struct redis_sink *sink);
// Ends redis_sink_hold.
void redis_machine_release(struct redis_sink *sink);

// Calls of the connection; context is the sink.
void redis_machine_up(void *context);
void redis_machine_down(void *context, enum redis_error_kind kind,
                        const struct error *error);
void redis_machine_reply(void *context);
