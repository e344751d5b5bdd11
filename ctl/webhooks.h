// `cascadectl webhook`: what the daemon has sent to each webhook and what waits,
// trials, and alerts that are sent once more.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "ctl/client.h"
#include "ctl/service.h"

enum status webhooks_list(struct service *service, bool is_json,
                          struct error *error) MUST_USE;

// Lets the daemon send a test to the webhook, and prints its answer. STATUS_IO: it did
// not accept it.
enum status webhooks_test(struct service *service, const char *webhook, bool is_json,
                          struct error *error) MUST_USE;

// Puts alerts of the stream in Redis into the queue of a webhook once more.
struct webhooks_replay {
    const char *webhook;
    const char *alert; // its id; NULL: the newest `rows` that the webhook gets
    size_t rows;
    bool is_json;
};
enum status webhooks_replay(struct client *client, struct service *service,
                            const struct webhooks_replay *request,
                            struct error *error) MUST_USE;
