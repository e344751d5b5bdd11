#include "base/option.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/option_format.h"
#include "base/redact.h"

// bytes of a user's text repeated in a message: enough to recognise it
enum { QUOTED_MAX = 40 };

static void *
field_of(const struct option *row, void *base)
{
    return (char *)base + row->offset;
}

// A limit in the notation of the configuration.
static const char *
format_limit(const struct option *row, int64_t limit,
             char text[OPTION_FORMAT_NUMBER_MAX])
{
    if (row->type == OPTION_SPAN || row->type == OPTION_SPANS) {
        return usec_format_duration(limit, text);
    }
    if (row->type == OPTION_BYTES) {
        option_format_bytes((uint64_t)limit, text);
    } else {
        (void)snprintf(text, OPTION_FORMAT_NUMBER_MAX, "%" PRId64, limit);
    }
    return text;
}

// Users sometimes give a secret in place of the path of its file.
static bool
is_path(const struct option *row)
{
    size_t len = strlen(row->name);
    return len > strlen("_file") &&
           strcmp(row->name + len - strlen("_file"), "_file") == 0;
}

static enum status
refuse_range(const struct option *row, struct slice text, struct error *error)
{
    char min[OPTION_FORMAT_NUMBER_MAX];
    char max[OPTION_FORMAT_NUMBER_MAX];
    char shown[REDACT_MAX];
    return error_set(error, STATUS_RANGE, "%s: \"%.*s\" is not from %s to %s%s",
                     row->name, QUOTED_MAX,
                     is_path(row) ? "(a path)" : redact(text, shown),
                     format_limit(row, row->min, min), format_limit(row, row->max, max),
                     row->type == OPTION_TEXT || row->type == OPTION_TEXTS ||
                             row->type == OPTION_WORDS
                         ? " bytes long"
                         : "");
}

static enum status
refuse_form(const struct option *row, struct slice text, const char *right,
            struct error *error)
{
    char shown[REDACT_MAX];
    return error_set(error, STATUS_PARSE, "%s: \"%.*s\" is not %s", row->name,
                     QUOTED_MAX, redact(text, shown), right);
}

static enum status
set_bool(const struct option *row, bool *field, struct slice text, struct error *error)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {
        {"true", true},   {"yes", true}, {"on", true},
        {"false", false}, {"no", false}, {"off", false},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (slice_equal(text, slice_of(words[i].word))) {
            *field = words[i].value;
            return STATUS_OK;
        }
    }
    return refuse_form(row, text, "true or false", error);
}

// Parses leading digits; a number above 64 bits is UINT64_MAX. Returns how many digits.
static size_t
read_number(struct slice text, uint64_t *ret_number)
{
    uint64_t number = 0;
    size_t at = 0;
    for (; at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9'; at++) {
        uint64_t digit = (uint64_t)(text.ptr[at] - '0');
        bool is_too_big = number > (UINT64_MAX - digit) / 10;
        number = is_too_big ? UINT64_MAX : number * 10 + digit;
    }
    *ret_number = number;
    return at;
}

// The factor of a size suffix: 0 if the suffix is invalid.
static uint64_t
read_factor(struct slice end)
{
    return end.len == 0 ? 1 : end.len == 1 ? option_format_factor(end.ptr[0]) : 0;
}

static enum status
set_number(const struct option *row, uint64_t *field, struct slice text,
           struct error *error)
{
    uint64_t number;
    size_t digits = read_number(text, &number);
    uint64_t factor = 0;
    if (digits != 0) {
        factor = read_factor((struct slice){text.ptr + digits, text.len - digits});
    }
    bool is_count = row->type == OPTION_COUNT || row->type == OPTION_COUNTS;
    if (is_count && (factor != 1 || digits != text.len)) {
        return refuse_form(row, text, "a whole number", error);
    }
    if (factor == 0) {
        return refuse_form(row, text, "a size such as 4096, 64K, 16M or 1G", error);
    }
    if (number > (uint64_t)row->max / factor || number * factor < (uint64_t)row->min) {
        return refuse_range(row, text, error);
    }
    *field = number * factor;
    return STATUS_OK;
}

static enum status
set_span(const struct option *row, usec *field, struct slice text, struct error *error)
{
    usec span = 0;
    enum status status = usec_parse_duration(text, &span);
    if (status == STATUS_PARSE) {
        return refuse_form(row, text, "a duration such as 250ms, 5s, 90m, 24h or 7d",
                           error);
    }
    if (status != STATUS_OK || span < row->min || span > row->max) {
        return refuse_range(row, text, error);
    }
    *field = span;
    return STATUS_OK;
}

