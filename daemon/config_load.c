#include "daemon/config_load.h"

#include <stdlib.h>
#include <string.h>

#include "base/redact.h"
#include "daemon/config_apart.h"
#include "daemon/config_names.h"

// One "key=value" of the command line.
static enum status
override(struct settings *settings, const char *assignment, struct error *error)
{
    const char *equals = strchr(assignment, '=');
    if (equals == NULL) {
        char shown[REDACT_MAX];
        return error_set(error, STATUS_PARSE,
                         "-o %s: write it as KEY=VALUE, as in -o redis.flush=250ms",
                         redact(slice_of(assignment), shown));
    }
    struct slice name = {assignment, (size_t)(equals - assignment)};
    void *values = NULL;
    struct error unknown = {0};
    const struct option *row = settings_find(settings, name, &values, &unknown);
    if (row == NULL && unknown.code == STATUS_OK) {
        (void)config_names_unknown(SLICE_LIT(""), name, &unknown);
    }
    if (row == NULL) {
        return error_set(error, unknown.code, "-o %.*s: %s", SLICE_ARG(name),
                         unknown.text);
    }
    struct error invalid = {0};
    enum status status = option_set(row, values, slice_of(equals + 1), &invalid);
    if (status == STATUS_OK) {
        *settings_line(settings, row, values) = SETTINGS_COMMAND_LINE;
        return STATUS_OK;
    }
    config_names_section(settings, values, &invalid);
    return error_set(error, status, "%s", invalid.text);
}

bool
config_load(const struct config_place *place, struct settings *settings,
            settings_error_fn on_error, void *context)
{
    settings_presets(settings);
    if (place->path != NULL &&
        !config_apart_read(place->path, settings, on_error, context)) {
        return false;
    }
    bool is_good = true;
    struct error too_long = {0};
    if (place->path != NULL && !settings_anchor(settings, place->path, &too_long)) {
        on_error(context, &too_long);
        is_good = false;
    }
    for (int i = 0; i < place->override_count; i++) {
        struct error error = {0};
        if (override(settings, place->overrides[i], &error) != STATUS_OK) {
            on_error(context, &error);
            is_good = false;
        }
    }
    settings_resolve(settings, getenv("CREDENTIALS_DIRECTORY"));
    is_good = is_good && settings_check(settings, on_error, context);
    if (is_good) {
        scale_add_source(settings);
    }
    return is_good;
}
