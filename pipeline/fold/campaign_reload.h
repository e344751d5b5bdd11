// Replaces the campaigns: what is counted in a campaign of the same name remains, what
// is counted in one that is gone is forgotten, and its keys are deleted.
#pragma once

struct pipeline;
struct snapshot;

// Saves what is counted in campaigns, or loads it. The table of campaigns, the counters
// and the people are moved before it.
void campaign_reload_move(struct pipeline *pipeline, struct snapshot *snapshot);
