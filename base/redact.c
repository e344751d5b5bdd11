#include "base/redact.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

static bool
may_hold_secret(struct slice text)
{
    bool has_colon = false;
    for (size_t i = 0; i < text.len; i++) {
        struct slice rest = {text.ptr + i, text.len - i};
        if (slice_starts(rest, SLICE_LIT("://")) || (has_colon && *rest.ptr == '@')) {
            return true;
        }
        has_colon = has_colon || *rest.ptr == ':';
    }
    return false;
}

const char *
redact(struct slice text, char shown[REDACT_MAX])
{
    if (may_hold_secret(text)) {
        text = SLICE_LIT("(an address)");
    }
    snprintf(shown, REDACT_MAX, "%.*s", SLICE_ARG(text));
    return shown;
}

const char *
redact_path(const char *path, int reason, char shown[REDACT_MAX])
{
    bool is_missing = reason == ENOENT || reason == ENOTDIR || reason == ENAMETOOLONG;
    snprintf(shown, REDACT_MAX, "%s", is_missing ? "that file" : path);
    return shown;
}
