// The event of a node in the tree of a cascade.
#pragma once

#include <stdint.h>

struct pipeline;

// EVENT_NONE: it is not remembered.
uint32_t node_event(const struct pipeline *pipeline, uint32_t cascade, uint32_t node);
