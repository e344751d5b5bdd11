#include "ingest/frames/array_lost.h"

#include <string.h>

#include "ingest/json/json.h"

enum { SPACES_MAX = 64 }; // between the ']' and the line end that shows that it is one

void
array_lost_begin(struct array *array, char c)
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

void
array_lost_follow(struct array *array, char c)
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
    array->before = array_is_space(c) ? array->before : c;
}

// Checks if the ']' at the start of `rest` ends the array.
static enum array_sight
sees_end(const struct array *array, struct slice rest, bool is_all)
{
    if (array->depth == 0 && !array->is_string) {
        return ARRAY_SIGHT_THERE;
    }
    if (array->is_margin && (array->indent == SIZE_MAX || array->indent == 0)) {
        return array->column == 0 ? ARRAY_SIGHT_THERE : ARRAY_SIGHT_NOTHING;
    }
    if (array->indent != SIZE_MAX) {
        return array->is_margin && array->column < array->indent ? ARRAY_SIGHT_THERE
                                                                 : ARRAY_SIGHT_NOTHING;
    }
    size_t at = 1;
    while (at < rest.len && at < SPACES_MAX && array_is_space(rest.ptr[at]) &&
           rest.ptr[at] != '\n') {
        at++;
    }
    if (at == rest.len) {
        return is_all ? ARRAY_SIGHT_THERE : ARRAY_SIGHT_UNKNOWN;
    }
    return rest.ptr[at] == '\n' ? ARRAY_SIGHT_THERE : ARRAY_SIGHT_NOTHING;
}

// True if an object that begins here is no part of the broken one: all brackets are
// closed, or a bracket precedes within an object, where a key has to be.
static bool
is_behind(const struct array *array)
{
    bool is_closed = array->before == '}' || array->before == ']';
    return !array->is_string &&
           (array->depth == 0 || (is_closed && is_within_object(array)));
}

// Checks if the byte at the start of `rest` begins the next element.
static enum array_sight
sees_element(const struct array *array, struct slice rest, bool is_all)
{
    size_t wanted = array->indent != SIZE_MAX ? array->indent : 0;
    bool is_object = rest.ptr[0] == '{';
    if (is_object && array->is_margin && array->column == wanted) {
        return ARRAY_SIGHT_THERE;
    }
    if (array->level == 0 && is_behind(array) &&
        (is_object || (array->depth == 0 && rest.ptr[0] == '['))) {
        return ARRAY_SIGHT_THERE;
    }
    if (array->before != ',') {
        return ARRAY_SIGHT_NOTHING;
    }
    bool is_closed = array->depth == 0 || (is_object && is_within_object(array));
    if (is_closed && !array->is_string && rest.ptr[0] != '"') {
        return ARRAY_SIGHT_THERE;
    }
    if (array->indent != SIZE_MAX || array->key_len == 0) {
        return ARRAY_SIGHT_NOTHING;
    }
    size_t len = rest.len < array->key_len ? rest.len : array->key_len;
    if (memcmp(rest.ptr, array->key, len) != 0) {
        return ARRAY_SIGHT_NOTHING;
    }
    return len == array->key_len ? ARRAY_SIGHT_THERE
           : is_all              ? ARRAY_SIGHT_NOTHING
                                 : ARRAY_SIGHT_UNKNOWN;
}

enum array_sight
array_lost_look(const struct array *array, struct slice rest, bool is_all)
{
    if (array_is_gap(rest.ptr[0])) {
        return ARRAY_SIGHT_NOTHING;
    }
    return rest.ptr[0] == ']' ? sees_end(array, rest, is_all)
                              : sees_element(array, rest, is_all);
}
