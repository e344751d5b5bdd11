#include "ingest/frames/array.h"

#include <string.h>

#include "ingest/frames/array_lost.h"
#include "ingest/json/json.h"

enum {
    SPACES_MAX = 64, // between an element and the text that shows that it is one
    LOOK_MAX = ARRAY_ELEMENT_MAX + 1,
    MARK_LEN = 3, // a byte order mark
};

enum scan { SCAN_OPEN, SCAN_CLOSED, SCAN_BROKEN };

static size_t
skip_spaces(struct slice bytes, size_t at)
{
    while (at < bytes.len && array_is_space(bytes.ptr[at])) {
        at++;
    }
    return at;
}

enum array_begin
array_begins(struct slice bytes, bool is_all)
{
    size_t at = skip_spaces(bytes, 0);
    if (at < bytes.len && bytes.ptr[at] != '[') {
        return ARRAY_IS_NONE;
    }
    at = skip_spaces(bytes, at + 1);
    if (at < bytes.len) {
        char c = bytes.ptr[at];
        return c == '{' || c == '[' || c == ']' ? ARRAY_IS_ONE : ARRAY_IS_NONE;
    }
    return is_all || at > ARRAY_ELEMENT_MAX ? ARRAY_IS_NONE : ARRAY_UNKNOWN;
}

void
array_reset(struct array *array)
{
    *array = (struct array){.place = ARRAY_BETWEEN, .level = 1};
}

void
array_reset_documents(struct array *array, bool is_flat)
{
    *array = (struct array){.place = ARRAY_BETWEEN, .is_flat = is_flat};
}

// ── consumed bytes ─────────────────────────────────────────────────────────

static struct slice
rest_of(struct slice pending, const struct array_step *step)
{
    return (struct slice){pending.ptr + step->used, pending.len - step->used};
}

