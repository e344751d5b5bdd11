// The counters of one campaign in the lists of their owners: a person's, a cascade's or
// a hashtag's other counters come first.
#pragma once

#include <stdint.h>

#include "pipeline/windows/counters.h"

struct pipeline;

// That counter in the list; COUNTER_NONE: it has none.
uint32_t campaign_counter_find(const struct counters *counters, uint32_t first,
                               enum tally tally, unsigned campaign);
// The same of a person in the campaign.
uint32_t campaign_counter_find_user(const struct pipeline *pipeline, enum tally tally,
                                    uint32_t user, unsigned campaign);

// The same, made if there is none; there must be room.
uint32_t campaign_counter_of_user(struct pipeline *pipeline, enum tally tally,
                                  uint32_t user, unsigned campaign);
// The same of a cascade or a hashtag, which has a counter outside of campaigns.
uint32_t campaign_counter_beside(struct pipeline *pipeline, uint32_t first,
                                 enum tally tally, unsigned campaign);
