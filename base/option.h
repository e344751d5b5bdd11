// Option rows: one row per option, beside the code that it configures.
//
// The configuration reader, -o, -t, --describe options and the sample configuration are
// generated from these rows. A row stores its value at `offset` in its module's options
// struct:
//   BOOL bool · COUNT uint64_t · BYTES uint64_t · REAL double · SPAN usec ·
//   TEXT char[OPTION_TEXT_MAX] · SPANS struct option_spans ·
//   COUNTS struct option_counts · TEXTS struct option_texts ·
//   WORDS struct option_words
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"
#include "base/usec.h"

enum option_type {
    OPTION_BOOL,
    OPTION_COUNT, // whole number
    OPTION_BYTES, // whole number with optional K, M or G (powers of 1024)
    OPTION_SPAN,  // duration: ms s m h d
    OPTION_TEXT,
    OPTION_SPANS,  // list of different durations
    OPTION_REAL,   // decimal number
    OPTION_COUNTS, // list of whole numbers, each greater than the one before
    OPTION_TEXTS,  // list of texts without commas; may be empty
    OPTION_WORDS,  // the same with room for many
};

enum {
    OPTION_TEXT_MAX = 512,
    OPTION_TEXTS_MAX = 2048,  // bytes of a list of texts, as written
    OPTION_WORDS_MAX = 65536, // the same of a list of words
    OPTION_SPANS_MAX = 8,
    OPTION_COUNTS_MAX = 8,
    OPTION_NAME_MAX = 16,
    OPTION_TITLE_MAX = 64, // bytes of a section's title, with its NUL
};

// Durations as given: the text is used in keys. "60m" and "1h" are the same length, so
// one list may not contain both.
struct option_spans {
    size_t count;
    usec length[OPTION_SPANS_MAX];
    char name[OPTION_SPANS_MAX][OPTION_NAME_MAX];
};

struct option_counts {
    size_t count;
    uint64_t value[OPTION_COUNTS_MAX];
};

// Texts one after another, each ended by a NUL; an empty one ends the list.
struct option_texts {
    size_t count;
    char bytes[OPTION_TEXTS_MAX + 2];
};

struct option_words {
    size_t count;
    size_t used; // bytes
    char bytes[OPTION_WORDS_MAX + 2];
};

struct option {
    const char *name; // "redis.flush"; a name without a dot is outside of any section
    enum option_type type;
    const char *preset; // default, as a user would write it; a list is "5m, 1h"
    int64_t min; // COUNT(S), BYTES, REAL: value; SPAN(S): usec; TEXT(S), WORDS: length
    int64_t max;
    bool is_reloadable;
    size_t offset;
    const char *help; // one sentence without the final stop
};

#define OPTION_END                                                                     \
    {                                                                                  \
        NULL, OPTION_BOOL, NULL, 0, 0, false, 0, NULL                                  \
    }

// A table may be a macro of rows in the header of the module that it configures,
// ROW(member, TYPE, …). OPTION_MEMBER declares the member in which a row stores its
// value.
#define OPTION_MEMBER(member, type, ...) OPTION_MEMBER_##type(member)
#define OPTION_MEMBER_BOOL(member) bool member;
#define OPTION_MEMBER_COUNT(member) uint64_t member;
#define OPTION_MEMBER_BYTES(member) uint64_t member;
#define OPTION_MEMBER_REAL(member) double member;
#define OPTION_MEMBER_SPAN(member) usec member;
#define OPTION_MEMBER_TEXT(member) char member[OPTION_TEXT_MAX];
#define OPTION_MEMBER_SPANS(member) struct option_spans member;
#define OPTION_MEMBER_COUNTS(member) struct option_counts member;
#define OPTION_MEMBER_TEXTS(member) struct option_texts member;
#define OPTION_MEMBER_WORDS(member) struct option_words member;

// The row of that name, or NULL. Rows end with OPTION_END.
const struct option *option_find(const struct option *rows, struct slice name);

// Parses `text` according to the row and stores it in `base`. On failure `base` is
// untouched and error contains what would be valid. A list is comma-separated, with or
// without braces.
enum status option_set(const struct option *row, void *base, struct slice text,
                       struct error *error) MUST_USE;

// Adds one text to a list of type WORDS; on failure the list is untouched.
enum status option_add(const struct option *row, void *base, struct slice item,
                       struct error *error) MUST_USE;

// Stores every row's default. Rows end with OPTION_END. A default that is invalid for
// its own row is a bug (assert).
void option_presets(const struct option *rows, void *base);

// Iterates over a list of texts: start with NULL; NULL after the last.
const char *option_texts_next(const struct option_texts *texts, const char *text);
const char *option_words_next(const struct option_words *words, const char *text);

// True if both have the same value of that row.
bool option_equal(const struct option *row, const void *one, const void *other);

// Formats the value as in the configuration; returns its length as snprintf does.
size_t option_format(const struct option *row, const void *base, char *text,
                     size_t size);

const char *option_type_name(enum option_type type);
