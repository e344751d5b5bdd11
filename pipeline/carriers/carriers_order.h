// Who leaves the ledger of carriers next: a binary heap of its rows, which is built
// when it is first needed and kept from then on.
//
// Order: smallest people + acts / 8, longest idle, smallest index of the user. Time
// alone does not change it (pipeline/carriers/decay.h).
#pragma once

#include <stdint.h>

#include "pipeline/carriers/carriers.h"

// Builds the heap of all rows.
void carriers_order_build(struct carriers *carriers);

// The others do nothing before that. A row was added, which is in `count` already; it
// has to be reported as changed, too.
void carriers_order_add(struct carriers *carriers, uint32_t row);
void carriers_order_changed(struct carriers *carriers, uint32_t row);
// A row that is no longer in `count` leaves.
void carriers_order_remove(struct carriers *carriers, uint32_t row);
