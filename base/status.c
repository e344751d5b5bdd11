#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

enum status
error_set(struct error *error, enum status code, const char *format, ...)
{
    if (error == NULL || error->code != STATUS_OK) {
        return code;
    }
    error->code = code;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    return code;
}

void
error_at(struct error *error, const char *file, int line, int column)
{
    if (error == NULL || error->code == STATUS_OK || error->file[0] != '\0' ||
        error->line != 0) {
        return;
    }
    (void)snprintf(error->file, sizeof(error->file), "%s", file != NULL ? file : "");
    error->line = line;
    error->column = column;
}

const char *
status_name(enum status code)
{
    switch (code) {
    case STATUS_OK:
        return "ok";
    case STATUS_AGAIN:
        return "again";
    case STATUS_NOMEM:
        return "out of memory";
    case STATUS_FULL:
        return "full";
    case STATUS_PARSE:
        return "malformed";
    case STATUS_RANGE:
        return "out of range";
    case STATUS_IO:
        return "input/output error";
    }
    return "unknown";
}
