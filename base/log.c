#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/control.h"

enum { ESCAPE_LEN = 4, PREFIX_MAX = 16 };

static enum log_level log_threshold = LOG_LEVEL_INFO;
static bool log_with_prefix = false;

void
log_setup(enum log_level threshold, bool with_prefix)
{
    log_threshold = threshold;
    log_with_prefix = with_prefix;
}

bool
log_wants(enum log_level level)
{
    return level <= log_threshold;
}

const char *
log_prefix(enum log_level level)
{
    if (!log_with_prefix) {
        return "cascaded: ";
    }
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "<3>";
    case LOG_LEVEL_WARN:
        return "<4>";
    case LOG_LEVEL_INFO:
        return "<6>";
    case LOG_LEVEL_DEBUG:
        break;
    }
    return "<7>";
}

static char *
escape_byte(char *to, unsigned char byte)
{
    static const char hex[] = "0123456789abcdef";
    *to++ = '\\';
    *to++ = 'x';
    *to++ = hex[byte >> 4];
    *to++ = hex[byte & 15];
    return to;
}

static char *
escape(char *to, const char *text)
{
    struct slice rest = slice_of(text);
    while (rest.len != 0) {
        size_t bad = *rest.ptr == '\t'         ? 0
                     : control_utf8(rest) == 0 ? 1
                                               : control_length(rest);
        size_t len = bad != 0 ? bad : control_utf8(rest);
        for (size_t i = 0; i < len; i++) {
            if (bad == 0) {
                *to++ = rest.ptr[i];
            } else {
                to = escape_byte(to, (unsigned char)rest.ptr[i]);
            }
        }
        rest = (struct slice){rest.ptr + len, rest.len - len};
    }
    return to;
}

// If a message cannot be written there is no place to report this.
static void
write_all(const char *text, size_t size)
{
    while (size != 0) {
        ssize_t done = write(STDERR_FILENO, text, size);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return;
        }
        text += done;
        size -= (size_t)done;
    }
}

static void __attribute__((format(printf, 2, 0)))
write_line(const char *prefix, const char *format, va_list args)
{
    int errno_before = errno;
    char text[LOG_TEXT_MAX + 1];
    int length = vsnprintf(text, sizeof(text), format, args);
    if (length < 0) {
        text[0] = '\0';
    }

    char line[PREFIX_MAX + ESCAPE_LEN * LOG_TEXT_MAX + 1];
    char *end = escape(stpcpy(line, prefix), text);
    *end++ = '\n';
    write_all(line, (size_t)(end - line));
    errno = errno_before;
}

void
log_write(enum log_level level, const char *format, ...)
{
    if (log_wants(level)) {
        va_list args;
        va_start(args, format);
        write_line(log_prefix(level), format, args);
        va_end(args);
    }
}

void
log_plain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line("", format, args);
    va_end(args);
}