// Digits, perhaps with one point between them.
static bool
is_decimal(struct slice text)
{
    uint64_t unused;
    size_t whole = read_number(text, &unused);
    if (whole == 0 || whole == text.len) {
        return whole != 0;
    }
    struct slice rest = {text.ptr + whole + 1, text.len - whole - 1};
    return text.ptr[whole] == '.' && rest.len != 0 &&
           read_number(rest, &unused) == rest.len;
}

static enum status
set_real(const struct option *row, double *field, struct slice text,
         struct error *error)
{
    if (!is_decimal(text)) {
        return refuse_form(row, text, "a number such as 20 or 0.75", error);
    }
    double number = 0;
    double unit = 1;
    bool is_behind = false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '.') {
            is_behind = true;
            continue;
        }
        number = number * 10 + (text.ptr[i] - '0');
        unit *= is_behind ? 10 : 1;
    }
    number /= unit;
    // Also beyond the range of a double.
    if (!(number >= (double)row->min && number <= (double)row->max)) {
        return refuse_range(row, text, error);
    }
    *field = number;
    return STATUS_OK;
}

static enum status
refuse_controls(const struct option *row, struct slice text, struct error *error)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x20 || c == 0x7f) {
            return error_set(error, STATUS_PARSE,
                             "%s: the text must be free of control characters",
                             row->name);
        }
    }
    return STATUS_OK;
}

static struct slice
trim(struct slice text)
{
    return slice_trim(text, SLICE_LIT(" \t"));
}

