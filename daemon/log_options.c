#include "daemon/log_options.h"

#include <string.h>

#include "base/log.h"

const struct option log_option_rows[] = {
    {"log.format", OPTION_TEXT, "auto", 1, 16, true,
     offsetof(struct log_options, format),
     "Form of log lines: text (a sentence), fields (a sentence, then event=… and other "
     "fields), json, or auto: fields for a daemon with sources, text otherwise"},
    OPTION_END,
};

static bool
find_form(const char *format, bool is_daemon, enum log_form *ret_form)
{
    const struct {
        const char *name;
        enum log_form form;
    } rows[] = {
        {"auto", is_daemon ? LOG_FIELDS : LOG_TEXT},
        {"text", LOG_TEXT},
        {"fields", LOG_FIELDS},
        {"json", LOG_JSON},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(format, rows[i].name) == 0) {
            *ret_form = rows[i].form;
            return true;
        }
    }
    return false;
}

enum status
log_options_check(const struct log_options *options, struct error *error)
{
    enum log_form form;
    return find_form(options->format, true, &form)
               ? STATUS_OK
               : error_set(error, STATUS_RANGE,
                           "log.format: \"%s\" is none of: auto text fields json",
                           options->format);
}

void
log_options_apply(const struct log_options *options, bool is_daemon)
{
    enum log_form form;
    if (find_form(options->format, is_daemon, &form)) {
        log_set_form(form);
    }
}
