// The requests that the control socket answers (daemon/control_socket.h).
//
//     get PATH             a page of the HTTP interface that is JSON, or the metrics:
//                          {"status":200,"body":…}
//     reload [later]       reads the configuration again, as SIGHUP does, and answers
//                          with the report of daemon/reload.h; later: answers at once
//     config               the options in use (daemon/config_shown.h)
//     purge ID             removes a person (daemon/purge.h)
//     webhooks             see daemon/webhook_requests.h, as the next two
//     webhook-test NAME    sends a test to a webhook
//     webhook-replay NAME ALERT   sends an alert to it once more
#pragma once

#include "daemon/alert_delivery.h"
#include "daemon/control_socket.h"
#include "daemon/http_routes.h"
#include "daemon/purge.h"
#include "daemon/settings.h"

struct requests_needs {
    const struct settings *settings; // kept, as all pointers here
    struct http_routes *routes;      // NULL: http.listen is empty
    struct alert_delivery *delivery;
    struct purge *purge;
    // Reloads; report: see reload_settings. NULL: at the next turn of the loop. False:
    // not while starting or stopping.
    bool (*reload)(void *context, struct buffer *report);
    void *context;
};

// The table for control_socket_create; its context is a struct requests_needs.
extern const struct control_request requests_rows[];