static enum status
set_text(const struct option *row, char field[OPTION_TEXT_MAX], struct slice text,
         struct error *error)
{
    assert(row->max < OPTION_TEXT_MAX);
    if (text.len < (size_t)row->min || text.len > (size_t)row->max) {
        return refuse_range(row, text, error);
    }
    if (row->min > 0 && trim(text).len == 0) {
        return refuse_form(row, text, "a text: it is only white space", error);
    }
    enum status status = refuse_controls(row, text, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (text.len != 0) {
        memcpy(field, text.ptr, text.len);
    }
    field[text.len] = '\0';
    return STATUS_OK;
}

static struct slice
without_braces(struct slice text)
{
    text = trim(text);
    if (text.len >= 2 && text.ptr[0] == '{' && text.ptr[text.len - 1] == '}') {
        text = trim((struct slice){text.ptr + 1, text.len - 2});
    }
    return text;
}

static enum status
add_span(const struct option *row, struct option_spans *spans, struct slice item,
         struct error *error)
{
    usec length = 0;
    enum status status = set_span(row, &length, item, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (item.len >= OPTION_NAME_MAX) {
        return refuse_form(row, item, "short enough: leave out leading zeros", error);
    }
    for (size_t i = 0; i < spans->count; i++) {
        if (spans->length[i] == length) {
            return error_set(error, STATUS_RANGE,
                             "%s: %s and %.*s are the same; name it once", row->name,
                             spans->name[i], SLICE_ARG(item));
        }
    }
    if (spans->count == OPTION_SPANS_MAX) {
        return error_set(error, STATUS_RANGE, "%s: at most %d durations", row->name,
                         OPTION_SPANS_MAX);
    }
    spans->length[spans->count] = length;
    memcpy(spans->name[spans->count], item.ptr, item.len);
    spans->count++;
    return STATUS_OK;
}

// The items of a list, one by one: false after the last. An empty list has one empty
// item.
struct list {
    struct slice rest;
    bool is_over;
};

static bool
list_next(struct list *list, struct slice *ret_item)
{
    if (list->is_over) {
        return false;
    }
    struct slice rest = list->rest;
    const char *comma = rest.len != 0 ? memchr(rest.ptr, ',', rest.len) : NULL;
    list->is_over = comma == NULL;
    size_t len = comma != NULL ? (size_t)(comma - rest.ptr) : rest.len;
    *ret_item = trim((struct slice){rest.ptr, len});
    if (comma != NULL) {
        list->rest = (struct slice){comma + 1, rest.len - len - 1};
    }
    return true;
}

static enum status
set_spans(const struct option *row, struct option_spans *field, struct slice text,
          struct error *error)
{
    struct option_spans spans = {0};
    struct list list = {.rest = without_braces(text)};
    struct slice item;
    while (list_next(&list, &item)) {
        enum status status = add_span(row, &spans, item, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    *field = spans;
    return STATUS_OK;
}

static enum status
add_count(const struct option *row, struct option_counts *counts, struct slice item,
          struct error *error)
{
    uint64_t number = 0;
    enum status status = set_number(row, &number, item, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (counts->count != 0 && number <= counts->value[counts->count - 1]) {
        return error_set(error, STATUS_RANGE,
                         "%s: write each number once and the smaller ones first",
                         row->name);
    }
    if (counts->count == OPTION_COUNTS_MAX) {
        return error_set(error, STATUS_RANGE, "%s: at most %d numbers", row->name,
                         OPTION_COUNTS_MAX);
    }
    counts->value[counts->count++] = number;
    return STATUS_OK;
}

static enum status
set_counts(const struct option *row, struct option_counts *field, struct slice text,
           struct error *error)
{
    struct option_counts counts = {0};
    struct list list = {.rest = without_braces(text)};
    struct slice item;
    while (list_next(&list, &item)) {
        enum status status = add_count(row, &counts, item, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    *field = counts;
    return STATUS_OK;
}

static enum status
set_texts(const struct option *row, struct option_texts *field, struct slice text,
          struct error *error)
{
    assert(row->max <= OPTION_TEXTS_MAX);
    text = without_braces(text);
    if (text.len > (size_t)row->max) {
        return refuse_range(row, text, error);
    }
    enum status status = refuse_controls(row, text, error);
    if (status != STATUS_OK) {
        return status;
    }
    struct option_texts texts = {0};
    size_t used = 0;
    struct list list = {.rest = text};
    struct slice item;
    while (text.len != 0 && list_next(&list, &item)) {
        if (item.len == 0) {
            return error_set(error, STATUS_PARSE, "%s: one of the texts is empty",
                             row->name);
        }
        memcpy(texts.bytes + used, item.ptr, item.len);
        used += item.len + 1;
        texts.count++;
    }
    *field = texts;
    return STATUS_OK;
}

static enum status
add_word(const struct option *row, struct option_words *words, struct slice item,
         struct error *error)
{
    enum status status = refuse_controls(row, item, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (item.len == 0) {
        return error_set(error, STATUS_PARSE, "%s: one of the texts is empty",
                         row->name);
    }
    // A list that is full ends one byte behind the limit.
    size_t most = (size_t)row->max;
    if (words->used > most || item.len > most - words->used) {
        return error_set(error, STATUS_RANGE,
                         "%s: the list is longer than %" PRId64 " bytes", row->name,
                         row->max);
    }
    memcpy(words->bytes + words->used, item.ptr, item.len);
    words->used += item.len;
    words->bytes[words->used++] = '\0';
    words->bytes[words->used] = '\0'; // ends the list
    words->count++;
    return STATUS_OK;
}

static enum status
set_words(const struct option *row, struct option_words *field, struct slice text,
          struct error *error)
{
    assert(row->max < OPTION_WORDS_MAX);
    struct option_words words = {.count = 0};
    text = without_braces(text);
    struct list list = {.rest = text};
    struct slice item;
    while (text.len != 0 && list_next(&list, &item)) {
        enum status status = add_word(row, &words, item, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    *field = words;
    return STATUS_OK;
}

enum status
option_add(const struct option *row, void *base, struct slice item, struct error *error)
{
    assert(row->type == OPTION_WORDS);
    return add_word(row, field_of(row, base), trim(item), error);
}

enum status
option_set(const struct option *row, void *base, struct slice text, struct error *error)
{
    void *field = field_of(row, base);
    text = slice_is_none(text) ? SLICE_LIT("") : text;
    switch (row->type) {
    case OPTION_BOOL:
        return set_bool(row, field, text, error);
    case OPTION_COUNT:
    case OPTION_BYTES:
        return set_number(row, field, text, error);
    case OPTION_SPAN:
        return set_span(row, field, text, error);
    case OPTION_TEXT:
        return set_text(row, field, text, error);
    case OPTION_SPANS:
        return set_spans(row, field, text, error);
    case OPTION_REAL:
        return set_real(row, field, text, error);
    case OPTION_COUNTS:
        return set_counts(row, field, text, error);
    case OPTION_TEXTS:
        return set_texts(row, field, text, error);
    case OPTION_WORDS:
        return set_words(row, field, text, error);
    }
    return STATUS_RANGE;
}

const struct option *
option_find(const struct option *rows, struct slice name)
{
    for (const struct option *row = rows; row->name != NULL; row++) {
        if (slice_equal(slice_of(row->name), name)) {
            return row;
        }
    }
    return NULL;
}

void
option_presets(const struct option *rows, void *base)
{
    for (const struct option *row = rows; row->name != NULL; row++) {
        enum status status = option_set(row, base, slice_of(row->preset), NULL);
        assert(status == STATUS_OK);
        (void)status;
    }
}
