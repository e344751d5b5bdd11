// Log messages: one line per event, to stderr.
//
// Every line is an event with a name ([a-z_]) that does not change between versions and
// is documented in docs/operations.md. It may be about one thing: a source, a file. The
// form of a line is one of
//     cascaded: cannot reach Redis                                        LOG_TEXT
//     cascaded: cannot reach Redis event=redis_lost                       LOG_FIELDS
//     {"time":"…Z","level":"warning","event":"redis_lost","message":"…"}  LOG_JSON
// Under a journal a level as sd-daemon(3) writes it ("<4>") comes first, in place of
// "cascaded: ".
//
// Repetitions of a warning or an error within LOG_SAME (the same event and thing, and
// the same text but for its digits) are counted instead of written; the next line after
// that time, or log_settle(), reports how many there were ("repeated").
//
// Only daemon/ and ctl/ log; library folders return and count. Every byte of the
// characters that control.h lists, except tab, and every byte that is not part of a
// UTF-8 character is written as \xNN, so that text from posts can neither forge a line
// nor control the terminal. A line is written by one write(2); its text is cut at
// LOG_TEXT_MAX bytes, the name of the thing at LOG_ABOUT_MAX. A reader of LOG_FIELDS
// finds the fields at the end of the line, even if the text contains an "event=".
// Lines that cannot be written, as on a full disk, are counted; the next one that can
// be written begins on a line of its own, behind one that reports how many are missing.
#pragma once

#include <stdbool.h>

#include "base/usec.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO };

enum log_form { LOG_TEXT, LOG_FIELDS, LOG_JSON };

enum { LOG_TEXT_MAX = 2048, LOG_ABOUT_MAX = 256 };

#define LOG_SAME (10 * USEC_PER_S)

struct log_setup {
    enum log_level threshold; // the least important level that is written
    enum log_form form;
    bool has_journal;        // stderr is a journal
    usec (*monotonic)(void); // NULL: every repetition is written
    usec (*system)(void);    // NULL: lines in JSON have no "time"
};

struct log_event {
    const char *name;
    const char *key;   // what kind of thing it is about ("source"); NULL: nothing
    const char *about; // the name of that thing
};

// LOG_LEVEL_INFO and LOG_TEXT without a journal before the first call.
void log_setup(const struct log_setup *setup);
void log_set_form(enum log_form form);

bool log_wants(enum log_level level);

// `format` as printf's, without a newline. Preserves errno.
void log_write(enum log_level level, struct log_event event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Reports repetitions that were counted at least LOG_SAME ago; or all of them, and then
// no line is a repetition of an earlier one.
void log_settle(bool all);

// The same without a format and at any threshold; safe in a signal handler.
void log_now(enum log_level level, struct log_event event, const char *text);

// A line without prefix and fields, in every form, at any threshold.
void log_plain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define LOG_EVENT(name) ((struct log_event){name, NULL, NULL})
#define LOG_EVENT_OF(name, key, about) ((struct log_event){name, key, about})

#define log_error(name, ...) log_write(LOG_LEVEL_ERROR, LOG_EVENT(name), __VA_ARGS__)
#define log_warn(name, ...) log_write(LOG_LEVEL_WARN, LOG_EVENT(name), __VA_ARGS__)
#define log_info(name, ...) log_write(LOG_LEVEL_INFO, LOG_EVENT(name), __VA_ARGS__)
#define log_error_of(name, key, about, ...)                                            \
    log_write(LOG_LEVEL_ERROR, LOG_EVENT_OF(name, key, about), __VA_ARGS__)
#define log_warn_of(name, key, about, ...)                                             \
    log_write(LOG_LEVEL_WARN, LOG_EVENT_OF(name, key, about), __VA_ARGS__)
#define log_info_of(name, key, about, ...)                                             \
    log_write(LOG_LEVEL_INFO, LOG_EVENT_OF(name, key, about), __VA_ARGS__)
