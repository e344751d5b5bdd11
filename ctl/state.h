// `cascadectl status` and `cascadectl sources`: what the daemon does, and what is
// incomplete.
#pragma once

#include <stdbool.h>

#include "base/status.h"
#include "ctl/service.h"

// STATUS_IO: it does not run; the error contains the line to type.
enum status state_show(struct service *service, bool is_json,
                       struct error *error) MUST_USE;

// name: of one source; NULL: all. STATUS_RANGE: there is no such source.
enum status state_sources(struct service *service, const char *name, bool is_json,
                          struct error *error) MUST_USE;
