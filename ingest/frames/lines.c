#include "ingest/frames/lines.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// An event's data and a line may both have the greatest length, with the line end not
// yet read.
enum { CAPACITY = LINES_MAX + LINES_MAX + 2 + LINES_ROOM };

// A longer line with several documents is not one message: its posts need memory.
enum { SEQUENCE_MAX = 1 << 20 };

// clang-format off
const struct metric lines_metric_rows[] = {
    {"cascaded_lines_read_total", NULL, METRIC_COUNTER, offsetof(struct lines_metrics, lines),
     "Lines read, blank ones and comments included"},
    {"cascaded_keep_alives_read_total", NULL, METRIC_COUNTER,
     offsetof(struct lines_metrics, keep_alives),
     "Blank lines, comments and events without data"},
    {"cascaded_events_read_total", NULL, METRIC_COUNTER, offsetof(struct lines_metrics, events),
     "Server-sent events with data"},
    {"cascaded_lines_dropped_total", "reason=\"too_long\"", METRIC_COUNTER,
     offsetof(struct lines_metrics, too_long),
     "Lines and events over 8 MiB"},
    {"cascaded_array_unread_bytes_total", NULL, METRIC_COUNTER,
     offsetof(struct lines_metrics, unread_bytes),
     "Bytes of JSON arrays behind a broken element, in which no element was found"},
    METRIC_END,
};
// clang-format on

enum field { FIELD_NONE, FIELD_COMMENT, FIELD_EVENT, FIELD_DATA, FIELD_OTHER };

static void
forget_event(struct lines *lines)
{
    lines->is_event = false;
    lines->has_data = false;
    lines->has_comment = false;
    lines->is_spoiled = false;
    lines->event_len = 0;
    lines->name_len = 0;
}

bool
lines_init(struct lines *lines, struct lines_metrics *metrics)
{
    *lines = (struct lines){.metrics = metrics};
    lines->buffer = calloc(CAPACITY + LINES_PADDING, 1);
    return lines->buffer != NULL;
}

void
lines_fini(struct lines *lines)
{
    free(lines->buffer);
    *lines = (struct lines){0};
}

void
lines_reset(struct lines *lines)
{
    *lines = (struct lines){.buffer = lines->buffer, .metrics = lines->metrics};
}

void
lines_resume(struct lines *lines, const struct lines_place *place)
{
    lines_reset(lines);
    lines->filled = place->offset;
    lines->number = place->number;
    lines->is_started = place->offset != 0;
    lines->form = place->form;
    array_reset(&lines->array);
}

static bool
is_outside(const struct array *array)
{
    return array->place == ARRAY_BETWEEN && array->level == 0;
}

// Between the CR and the LF of one line end.
static bool
is_before_feed(const struct lines *lines)
{
    return lines->is_after_return && lines->cursor < lines->end &&
           lines->buffer[lines->cursor] == '\n';
}

bool
lines_place(const struct lines *lines, struct lines_place *ret_place)
{
    bool is_array = lines->form == LINES_ARRAY;
    if (lines->is_event || lines->is_skipping ||
        (is_array && lines->array.place == ARRAY_LOST)) {
        return false;
    }
    size_t unread = lines->end - lines->cursor;
    if (lines->is_after_return && unread == 0 && !lines->is_ended) {
        return false;
    }
    bool has_feed = is_before_feed(lines);
    *ret_place = (struct lines_place){
        .offset = lines->filled - unread + has_feed,
        .number = lines->number,
        .form = is_array && is_outside(&lines->array) ? LINES_UNKNOWN : lines->form,
    };
    return true;
}

bool
lines_is_open(const struct lines *lines)
{
    return lines->form == LINES_ARRAY && !is_outside(&lines->array);
}

// Moves the open event's data and the unread bytes to the front of the buffer.
static void
compact(struct lines *lines)
{
    memmove(lines->buffer, lines->buffer + lines->event_start, lines->event_len);
    size_t pending = lines->end - lines->cursor;
    memmove(lines->buffer + lines->event_len, lines->buffer + lines->cursor, pending);
    lines->event_start = 0;
    lines->scanned -= lines->cursor - lines->event_len;
    lines->cursor = lines->event_len;
    lines->end = lines->event_len + pending;
}

char *
lines_room(struct lines *lines, size_t *ret_size)
{
    // At least as many bytes were consumed as are moved; so the buffer's front is
    // reused while it is in the cache.
    size_t kept = lines->event_len + lines->end - lines->cursor;
    if (lines->end - kept >= kept || CAPACITY - lines->end < LINES_ROOM) {
        compact(lines);
    }
    assert(CAPACITY - lines->end >= LINES_ROOM);
    *ret_size = LINES_ROOM;
    return lines->buffer + lines->end;
}

