// Known carriers who take part in a cascade, for the condition carriers_in.
//
// Known is who is one of the first of the board of carriers just before the event is
// counted. Recorded is only what the rules ask for: a rule that is loaded later does
// not see earlier reshares, unless another rule asked for as many carriers and as great
// a size. What is recorded outlives the rules and a snapshot; an event that is taken
// back is removed. The author of the root does not count.
#pragma once

#include <stdint.h>

struct pipeline;

// The rules changed.
void alert_carriers_prepare(struct pipeline *pipeline);

// The rank of the user as of now, from 1 on; 0: no rule asks for it.
uint32_t alert_carriers_rank(struct pipeline *pipeline, uint32_t user);

// An event by a user of that rank (0: does nothing) was counted below the cascade's
// root as the last one, or is taken back.
void alert_carriers_count(struct pipeline *pipeline, uint32_t cascade, uint32_t event,
                          uint32_t rank);
void alert_carriers_take_back(struct pipeline *pipeline, uint32_t cascade,
                              uint32_t event);
