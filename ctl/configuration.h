// `cascadectl reload` and `cascadectl config show`: the daemon's configuration.
#pragma once

#include <stdbool.h>

#include "base/status.h"
#include "ctl/service.h"

// is_waiting: prints what changed, or each fault with its line. STATUS_PARSE: the
// configuration has a fault, and the previous one stays in use.
enum status configuration_reload(struct service *service, bool is_waiting, bool is_json,
                                 struct error *error) MUST_USE;

// One option a line: name = value; with_origin: and where it is set.
enum status configuration_show(struct service *service, bool with_origin, bool is_json,
                               struct error *error) MUST_USE;
