// Removes a person: `cascadectl purge --user ID`.
#pragma once

#include <stdbool.h>

#include "base/status.h"
#include "ctl/client.h"
#include "ctl/service.h"

struct purge_request {
    const char *user; // id
    bool is_sure;     // does not ask
    bool is_json;
};

// First the daemon removes what it keeps and has written, then this removes what it
// only appended to Redis: alerts that name the person, from the stream and the outboxes
// of webhooks, and the marks of the person. STATUS_RANGE: nothing of the person was
// found. STATUS_FULL: it was not confirmed.
enum status purge_user(struct client *client, struct service *service,
                       const struct purge_request *request,
                       struct error *error) MUST_USE;
