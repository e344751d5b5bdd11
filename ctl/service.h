// The running daemon, as cascadectl reaches it: by its control socket, and by its HTTP
// interface for pages if there is no socket. Both are those of the command line, or of
// `meta` in Redis, where the daemon writes them, or the defaults of the package.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "base/status.h"
#include "ctl/client.h"

#define SERVICE_CONTROL "/run/cascaded/control.sock"
#define SERVICE_HTTP "http://127.0.0.1:7787"

enum { SERVICE_ADDRESS_MAX = 600, SERVICE_ANSWER_MAX = 20 << 20 };

struct service {
    const char *control_given; // of the command line; NULL: none
    const char *http_given;
    bool is_redis_given; // what Redis contains comes before the defaults
    char control[SERVICE_ADDRESS_MAX];
    char http[SERVICE_ADDRESS_MAX];
    int exit_code; // of the last failure, if it is not that of the status; else 0
};

// Finds the addresses. client: an open one, or NULL if Redis cannot be reached.
void service_find(struct service *service, struct client *client);

// Sends a request of daemon/requests.h; words: its name and arguments, ended by NULL.
// *ret_result is to be freed with json_decref. STATUS_IO: the daemon does not run, and
// error contains what to do; others: it refuses.
enum status service_ask(struct service *service, const char *const *words,
                        json_t **ret_result, struct error *error) MUST_USE;

// The page of that path, by the socket or over HTTP, as JSON; the metrics as a string.
// STATUS_RANGE: the daemon answers 404, with error set to its message.
enum status service_page(struct service *service, const char *path, json_t **ret_body,
                         struct error *error) MUST_USE;