// Consumes the first `size` of the remaining bytes.
static void
use(struct array *array, struct slice pending, size_t size, struct array_step *step)
{
    const char *at = pending.ptr + step->used;
    const char *end = at + size;
    const char *feed;
    while (size != 0 && (feed = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        step->lines++;
        array->column = 0;
        array->is_margin = true;
        at = feed + 1;
    }
    array->column += (size_t)(end - at);
    for (; array->is_margin && at < end; at++) {
        array->is_margin = array_is_gap(*at);
    }
    step->used += size;
}

static void
hand_out(struct array *array, struct slice pending, size_t size,
         struct array_step *step)
{
    step->element = (struct slice){pending.ptr + step->used, size};
    step->lines_before = step->lines;
    use(array, pending, size, step);
}

// ── an element ─────────────────────────────────────────────────────────────

// True if c may follow the byte before it. Checks only what shows early that a quote or
// a bracket is missing.
static bool
may_follow(const struct array *array, char c)
{
    char before = array->before;
    if (before == '"') {
        return c == ',' || c == ':' || c == '}' || c == ']';
    }
    if (c == '"') {
        return before == '{' || before == '[' || before == ',' || before == ':';
    }
    if ((c == '{' || c == '[') && array->depth != 0) {
        bool is_object = (array->objects & 1) != 0;
        return is_object ? before == ':' : before == '[' || before == ',';
    }
    return c != ':';
}

static enum scan
take_bracket(struct array *array, char c)
{
    if (c == '{' || c == '[') {
        if (array->depth == JSON_DEPTH_MAX) {
            return SCAN_BROKEN;
        }
        array->depth++;
        array->objects = array->objects << 1 | (c == '{');
        return SCAN_OPEN;
    }
    if ((array->objects & 1) != (c == '}')) {
        return SCAN_BROKEN;
    }
    array->objects >>= 1;
    array->depth--;
    return array->depth == 0 ? SCAN_CLOSED : SCAN_OPEN;
}

// Continues within a string. False if it contains a line end, which JSON forbids.
static bool
scan_string(struct array *array, struct slice text)
{
    size_t at = array->looked;
    while (array->is_string && at < text.len) {
        char c = text.ptr[at++];
        if (array->is_escape) {
            array->is_escape = false;
        } else if (c == '\\') {
            array->is_escape = true;
        } else if (c == '"') {
            array->is_string = false;
        } else if (c == '\n') {
            array->looked = at;
            return false;
        }
    }
    array->looked = at;
    return true;
}

static enum scan
scan_element(struct array *array, struct slice text)
{
    enum scan scan = SCAN_OPEN;
    while (array->looked < text.len && scan == SCAN_OPEN) {
        if (array->is_string) {
            scan = scan_string(array, text) ? SCAN_OPEN : SCAN_BROKEN;
            continue;
        }
        char c = text.ptr[array->looked++];
        if (array_is_space(c)) {
            continue;
        }
        if (!may_follow(array, c)) {
            return SCAN_BROKEN;
        }
        if (c == '{' || c == '[' || c == '}' || c == ']') {
            scan = take_bracket(array, c);
        }
        array->is_string = c == '"';
        array->before = c;
    }
    return scan;
}

static void
begin(struct array *array, char c)
{
    array->place = c == '{' || c == '[' ? ARRAY_WITHIN : ARRAY_OTHER;
    array->indent = array->is_margin ? array->column : SIZE_MAX;
    array->looked = 0;
    array->depth = 0;
    array->objects = 0;
    array->before = '\0';
    array->is_string = false;
    array->is_escape = false;
}

// Continues within the array that begins here.
static void
descend(struct array *array, struct slice pending, struct array_step *step)
{
    use(array, pending, 1, step);
    array->place = ARRAY_BETWEEN;
    array->key_len = array->level != 0 ? array->key_len : 0;
    array->level++;
}

// Learns how elements begin from the first one that has a key: it is at the start of
// `text`, and `looked` of its bytes were read.
static void
learn_key(struct array *array, struct slice text)
{
    if (array->key_len != 0) {
        return;
    }
    size_t most = array->looked < ARRAY_KEY_MAX ? array->looked : ARRAY_KEY_MAX;
    struct slice head = {text.ptr, text.len < most ? text.len : most};
    const char *open = head.len != 0 ? memchr(head.ptr, '"', head.len) : NULL;
    const char *end =
        open == NULL ? NULL
                     : memchr(open + 1, '"', head.len - (size_t)(open + 1 - head.ptr));
    array->key_len = end != NULL ? (size_t)(end + 1 - head.ptr) : 0;
    memcpy(array->key, head.ptr, array->key_len);
}

// True if there is something to return, or more bytes are needed.
static bool
go_within(struct array *array, struct slice pending, bool is_all,
          struct array_step *step)
{
    struct slice rest = rest_of(pending, step);
    struct slice text = {rest.ptr, rest.len < LOOK_MAX ? rest.len : LOOK_MAX};
    enum scan scan = scan_element(array, text);
    char last = array->looked != 0 ? text.ptr[array->looked - 1] : '\0';
    bool is_deep = scan == SCAN_BROKEN && array->depth == JSON_DEPTH_MAX &&
                   (last == '{' || last == '[');
    bool is_over = scan == SCAN_BROKEN || array->looked > ARRAY_ELEMENT_MAX;
    if (is_over && !is_deep && text.ptr[0] == '[' && array->level < JSON_DEPTH_MAX) {
        descend(array, pending, step);
        return false;
    }
    if (scan == SCAN_BROKEN) {
        hand_out(array, pending, 1, step);
        step->element.len = array->looked;
        step->found = ARRAY_ELEMENT;
        step->is_deep = is_deep;
        learn_key(array, text);
        array_lost_begin(array, text.ptr[0]);
        return true;
    }
    if (array->looked > ARRAY_ELEMENT_MAX) {
        use(array, pending, 1, step);
        step->found = ARRAY_LONG;
        learn_key(array, text);
        array_lost_begin(array, text.ptr[0]);
        return true;
    }
    if (scan == SCAN_CLOSED) {
        array->closed = array->looked;
        array->place = ARRAY_BEHIND;
        return false;
    }
    if (is_all) {
        hand_out(array, pending, rest.len, step);
        step->found = ARRAY_CUT;
        array->place = ARRAY_BETWEEN;
    }
    return true;
}

// Checks if text that belongs to no element follows behind the brackets of this one.
static enum array_sight
sees_tail(struct array *array, struct slice rest, bool is_all)
{
    size_t at = array->looked;
    size_t most = array->closed + SPACES_MAX;
    while (at < rest.len && at < most && array_is_space(rest.ptr[at]) &&
           rest.ptr[at] != '\n') {
        at++;
    }
    array->looked = at;
    if (at == rest.len && at < most && !is_all) {
        return ARRAY_SIGHT_UNKNOWN;
    }
    char next = at == rest.len || at == most ? '\n' : rest.ptr[at];
    bool is_end =
        next == '\n' || next == ',' || next == ']' || next == '{' || next == '[';
    return is_end ? ARRAY_SIGHT_NOTHING : ARRAY_SIGHT_THERE;
}

static bool
go_behind(struct array *array, struct slice pending, bool is_all,
          struct array_step *step)
{
    struct slice rest = rest_of(pending, step);
    enum array_sight tail =
        array->level != 0 ? sees_tail(array, rest, is_all) : ARRAY_SIGHT_NOTHING;
    if (tail == ARRAY_SIGHT_UNKNOWN) {
        return true;
    }
    if (tail == ARRAY_SIGHT_THERE) {
        array->place = ARRAY_OTHER; // the element is refused with its tail
        return false;
    }
    learn_key(array, rest);
    hand_out(array, pending, array->closed, step);
    step->found = ARRAY_ELEMENT;
    array->place = ARRAY_BETWEEN;
    return true;
}

// Outside arrays the next document ends the text, unless it is the value of a key.
static bool
ends_other(struct array *array, char c)
{
    bool is_open = c == '{' || c == '[';
    bool is_end = c == ',' || c == ']' || c == '\n' ||
                  (is_open && array->level == 0 && array->before != ':');
    array->before = array_is_space(c) ? array->before : c;
    return is_end;
}

static bool
go_other(struct array *array, struct slice pending, bool is_all,
         struct array_step *step)
{
    struct slice rest = rest_of(pending, step);
    size_t at = array->looked;
    while (at < rest.len && at < LOOK_MAX && !ends_other(array, rest.ptr[at])) {
        at++;
    }
    array->looked = at;
    if (at > ARRAY_ELEMENT_MAX) {
        use(array, pending, at, step);
        step->found = ARRAY_LONG;
        array_lost_begin(array, '\0');
        return true;
    }
    if (at == rest.len && !is_all) {
        return true;
    }
    hand_out(array, pending, at, step);
    step->found = ARRAY_ELEMENT;
    array->place = ARRAY_BETWEEN;
    return true;
}

// ── between elements ───────────────────────────────────────────────────────

static void
close_array(struct array *array)
{
    array->is_continued = array->level == 0;
    array->level -= array->level != 0;
}

static void
begin_document(struct array *array, struct slice pending, struct array_step *step)
{
    char c = pending.ptr[step->used];
    array->documents += array->level == 0 && (c == '{' || c == '[');
    array->is_continued = false;
    if (c == '[' && array->level < JSON_DEPTH_MAX &&
        (array->is_flat || array->level == 0)) {
        descend(array, pending, step);
    } else {
        begin(array, c);
    }
}

// Checks for a byte order mark, which may precede a document.
static enum array_sight
sees_mark(const struct array *array, struct slice rest, bool is_all)
{
    static const char mark[MARK_LEN] = {(char)0xef, (char)0xbb, (char)0xbf};
    size_t len = rest.len < MARK_LEN ? rest.len : MARK_LEN;
    if (array->level != 0 || memcmp(rest.ptr, mark, len) != 0) {
        return ARRAY_SIGHT_NOTHING;
    }
    return len == MARK_LEN ? ARRAY_SIGHT_THERE
           : is_all        ? ARRAY_SIGHT_NOTHING
                           : ARRAY_SIGHT_UNKNOWN;
}

// Skips what is between elements. True at the end of a line outside arrays.
static bool
skip_gap(struct array *array, struct slice pending, struct array_step *step)
{
    struct slice rest = rest_of(pending, step);
    bool is_line_end = false;
    size_t at = 0;
    while (at < rest.len && array_is_gap(rest.ptr[at]) && !is_line_end) {
        array->is_continued = array->is_continued || rest.ptr[at] == ',';
        is_line_end = rest.ptr[at] == '\n' && array->level == 0 && !array->is_continued;
        at++;
    }
    use(array, pending, at, step);
    return is_line_end;
}

static bool
go_between(struct array *array, struct slice pending, bool is_all,
           struct array_step *step)
{
    if (skip_gap(array, pending, step)) {
        step->found = ARRAY_OVER;
        return true;
    }
    struct slice rest = rest_of(pending, step);
    if (rest.len == 0) {
        return true;
    }
    if (rest.ptr[0] == ']') {
        use(array, pending, 1, step);
        close_array(array);
        return false;
    }
    enum array_sight mark = sees_mark(array, rest, is_all);
    if (mark == ARRAY_SIGHT_THERE) {
        use(array, pending, MARK_LEN, step);
    } else if (mark == ARRAY_SIGHT_NOTHING) {
        begin_document(array, pending, step);
    }
    return mark == ARRAY_SIGHT_UNKNOWN;
}

// ── behind a broken element ────────────────────────────────────────────────

static bool
go_lost(struct array *array, struct slice pending, bool is_all, struct array_step *step)
{
    while (step->used < pending.len) {
        struct slice rest = rest_of(pending, step);
        char c = rest.ptr[0];
        enum array_sight sight = array_lost_look(array, rest, is_all);
        if (sight == ARRAY_SIGHT_THERE) {
            if (c == ']' && array->depth != 0) {
                step->missed += array->missed;
            }
            array->place = ARRAY_BETWEEN;
            return false;
        }
        if (sight == ARRAY_SIGHT_UNKNOWN) {
            return true;
        }
        array->missed += array->missed != 0 || (c == '{' && array->before == ',');
        array_lost_follow(array, c);
        use(array, pending, 1, step);
    }
    if (is_all) {
        step->missed += array->missed;
        array->missed = 0;
    }
    return true;
}

void
array_next(struct array *array, struct slice pending, bool is_all,
           struct array_step *ret_step)
{
    *ret_step = (struct array_step){.found = ARRAY_NONE};
    bool is_done = false;
    while (!is_done) {
        switch (array->place) {
        case ARRAY_BETWEEN:
            is_done = go_between(array, pending, is_all, ret_step);
            break;
        case ARRAY_WITHIN:
            is_done = go_within(array, pending, is_all, ret_step);
            break;
        case ARRAY_BEHIND:
            is_done = go_behind(array, pending, is_all, ret_step);
            break;
        case ARRAY_OTHER:
            is_done = go_other(array, pending, is_all, ret_step);
            break;
        case ARRAY_LOST:
            is_done = go_lost(array, pending, is_all, ret_step);
            break;
        }
    }
}

// Reads the text. True if it ends within a document.
static bool
read_all(struct array *array, struct slice text)
{
    struct array_step step;
    bool is_cut = false;
    array_reset_documents(array, true);
    do {
        array_next(array, text, true, &step);
        text = rest_of(text, &step);
        is_cut = is_cut || step.found == ARRAY_CUT;
    } while (step.found != ARRAY_NONE);
    return is_cut || array->place != ARRAY_BETWEEN || array->level != 0;
}

bool
array_is_whole(struct slice text)
{
    struct array array;
    return !read_all(&array, text);
}

bool
array_is_open(struct slice text)
{
    struct array array;
    return read_all(&array, text) && array.level != 0;
}

bool
array_is_sequence(struct slice text)
{
    struct array array;
    struct array_step step;
    array_reset_documents(&array, true);
    do {
        array_next(&array, text, true, &step);
        text = rest_of(text, &step);
    } while (step.found != ARRAY_NONE && array.documents < 2);
    return array.documents >= 2 || array.is_continued;
}
