// The hashes of the people on the outreach lists of campaigns.
//
// A hash is written with all its values after a change of the person in the campaign,
// when the person enters the list, and with those of all others when the list is
// computed again. It is deleted when the person leaves the list, or when the campaign
// is gone.
#pragma once

#include "pipeline/changes/change.h"

// How many things change_outreach is called for; place: below that.
uint32_t change_outreach_count(struct pipeline *pipeline);
bool change_outreach(struct pipeline *pipeline, uint32_t place, struct change *change);
// "cup:outreach:x:12"; none: there is no scratch space.
struct slice change_outreach_name(struct pipeline *pipeline, const char *campaign,
                                  uint32_t user);
// Adds every field of the hash of that pair that has a value. Changes no state.
void change_outreach_fields(struct pipeline *pipeline, struct change *change,
                            uint32_t index);
bool change_outreach_pending(const struct pipeline *pipeline);

// All that was pulled is written.
void change_outreach_written(struct pipeline *pipeline);
// Everything is pulled again, whole.
void change_outreach_lost(struct pipeline *pipeline);

// True if the hash of that name, "cup:outreach:x:12", was written, and will be written
// again or deleted. One that only an earlier process wrote may belong to a person who
// is on a list now and leaves it before the next flush.
bool change_outreach_have(const struct pipeline *pipeline, struct slice name);
