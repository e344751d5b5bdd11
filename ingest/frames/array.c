#include "ingest/frames/array.h"

#include <string.h>

#include "ingest/json/json.h"

enum {
    SPACES_MAX = 64, // between an element and the text that shows that it is one
    LOOK_MAX = ARRAY_ELEMENT_MAX + 1,
};

enum scan { SCAN_OPEN, SCAN_CLOSED, SCAN_BROKEN };

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_gap(char c)
{
    return is_space(c) || c == ',';
}

static size_t
skip_spaces(struct slice bytes, size_t at)
{
    while (at < bytes.len && is_space(bytes.ptr[at])) {
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
    *array = (struct array){.place = ARRAY_BETWEEN};
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
        array->is_margin = is_gap(*at);
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
        if (is_space(c)) {
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

bool
array_is_whole(struct slice text)
{
    struct array array = {.place = ARRAY_BETWEEN};
    size_t at = skip_spaces(text, 0);
    if (at == text.len) {
        return false;
    }
    begin(&array, text.ptr[at]);
    array.looked = at;
    return array.place == ARRAY_WITHIN && scan_element(&array, text) == SCAN_CLOSED;
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

// Gives up the element that begins with `c`. The bytes after that are searched for the
// next one.
static void
lose(struct array *array, char c)
{
    bool is_open = c == '{' || c == '[';
    array->place = ARRAY_LOST;
    array->before = is_open ? c : '\0';
    array->depth = is_open ? 1 : 0;
    array->objects = c == '{';
    array->is_string = false;
    array->is_escape = false;
    array->missed = 0;
}

// True if there is something to return, or more bytes are needed.
static bool
go_within(struct array *array, struct slice pending, bool is_all,
          struct array_step *step)
{
    struct slice rest = rest_of(pending, step);
    struct slice text = {rest.ptr, rest.len < LOOK_MAX ? rest.len : LOOK_MAX};
    enum scan scan = scan_element(array, text);
    if (scan == SCAN_BROKEN) {
        hand_out(array, pending, 1, step);
        step->element.len = array->looked;
        step->found = ARRAY_ELEMENT;
        learn_key(array, text);
        lose(array, text.ptr[0]);
        return true;
    }
    if (array->looked > ARRAY_ELEMENT_MAX) {
        use(array, pending, 1, step);
        step->found = ARRAY_LONG;
        learn_key(array, text);
        lose(array, text.ptr[0]);
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

static bool
go_behind(struct array *array, struct slice pending, bool is_all,
          struct array_step *step)
{
    struct slice rest = rest_of(pending, step);
    size_t at = array->looked;
    size_t most = array->closed + SPACES_MAX;
    while (at < rest.len && at < most && is_space(rest.ptr[at]) &&
           rest.ptr[at] != '\n') {
        at++;
    }
    array->looked = at;
    if (at == rest.len && at < most && !is_all) {
        return true;
    }
    char next = at == rest.len || at == most ? '\n' : rest.ptr[at];
    if (next != '\n' && next != ',' && next != ']' && next != '{' && next != '[') {
        array->place = ARRAY_OTHER; // it has a tail, and is refused with it
        return false;
    }
    learn_key(array, rest);
    hand_out(array, pending, array->closed, step);
    step->found = ARRAY_ELEMENT;
    array->place = ARRAY_BETWEEN;
    return true;
}

static bool
go_other(struct array *array, struct slice pending, bool is_all,
         struct array_step *step)
{
    struct slice rest = rest_of(pending, step);
    size_t at = array->looked;
    while (at < rest.len && at < LOOK_MAX && rest.ptr[at] != ',' &&
           rest.ptr[at] != ']' && rest.ptr[at] != '\n') {
        at++;
    }
    array->looked = at;
    if (at > ARRAY_ELEMENT_MAX) {
        use(array, pending, at, step);
        step->found = ARRAY_LONG;
        lose(array, '\0');
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

static bool
go_between(struct array *array, struct slice pending, struct array_step *step)
{
    struct slice rest = rest_of(pending, step);
    size_t at = 0;
    while (at < rest.len && is_gap(rest.ptr[at])) {
        at++;
    }
    use(array, pending, at, step);
    if (at == rest.len) {
        return true;
    }
    if (rest.ptr[at] == ']') {
        use(array, pending, 1, step);
        array->place = ARRAY_CLOSED;
    } else {
        begin(array, rest.ptr[at]);
    }
    return false;
}

static bool
go_closed(struct array *array, struct slice pending, struct array_step *step)
{
    struct slice rest = rest_of(pending, step);
    size_t at = 0;
    while (at < rest.len && is_space(rest.ptr[at]) && rest.ptr[at] != '\n') {
        at++;
    }
    use(array, pending, at, step);
    if (at == rest.len) {
        return true;
    }
    char c = rest.ptr[at];
    if (c == '\n' || c == '[' || c == '{' || c == '\xef') {
        use(array, pending, c == '\n', step);
        step->found = ARRAY_OVER;
        return true;
    }
    array->place = ARRAY_BETWEEN; // that was a bracket of something broken
    return false;
}

// ── behind a broken element ────────────────────────────────────────────────

enum sight { SIGHT_NOTHING, SIGHT_THERE, SIGHT_UNKNOWN };

static bool
is_within_object(const struct array *array)
{
    return array->depth != 0 && array->depth <= JSON_DEPTH_MAX &&
           (array->objects & 1) != 0;
}

// Closes a bracket and those within it that were left open. A bracket without a partner
// is ignored. Those deeper than JSON_DEPTH_MAX are only counted.
static void
close_lost(struct array *array, bool is_object)
{
    if (array->depth > JSON_DEPTH_MAX) {
        array->depth--;
        return;
    }
    size_t depth = array->depth;
    uint64_t objects = array->objects;
    while (depth != 0 && ((objects & 1) != 0) != is_object) {
        objects >>= 1;
        depth--;
    }
    if (depth != 0) {
        array->objects = objects >> 1;
        array->depth = depth - 1;
    }
}

static void
follow_string(struct array *array, char c)
{
    bool is_over = c == '\n' || (c == '"' && !array->is_escape);
    array->is_escape = c == '\\' && !array->is_escape;
    array->is_string = !is_over;
}

// Tracks the brackets and strings of a broken element.
static void
follow(struct array *array, char c)
{
    if (array->is_string) {
        follow_string(array, c);
    } else if (c == '"') {
        array->is_string = true;
        array->is_escape = false;
    } else if (c == '{' || c == '[') {
        if (array->depth < JSON_DEPTH_MAX) {
            array->objects = array->objects << 1 | (c == '{');
        }
        array->depth++;
    } else if (c == '}' || c == ']') {
        close_lost(array, c == '}');
    }
    array->before = is_space(c) ? array->before : c;
}

// Checks if the ']' at the start of `rest` ends the array.
static enum sight
sees_end(const struct array *array, struct slice rest, bool is_all)
{
    if (array->depth == 0 && !array->is_string) {
        return SIGHT_THERE;
    }
    if (array->is_margin && (array->indent == SIZE_MAX || array->indent == 0)) {
        return array->column == 0 ? SIGHT_THERE : SIGHT_NOTHING;
    }
    if (array->indent != SIZE_MAX) {
        return array->is_margin && array->column < array->indent ? SIGHT_THERE
                                                                 : SIGHT_NOTHING;
    }
    size_t at = 1;
    while (at < rest.len && at < SPACES_MAX && is_space(rest.ptr[at]) &&
           rest.ptr[at] != '\n') {
        at++;
    }
    if (at == rest.len) {
        return is_all ? SIGHT_THERE : SIGHT_UNKNOWN;
    }
    return rest.ptr[at] == '\n' ? SIGHT_THERE : SIGHT_NOTHING;
}

// Checks if the byte at the start of `rest` begins the next element.
static enum sight
sees_element(const struct array *array, struct slice rest, bool is_all)
{
    size_t wanted = array->indent != SIZE_MAX ? array->indent : 0;
    bool is_object = rest.ptr[0] == '{';
    if (is_object && array->is_margin && array->column == wanted) {
        return SIGHT_THERE;
    }
    if (array->before != ',') {
        return SIGHT_NOTHING;
    }
    bool is_closed = array->depth == 0 || (is_object && is_within_object(array));
    if (is_closed && !array->is_string && rest.ptr[0] != '"') {
        return SIGHT_THERE;
    }
    if (array->indent != SIZE_MAX || array->key_len == 0) {
        return SIGHT_NOTHING;
    }
    size_t len = rest.len < array->key_len ? rest.len : array->key_len;
    if (memcmp(rest.ptr, array->key, len) != 0) {
        return SIGHT_NOTHING;
    }
    return len == array->key_len ? SIGHT_THERE : is_all ? SIGHT_NOTHING : SIGHT_UNKNOWN;
}

static enum sight
look(const struct array *array, struct slice rest, bool is_all)
{
    if (is_gap(rest.ptr[0])) {
        return SIGHT_NOTHING;
    }
    return rest.ptr[0] == ']' ? sees_end(array, rest, is_all)
                              : sees_element(array, rest, is_all);
}

static bool
go_lost(struct array *array, struct slice pending, bool is_all, struct array_step *step)
{
    while (step->used < pending.len) {
        struct slice rest = rest_of(pending, step);
        char c = rest.ptr[0];
        enum sight sight = look(array, rest, is_all);
        if (sight == SIGHT_THERE) {
            if (c == ']' && array->depth != 0) {
                step->missed += array->missed;
            }
            array->place = ARRAY_BETWEEN;
            return false;
        }
        if (sight == SIGHT_UNKNOWN) {
            return true;
        }
        array->missed += array->missed != 0 || (c == '{' && array->before == ',');
        follow(array, c);
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
            is_done = go_between(array, pending, ret_step);
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
        case ARRAY_CLOSED:
            is_done = go_closed(array, pending, ret_step);
            break;
        }
    }
}