void
lines_filled(struct lines *lines, size_t size)
{
    assert(size <= LINES_ROOM && !lines->is_ended);
    lines->end += size;
    lines->filled += size;
}

void
lines_end(struct lines *lines)
{
    lines->is_ended = true;
}

static bool
has_prefix(struct slice line, struct slice prefix, struct slice *ret_rest)
{
    if (!slice_starts(line, prefix)) {
        return false;
    }
    *ret_rest = (struct slice){line.ptr + prefix.len, line.len - prefix.len};
    return true;
}

// The field of an event in this line; its value without one leading space.
static enum field
parse_field(struct slice line, struct slice *ret_value)
{
    struct slice value = {line.ptr, 0};
    enum field field = FIELD_NONE;
    switch (line.len > 0 ? line.ptr[0] : '\0') {
    case ':':
        return FIELD_COMMENT;
    case 'd':
        field = has_prefix(line, SLICE_LIT("data:"), &value) ? FIELD_DATA : FIELD_NONE;
        break;
    case 'e':
        field =
            has_prefix(line, SLICE_LIT("event:"), &value) ? FIELD_EVENT : FIELD_NONE;
        break;
    case 'i':
        field = has_prefix(line, SLICE_LIT("id:"), &value) ? FIELD_OTHER : FIELD_NONE;
        break;
    case 'r':
        field =
            has_prefix(line, SLICE_LIT("retry:"), &value) ? FIELD_OTHER : FIELD_NONE;
        break;
    default:
        break;
    }
    if (value.len > 0 && value.ptr[0] == ' ') {
        value.ptr++;
        value.len--;
    }
    *ret_value = value;
    return field;
}

static void
spoil_event(struct lines *lines)
{
    lines->has_data = false;
    lines->event_len = 0;
    lines->is_spoiled = true;
}

// Joins in place: the destination is before the source, since "data:" is removed.
static void
add_data(struct lines *lines, struct slice value)
{
    if (lines->is_spoiled) {
        return;
    }
    if (!lines->has_data) {
        lines->has_data = true;
        lines->event_start = (size_t)(value.ptr - lines->buffer);
        lines->event_len = value.len;
        return;
    }
    if (lines->event_len + 1 + value.len > LINES_MAX) {
        spoil_event(lines);
        lines->metrics->too_long++;
        return;
    }
    char *end = lines->buffer + lines->event_start + lines->event_len;
    *end = '\n';
    memmove(end + 1, value.ptr, value.len);
    lines->event_len += 1 + value.len;
}

static void
add_field(struct lines *lines, enum field field, struct slice value)
{
    if (!lines->is_event) {
        lines->is_event = true;
        lines->event_number = lines->number;
    }
    if (field == FIELD_COMMENT) {
        lines->has_comment = true;
        lines->metrics->keep_alives++;
    } else if (field == FIELD_EVENT) {
        lines->name_len = value.len < LINES_EVENT_MAX ? value.len : LINES_EVENT_MAX;
        memcpy(lines->name, value.ptr, lines->name_len);
    } else if (field == FIELD_DATA) {
        add_data(lines, value);
    }
}

// A blank line. True if an event is complete.
static bool
close_event(struct lines *lines, struct lines_message *ret_message)
{
    bool has_data = lines->has_data;
    if (has_data) {
        ret_message->event = (struct slice){lines->name, lines->name_len};
        ret_message->data =
            (struct slice){lines->buffer + lines->event_start, lines->event_len};
        ret_message->number = lines->event_number;
        ret_message->is_cut = false;
        lines->metrics->events++;
    } else if (!lines->has_comment && !lines->is_spoiled) {
        lines->metrics->keep_alives++;
    }
    forget_event(lines);
    return has_data;
}

static bool
is_json(char first)
{
    return first == '{' || first == '[';
}

// Whether the line at the cursor may end in CR alone.
static bool
ends_in_return(const struct lines *lines)
{
    if (lines->is_skipping || lines->cursor == lines->end) {
        return lines->is_returning;
    }
    struct slice line = {lines->buffer + lines->cursor, lines->end - lines->cursor};
    struct slice value;
    return lines->is_event || line.ptr[0] == '\r' ||
           (lines->is_among_events && !is_json(line.ptr[0])) ||
           parse_field(line, &value) != FIELD_NONE;
}

// The line end behind the cursor, NULL: there is none yet.
static const char *
find_end(struct lines *lines)
{
    const char *from = lines->buffer + lines->scanned;
    size_t size = lines->end - lines->scanned;
    const char *end = memchr(from, '\n', size);
    lines->is_returning = ends_in_return(lines);
    if (lines->is_returning) {
        size = end != NULL ? (size_t)(end - from) : size;
        const char *back = memchr(from, '\r', size);
        end = back != NULL ? back : end;
    }
    return end;
}

