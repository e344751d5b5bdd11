// The result of a call, and an error text for people when it failed.
#pragma once

#include <stddef.h>

#define MUST_USE __attribute__((warn_unused_result))

enum status {
    STATUS_OK,
    STATUS_AGAIN, // not now: call again later
    STATUS_NOMEM, // the system has no memory left
    STATUS_FULL,  // a capacity of this program is reached
    STATUS_PARSE, // the input is not well formed
    STATUS_RANGE, // well formed, but the value is outside its limits
    STATUS_IO,    // the system refused to read or write
};

enum { ERROR_TEXT_MAX = 512, ERROR_FILE_MAX = 256 };

// A failure, reported once: the first error_set applies, later ones change nothing. All
// zero: no failure. line and column count from 1; 0: not known.
struct error {
    enum status code;
    int line;
    int column;
    char file[ERROR_FILE_MAX];
    char text[ERROR_TEXT_MAX];
};

// Sets code and text unless they are set already, and returns code. `error` may be
// NULL.
enum status error_set(struct error *error, enum status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Adds the place to an error that has none yet. Borrows file; `error` may be NULL.
void error_at(struct error *error, const char *file, int line, int column);

const char *status_name(enum status code);
