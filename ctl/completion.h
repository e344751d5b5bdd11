// `cascadectl completion`: the completions for a shell, and the names that they offer.
#pragma once

#include "base/slice.h"
#include "base/status.h"
#include "ctl/service.h"

struct completion_script {
    const char *shell; // NULL ends the table
    struct slice text;
};

// The files of conf/completions/, embedded by the build.
extern const struct completion_script completion_scripts[];

// what: a shell, or "boards", "windows", "rules", "sources", "webhooks" or "campaigns":
// the names, one a line, of which all but the boards are those of the running daemon.
// STATUS_RANGE: none of these.
enum status completion_print(struct service *service, const char *what,
                             struct error *error) MUST_USE;
