// Messages about the Redis sink, and counters of its errors.
#pragma once

#include "base/status.h"
#include "sinks/redis/redis_sink.h"
#include "sinks/redis/redis_error_kind.h"

void redis_report_event(struct redis_sink *sink, enum redis_event event, int exit_code,
                        const struct error *error);
// "Redis at <address>: <its error>; <what to do>". A missing right is named.
void redis_report_refusal(const struct redis_sink *sink, enum redis_error_kind kind,
                          const char *text, struct error *ret_error);
void redis_report_lost(struct redis_sink *sink, enum redis_error_kind kind,
                       const struct error *error);
void redis_report_trouble(struct redis_sink *sink, const struct error *error);
void redis_report_well(struct redis_sink *sink);
void redis_report_count(struct redis_sink *sink, enum redis_error_kind kind);
