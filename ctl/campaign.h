// `cascadectl campaign`: the figures of one campaign on one screen, or the list of all.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "ctl/client.h"
#include "ctl/service.h"

enum { CAMPAIGN_ROWS = 3 }; // of each board, by default

struct campaign_options {
    const char *window; // of the boards; NULL: 1h, or else the longest with values
    size_t rows;
    bool is_json;
};

// STATUS_RANGE: there is no such campaign in Redis.
// service: found; what it adds is left out if it does not answer.
enum status campaign_show(struct client *client, struct service *service,
                          const char *campaign, const struct campaign_options *options,
                          struct error *error) MUST_USE;
enum status campaign_show_all(struct client *client, bool is_json,
                              struct error *error) MUST_USE;
