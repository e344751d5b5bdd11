// `cascadectl board`: one leaderboard as a list.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "ctl/client.h"

enum { BOARD_LIST_ROWS = 20 }; // by default

struct board_list_request {
    const char *metric; // "influence", "cascades", "carriers" …
    const char *window; // NULL, or "all": a board without a window
    size_t rows;
    bool is_json;
};

// STATUS_RANGE: there is no such board. An empty one is no error.
enum status board_list_show(struct client *client,
                            const struct board_list_request *request,
                            struct error *error) MUST_USE;
