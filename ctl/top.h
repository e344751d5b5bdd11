// Draws the leaderboards repeatedly: `cascadectl top`.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/usec.h"
#include "ctl/client.h"

struct top_options {
    const char *window;
    size_t rows; // the most rows of a board; 0: as many as fit
    usec every;
    bool is_once;
    bool is_json; // once, as one JSON object
};

// Returns after one frame, or when a key, a signal or a closed standard output ends it
// (STATUS_OK), or when Redis fails. Restores the terminal. Borrows everything.
enum status top_run(struct client *client, const struct top_options *options,
                    struct error *error) MUST_USE;
