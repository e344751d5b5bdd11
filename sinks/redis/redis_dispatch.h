// What replies mean: items go to the handler of the phase; a reply that is an error,
// has no valid form or shows that another daemon wrote leads to another phase.
#pragma once

#include <stdbool.h>

#include "sinks/redis/redis_answer.h"
#include "sinks/redis/redis_phase.h"

struct redis_item;
struct redis_sink;

// Call of the connection; context is the sink. Changes no phase.
void redis_dispatch_item(void *context, const struct redis_item *item);

// Of a complete answer: no error, a valid form, no other daemon.
bool redis_dispatch_is_good(const struct redis_answer *answer);
// Where an answer that is not good leads.
enum redis_phase redis_dispatch_bad(struct redis_sink *sink);