// A whole line, without its end. True if there is a message.
static bool
take_line(struct lines *lines, struct slice line, struct lines_message *ret_message)
{
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    if (line.len == 0) {
        return close_event(lines, ret_message);
    }
    struct slice value = SLICE_NONE;
    enum field field = parse_field(line, &value);
    lines->is_among_events =
        field != FIELD_NONE || (lines->is_among_events && !is_json(line.ptr[0]));
    bool is_too_long = line.len > LINES_MAX;
    if (is_too_long) {
        lines->metrics->too_long++;
        if (field != FIELD_NONE) {
            add_field(lines, FIELD_OTHER, value);
            spoil_event(lines);
        }
        return false;
    }
    if (field != FIELD_NONE) {
        add_field(lines, field, value);
        return false;
    }
    *ret_message = (struct lines_message){SLICE_NONE, line, lines->number, false};
    return true;
}

// Counts the line that ends, or is dropped, at `end`; the next one begins at `next`.
static struct slice
begin_line(struct lines *lines, size_t end, size_t next)
{
    struct slice line = {lines->buffer + lines->cursor, end - lines->cursor};
    lines->cursor = lines->scanned = next;
    lines->number++;
    lines->metrics->lines++;
    return line;
}

// False while the bytes may still become a byte order mark.
static bool
skip_mark(struct lines *lines)
{
    static const char mark[] = {(char)0xef, (char)0xbb, (char)0xbf};
    size_t size = lines->end - lines->cursor;
    size_t compared = size < sizeof(mark) ? size : sizeof(mark);
    bool is_mark = memcmp(lines->buffer + lines->cursor, mark, compared) == 0;
    if (is_mark && compared < sizeof(mark) && !lines->is_ended) {
        return false;
    }
    if (is_mark && compared == sizeof(mark)) {
        lines->cursor = lines->scanned = lines->cursor + sizeof(mark);
    }
    lines->is_started = true;
    return true;
}

// ── arrays ─────────────────────────────────────────────────────────────────

static void
count_lines(struct lines *lines, uint64_t count)
{
    lines->number += count;
    lines->metrics->lines += count;
}

// Reads the documents of the line one by one: each is a message.
static void
read_in_parts(struct lines *lines)
{
    lines->form = LINES_ARRAY;
    lines->scanned = lines->cursor;
    array_reset_documents(&lines->array, false);
    count_lines(lines, 1);
}

// A line that begins an array which does not end in it, or that is too long for one
// message and has several documents, is read in parts: true.
static bool
split_line(struct lines *lines, struct slice line)
{
    size_t at = 0;
    while (at < line.len && (line.ptr[at] == ' ' || line.ptr[at] == '\t')) {
        at++;
    }
    if (at == line.len || lines->is_event || lines->is_skipping) {
        return false;
    }
    if (line.ptr[at] == '[') {
        struct slice bytes = {line.ptr, lines->end - lines->cursor};
        enum array_begin begin = array_begins(bytes, lines->is_ended);
        bool is_split =
            begin == ARRAY_UNKNOWN ||
            (begin == ARRAY_IS_ONE && (line.len > LINES_MAX || array_is_open(line)));
        lines->form = is_split ? LINES_UNKNOWN : lines->form; // see find_form
        lines->is_behind_lines = is_split;
        return is_split;
    }
    bool is_split =
        line.ptr[at] == '{' && line.len > SEQUENCE_MAX && array_is_sequence(line);
    if (is_split) {
        read_in_parts(lines);
    }
    return is_split;
}

// At the start of a line of unknown form. False while it may still become an array.
static bool
find_form(struct lines *lines)
{
    struct slice bytes = {lines->buffer + lines->cursor, lines->end - lines->cursor};
    size_t at = 0;
    while (at < bytes.len && (bytes.ptr[at] == ' ' || bytes.ptr[at] == '\t')) {
        at++;
    }
    if (at == bytes.len) {
        lines->form = at > LINES_MAX ? LINES_PLAIN : LINES_UNKNOWN;
        return at > LINES_MAX || lines->is_ended;
    }
    if (bytes.ptr[at] == '\n' || bytes.ptr[at] == '\r') {
        return true;
    }
    switch (array_begins(bytes, lines->is_ended)) {
    case ARRAY_UNKNOWN:
        return false;
    case ARRAY_IS_NONE:
        lines->form = LINES_PLAIN;
        break;
    case ARRAY_IS_ONE:
        read_in_parts(lines);
        break;
    }
    return true;
}

