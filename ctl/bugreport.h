// `cascadectl bugreport`: what a report of a fault needs, without secrets.
#pragma once

#include <stdbool.h>

#include "base/status.h"
#include "ctl/service.h"

// Prints the version, the system, and the state, options and metrics of the daemon and
// its last lines of log, each as far as it can be had: what cannot is named with the
// reason. Succeeds also if the daemon does not run.
enum status bugreport_print(struct service *service, bool is_redis_up, bool is_json,
                            struct error *error) MUST_USE;
