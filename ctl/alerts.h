// `cascadectl alerts` and `cascadectl explain`: the stream of alerts in Redis.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "ctl/client.h"

enum { ALERTS_ROWS = 20 }; // by default

struct alerts_request {
    const char *rule; // NULL: all
    size_t rows;      // the last so many
    bool is_following;
    bool is_json;
};

// Prints the newest alerts, the newest last; following: then each new one until a
// signal or a closed standard output ends it (STATUS_OK), or Redis fails.
enum status alerts_show(struct client *client, const struct alerts_request *request,
                        struct error *error) MUST_USE;

// Prints one alert in full: why it was raised, who carried it, how the cascade went on,
// and which webhooks have not acknowledged it. STATUS_RANGE: it is not in the stream.
enum status alerts_explain(struct client *client, const char *id, bool is_json,
                           struct error *error) MUST_USE;
