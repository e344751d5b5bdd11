// Log messages: one line per call, to stderr.
//
// Only daemon/ and ctl/ log; library folders return and count. Every byte of the
// characters that control.h lists, except tab, and every byte that is not part of a
// UTF-8 character is written as \xNN, so that text from posts can neither forge a line
// nor control the terminal. A line is written by one write(2) and is cut at
// LOG_TEXT_MAX bytes of text.
#pragma once

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum { LOG_TEXT_MAX = 2048 };

// threshold: the least important level that is written (INFO at start). with_prefix:
// stderr is a journal, so lines start with the level as sd-daemon(3) writes it ("<4>")
// rather than with "cascaded: ".
void log_setup(enum log_level threshold, bool with_prefix);

bool log_wants(enum log_level level);

// The prefix of a line of that level.
const char *log_prefix(enum log_level level);

// `format` as printf's, without a newline. Preserves errno.
void log_write(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// The same line without a prefix, at any threshold.
void log_plain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
