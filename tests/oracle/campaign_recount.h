// Counts the people of campaigns anew from the events and trees that are remembered.
//
// Everything must be remembered, and no cascade may have been forgotten. What was left
// out for want of room counts for nothing.
#pragma once

#include <stdbool.h>

struct pipeline;

// Prints every difference to the standard error. True if there is none.
bool campaign_recount_agrees(struct pipeline *pipeline);