// At the end of the bytes. A bracket between lines that begins no whole array is
// returned, so that it is counted.
static bool
return_bracket(struct lines *lines, struct lines_message *ret_message)
{
    static const char bracket[1 + LINES_PADDING] = "[";
    if (!lines->is_behind_lines || !lines_is_open(lines)) {
        return false;
    }
    lines->is_behind_lines = false;
    *ret_message =
        (struct lines_message){SLICE_NONE, {bracket, 1}, lines->number, false};
    return true;
}

// True if there is a message. False when more bytes are needed, or the array is over
// (the form is unknown then).
static bool
take_element(struct lines *lines, struct lines_message *ret_message)
{
    struct array_step step;
    do {
        struct slice bytes = {lines->buffer + lines->cursor,
                              lines->end - lines->cursor};
        array_next(&lines->array, bytes, lines->is_ended, &step);
        *ret_message = (struct lines_message){SLICE_NONE, step.element,
                                              lines->number + step.lines_before,
                                              step.found == ARRAY_CUT};
        lines->cursor += step.used;
        lines->scanned = lines->cursor;
        lines->metrics->too_long += step.found == ARRAY_LONG;
        lines->metrics->unread_bytes += step.missed;
        count_lines(lines, step.lines);
    } while (step.found == ARRAY_LONG);
    if (step.found == ARRAY_OVER) {
        // The line that begins here is counted when it is read.
        lines->form = LINES_UNKNOWN;
        lines->is_behind_lines = false;
        lines->is_started = false;
        lines->number--;
        lines->metrics->lines--;
    }
    if (step.found == ARRAY_NONE && lines->is_ended) {
        return return_bracket(lines, ret_message);
    }
    return step.found == ARRAY_ELEMENT || step.found == ARRAY_CUT;
}

// At the start of a line, while the form is not plain lines. True if the result is
// decided: *ret_is_message.
static bool
take_other(struct lines *lines, struct lines_message *ret_message, bool *ret_is_message)
{
    *ret_is_message = false;
    do {
        if (!lines->is_started && !skip_mark(lines)) {
            return true;
        }
        if (lines->form == LINES_UNKNOWN && !find_form(lines)) {
            return true;
        }
        if (lines->form != LINES_ARRAY) {
            return false;
        }
        *ret_is_message = take_element(lines, ret_message);
    } while (!*ret_is_message && lines->form == LINES_UNKNOWN);
    return true;
}

// True if a line without end is processed: it is too long, or the last one. The last of
// one byte too many may be the CR of the line end.
static bool
is_last(const struct lines *lines, struct slice line)
{
    return line.len > LINES_MAX + 1 || (lines->is_ended && line.len > 0);
}

// No line end was found. True if there is a message.
static bool
take_rest(struct lines *lines, struct lines_message *ret_message)
{
    lines->scanned = lines->end;
    struct slice rest = {lines->buffer + lines->cursor, lines->end - lines->cursor};
    if (lines->is_skipping) {
        lines->cursor = lines->end;
    } else if (is_last(lines, rest)) {
        lines->is_skipping = rest.len > LINES_MAX + 1;
        if (take_line(lines, begin_line(lines, lines->end, lines->end), ret_message)) {
            ret_message->is_cut = true;
            return true;
        }
    }
    if (lines->is_ended && lines->is_event && close_event(lines, ret_message)) {
        ret_message->is_cut = true;
        return true;
    }
    return false;
}

static void
pass_feed(struct lines *lines)
{
    bool has_feed = is_before_feed(lines);
    lines->is_after_return = lines->is_after_return && lines->cursor == lines->end;
    if (has_feed) {
        lines->cursor++;
        lines->scanned = lines->cursor;
    }
}

bool
lines_next(struct lines *lines, struct lines_message *ret_message)
{
    bool is_message;
    for (;;) {
        pass_feed(lines);
        if (lines->form != LINES_PLAIN && take_other(lines, ret_message, &is_message)) {
            return is_message;
        }
        const char *found = find_end(lines);
        size_t end = found != NULL ? (size_t)(found - lines->buffer) : lines->end;
        struct slice line = {lines->buffer + lines->cursor, end - lines->cursor};
        if ((found != NULL || is_last(lines, line)) && split_line(lines, line)) {
            continue;
        }
        if (found == NULL) {
            return take_rest(lines, ret_message);
        }
        lines->is_after_return = *found == '\r';
        if (lines->is_skipping) {
            lines->is_skipping = false;
            lines->cursor = lines->scanned = end + 1;
        } else if (take_line(lines, begin_line(lines, end, end + 1), ret_message)) {
            return true;
        }
    }
}
