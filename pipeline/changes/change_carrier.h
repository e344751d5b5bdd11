// The hash of a carrier: what the ledger contains of a person, for the members of the
// boards that have no window.
//
// Values are as of the pull. A person is pulled after a change of the row, when they
// enter or leave a board, and with all others when the boards are renewed. A
// person is held once while in the queue, once while there is a key, and once for each
// change in flight.
#pragma once

#include "pipeline/changes/change.h"

void change_carrier_queue(struct pipeline *pipeline, uint32_t user);
// The row behind the boards changed.
// boards: bit per board.
void change_carrier_touched(struct pipeline *pipeline, uint32_t row, uint32_t boards);
// It is about to become free.
void change_carrier_left(struct pipeline *pipeline, uint32_t row);
// Computes the order and the scores of the boards again if that is due, or in any case.
void change_carrier_renew(struct pipeline *pipeline, bool is_forced);

// The change of one person taken from the queue; false if there is nothing to write.
bool change_carrier(struct pipeline *pipeline, uint32_t user, struct change *change);
void change_carrier_written(struct pipeline *pipeline, uint32_t user);
void change_carrier_lost(struct pipeline *pipeline, uint32_t user);
// Everybody who is to have a key is pulled again, whole.
void change_carriers_restart(struct pipeline *pipeline);

// True if the receiver has the key and nothing of it waits to be written.
bool change_carrier_is_settled(const struct pipeline *pipeline, uint32_t user);
// Adds every field that has a value, or those that do not depend on the time.
void change_carrier_fields(struct pipeline *pipeline, struct change *change,
                           uint32_t user, bool is_steady);
