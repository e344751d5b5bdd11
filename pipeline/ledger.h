// The ledger of carriers as a part of the pipeline: connects the table
// (pipeline/carriers/carriers.h) with the people it holds, with the boards behind which
// it is, and with the hashes that are written.
#pragma once

#include <stdbool.h>

#include "pipeline/windows/boards.h"

struct pipeline;

// False when the system refuses the memory.
bool ledger_init(struct pipeline *pipeline);
void ledger_fini(struct pipeline *pipeline);

// What the boards without a window need; none if there is no ledger.
struct boards_lasting ledger_boards(struct pipeline *pipeline);
