// What every handler of the Redis sink uses: sending a transaction, ending a phase. It
// is below all of them and calls none.
#pragma once

#include "base/status.h"
#include "sinks/redis/redis_error_kind.h"
#include "sinks/redis/redis_phase.h"
#include "sinks/redis/redis_sink.h"

struct redis_batch;
struct redis_sink;

// Ends the batch and sends it. STAY, or STOPPED if there was no memory to build it.
enum redis_phase redis_tools_send(struct redis_sink *sink, struct redis_batch *batch);

// Why a handler ends the sink (FENCED, FATAL) or drops the connection: the machine acts
// on it when the phase is returned. Copies the error.
enum redis_phase redis_tools_stop(struct redis_sink *sink, enum redis_event event,
                                  int exit_code, const struct error *error);
enum redis_phase redis_tools_drop(struct redis_sink *sink, enum redis_error_kind kind,
                                  const struct error *error);
