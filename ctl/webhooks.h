// `cascadectl webhook list`: what the daemon has sent to each webhook, and what waits.
#pragma once

#include <stdbool.h>

#include "base/status.h"
#include "ctl/service.h"

enum status webhooks_list(struct service *service, bool is_json,
                          struct error *error) MUST_USE;
