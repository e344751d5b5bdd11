// The keys of campaigns: the hash with the figures, and the boards.
//
// A hash is written with the fields that changed; it has all while one is above zero,
// and else the key is deleted. The keys of a campaign that is gone are deleted until
// that is reported written.
#pragma once

#include "pipeline/changes/change.h"

// Selects the entries of their boards (boards_select).
void change_campaigns_select(struct pipeline *pipeline);
// How many things change_campaign is called for; place: below that.
uint32_t change_campaigns_count(const struct pipeline *pipeline);
bool change_campaign(struct pipeline *pipeline, uint32_t place, struct change *change);
// Adds every field of the hash that has a value; all but the share have one. Changes no
// state.
void change_campaign_fields(struct pipeline *pipeline, struct change *change,
                            uint32_t campaign);
bool change_campaigns_pending(const struct pipeline *pipeline);

// All that was pulled is written.
void change_campaigns_written(struct pipeline *pipeline);
// Everything is pulled again, whole.
void change_campaigns_lost(struct pipeline *pipeline);

// True if the hash or board of that name is replaced by the next pull.
bool change_campaigns_have(const struct pipeline *pipeline, enum change_kind kind,
                           struct slice name);
