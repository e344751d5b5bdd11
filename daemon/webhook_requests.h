// The requests of the control socket about webhooks (daemon/requests.h).
#pragma once

#include "base/buffer.h"
#include "daemon/alert_delivery.h"
#include "daemon/control_socket.h"
#include "daemon/settings.h"

// [{"name","url","rules","pending","sent","failed","given_up","dropped","stopped"}]; of
// the URL only what is no secret.
void webhook_requests_list(const struct alert_delivery *delivery,
                           const struct settings *settings, struct buffer *json);

// webhook-test NAME: sends an invented alert of the type webhook.test at once, beside
// the queue, and answers with what became of it: {"ok","status","ms","error"}; status
// is that of HTTP, 0: there was no answer. STATUS_RANGE: there is no such webhook.
enum status webhook_requests_test(struct alert_delivery *delivery,
                                  struct control_call *call,
                                  struct error *error) MUST_USE;

// webhook-replay NAME JSON: puts an alert, as it was published, into the queue once
// more. See alert_delivery_again; STATUS_PARSE: it is no alert.
enum status webhook_requests_replay(struct alert_delivery *delivery,
                                    struct control_call *call,
                                    struct error *error) MUST_USE;
