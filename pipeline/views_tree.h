// The tree of one cascade as a list, for readers (see pipeline/views.h).
//
// Found by searching the memory of events from the newest back until all of the cascade
// are found: a reshare that is not remembered any more is counted but not listed.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/usec.h"

struct pipeline;

enum {
    VIEWS_TREE_MAX = 10000,
    VIEWS_TREE_SLOTS = 1 << 15,
    VIEWS_TREE_QUOTES = 1 << 13, // posts below the root that were reshared themselves
};

struct views_tree_row {
    usec time;
    uint32_t order;  // of arrival
    uint32_t event;  // of the root: none
    uint32_t node;   // TREE_ROOT: it has none
    uint32_t parent; // row
    bool is_observed;
};

// The caller's space. rows[0] is the root; the others follow by time, then in the order
// of their arrival. If there are more than fit, the earliest are listed.
struct views_tree {
    uint64_t nodes; // of the whole tree, the root included
    uint32_t count; // of rows
    struct views_tree_row rows[VIEWS_TREE_MAX];
    uint32_t slots[VIEWS_TREE_SLOTS];       // row by node
    uint32_t quotes[2 * VIEWS_TREE_QUOTES]; // set of cascades
    uint32_t quote_count;
};

// A parent that is not listed is replaced by the nearest one above it that is; it is
// then not observed.
void views_tree(const struct pipeline *pipeline, uint32_t cascade,
                struct views_tree *ret_tree);
// The id of the row's post; none where it is not remembered: of most reshares only a
// hash is.
struct slice views_tree_post(const struct pipeline *pipeline,
                             const struct views_tree_row *row);
// The person, for pipeline/views.h; VIEWS_NONE where it is not remembered.
uint32_t views_tree_person(const struct pipeline *pipeline,
                           const struct views_tree_row *row);
