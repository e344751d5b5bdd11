// Replaces the campaigns: what is counted in a campaign of the same name remains, what
// is counted in one that is gone is forgotten, and its keys are deleted.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct pipeline;
struct snapshot;

// Makes the tables of campaigns for the capacities of the options, with so many
// counters for each pair; all_counters: those of everything.
bool campaign_reload_init(struct pipeline *pipeline, uint32_t counters_per_pair,
                          uint32_t all_counters);

// Saves what is counted in campaigns, or loads it. The table of campaigns, the counters
// and the people are moved before it.
void campaign_reload_move(struct pipeline *pipeline, struct snapshot *snapshot);
