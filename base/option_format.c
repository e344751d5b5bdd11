#include "base/option_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/option.h"

// Bytes of a value that is no list of texts: a text, or eight spans or counts.
enum { OPTION_EQUAL_MAX = OPTION_TEXT_MAX };

static const struct {
    char letter;
    uint64_t factor;
} sizes[] = {
    {'G', 1U << 30},
    {'M', 1U << 20},
    {'K', 1U << 10},
};

enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

uint64_t
option_format_factor(char letter)
{
    for (size_t i = 0; i < SIZES; i++) {
        if (letter == sizes[i].letter) {
            return sizes[i].factor;
        }
    }
    return 0;
}

void
option_format_bytes(uint64_t value, char text[OPTION_FORMAT_NUMBER_MAX])
{
    for (size_t i = 0; value != 0 && i < SIZES; i++) {
        if (value % sizes[i].factor == 0) {
            (void)snprintf(text, OPTION_FORMAT_NUMBER_MAX, "%" PRIu64 "%c",
                           value / sizes[i].factor, sizes[i].letter);
            return;
        }
    }
    (void)snprintf(text, OPTION_FORMAT_NUMBER_MAX, "%" PRIu64, value);
}

static const void *
value_of(const struct option *row, const void *base)
{
    return (const char *)base + row->offset;
}

// The text behind `text` (NULL: the first) in a list.
static const char *
next_text(const char *bytes, const char *text)
{
    const char *next = text != NULL ? text + strlen(text) + 1 : bytes;
    return *next != '\0' ? next : NULL;
}

const char *
option_texts_next(const struct option_texts *texts, const char *text)
{
    return next_text(texts->bytes, text);
}

const char *
option_words_next(const struct option_words *words, const char *text)
{
    return next_text(words->bytes, text);
}

// The list written so far, and one more item.
struct written {
    char *text;
    size_t size;
    size_t length;
};

static void
write_item(struct written *written, const char *item)
{
    bool has_room = written->length < written->size;
    int added = snprintf(has_room ? written->text + written->length : NULL,
                         has_room ? written->size - written->length : 0, "%s%s",
                         written->length != 0 ? ", " : "", item);
    written->length += (size_t)added;
}

static size_t
format_list(const struct option *row, const void *value, char *text, size_t size)
{
    struct written written = {text, size, 0};
    if (size != 0) {
        text[0] = '\0';
    }
    if (row->type == OPTION_SPANS) {
        const struct option_spans *spans = value;
        for (size_t i = 0; i < spans->count; i++) {
            write_item(&written, spans->name[i]);
        }
    } else if (row->type == OPTION_COUNTS) {
        const struct option_counts *counts = value;
        for (size_t i = 0; i < counts->count; i++) {
            char number[OPTION_FORMAT_NUMBER_MAX];
            (void)snprintf(number, sizeof(number), "%" PRIu64, counts->value[i]);
            write_item(&written, number);
        }
    } else {
        const char *bytes = row->type == OPTION_TEXTS
                                ? ((const struct option_texts *)value)->bytes
                                : ((const struct option_words *)value)->bytes;
        const char *item = NULL;
        while ((item = next_text(bytes, item)) != NULL) {
            write_item(&written, item);
        }
    }
    return written.length;
}

size_t
option_format(const struct option *row, const void *base, char *text, size_t size)
{
    const void *value = value_of(row, base);
    char number[OPTION_FORMAT_NUMBER_MAX];
    const char *written = number;
    switch (row->type) {
    case OPTION_BOOL:
        written = *(const bool *)value ? "true" : "false";
        break;
    case OPTION_COUNT:
        (void)snprintf(number, sizeof(number), "%" PRIu64, *(const uint64_t *)value);
        break;
    case OPTION_BYTES:
        option_format_bytes(*(const uint64_t *)value, number);
        break;
    case OPTION_SPAN:
        (void)usec_format_duration(*(const usec *)value, number);
        break;
    case OPTION_TEXT:
        written = value;
        break;
    case OPTION_REAL:
        (void)snprintf(number, sizeof(number), "%.15g", *(const double *)value);
        break;
    case OPTION_SPANS:
    case OPTION_COUNTS:
    case OPTION_TEXTS:
    case OPTION_WORDS:
        return format_list(row, value, text, size);
    }
    return (size_t)snprintf(text, size, "%s", written);
}

static bool
equal_lists(const char *one, const char *other)
{
    const char *a = next_text(one, NULL);
    const char *b = next_text(other, NULL);
    while (a != NULL && b != NULL && strcmp(a, b) == 0) {
        a = next_text(one, a);
        b = next_text(other, b);
    }
    return a == NULL && b == NULL;
}

bool
option_equal(const struct option *row, const void *one, const void *other)
{
    const void *values[2] = {value_of(row, one), value_of(row, other)};
    char texts[2][OPTION_EQUAL_MAX];
    if (row->type == OPTION_TEXTS) {
        const struct option_texts *a = values[0];
        const struct option_texts *b = values[1];
        return equal_lists(a->bytes, b->bytes);
    }
    if (row->type == OPTION_WORDS) {
        const struct option_words *a = values[0];
        const struct option_words *b = values[1];
        return equal_lists(a->bytes, b->bytes);
    }
    for (size_t i = 0; i < 2; i++) {
        option_format(row, i == 0 ? one : other, texts[i], sizeof(texts[i]));
    }
    return strcmp(texts[0], texts[1]) == 0;
}

const char *
option_type_name(enum option_type type)
{
    switch (type) {
    case OPTION_BOOL:
        return "bool";
    case OPTION_COUNT:
        return "count";
    case OPTION_BYTES:
        return "bytes";
    case OPTION_SPAN:
        return "duration";
    case OPTION_TEXT:
        return "text";
    case OPTION_SPANS:
        return "durations";
    case OPTION_REAL:
        return "number";
    case OPTION_COUNTS:
        return "counts";
    case OPTION_TEXTS:
    case OPTION_WORDS:
        return "texts";
    }
    return "unknown";
}
