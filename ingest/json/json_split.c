#include "ingest/json/json_split.h"

// Iterates over the elements.
struct walk {
    struct slice text;
    size_t at; // of the next element
    bool is_over;
    bool is_broken; // not exactly one array
};

static size_t
skip_space(struct slice text, size_t at)
{
    while (at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '\t' ||
                             text.ptr[at] == '\n' || text.ptr[at] == '\r')) {
        at++;
    }
    return at;
}

static bool
is_at(struct slice text, size_t at, char c)
{
    return at < text.len && text.ptr[at] == c;
}

// The position behind the string that begins at `at`.
static size_t
skip_string(struct slice text, size_t at)
{
    for (at++; at < text.len && text.ptr[at] != '"'; at++) {
        at += text.ptr[at] == '\\';
    }
    return at + 1;
}

// The position behind the object or array that begins at `at`; past the end if it does
// not end.
static size_t
skip_object(struct slice text, size_t at)
{
    size_t depth = 0;
    while (at < text.len) {
        char c = text.ptr[at];
        if (c == '"') {
            at = skip_string(text, at);
            continue;
        }
        at++;
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        if (depth == 0) {
            return at;
        }
    }
    return text.len + 1;
}

// The position behind the element that begins at `at`; past the end if it does not end,
// `at` if there is none.
static size_t
skip_element(struct slice text, size_t at)
{
    if (is_at(text, at, '{') || is_at(text, at, '[')) {
        return skip_object(text, at);
    }
    if (is_at(text, at, '"')) {
        return skip_string(text, at);
    }
    while (at < text.len && text.ptr[at] != ',' && text.ptr[at] != ']' &&
           text.ptr[at] != '}' && skip_space(text, at) == at) {
        at++;
    }
    return at;
}

static void
end(struct walk *walk, bool is_whole)
{
    walk->is_over = true;
    walk->is_broken =
        !is_whole || skip_space(walk->text, walk->at + 1) != walk->text.len;
}

// False if text does not begin like an array.
static bool
begin(struct walk *walk, struct slice text)
{
    size_t at = skip_space(text, 0);
    if (!is_at(text, at, '[')) {
        return false;
    }
    *walk = (struct walk){.text = text, .at = skip_space(text, at + 1)};
    if (is_at(text, walk->at, ']')) {
        end(walk, true);
    }
    return true;
}

// False after the last element, or where the array breaks off.
static bool
next(struct walk *walk, struct slice *ret_element)
{
    struct slice text = walk->text;
    size_t start = walk->at;
    if (walk->is_over) {
        return false;
    }
    size_t behind = skip_element(text, start);
    if (behind == start || behind > text.len) {
        end(walk, false);
        return false;
    }
    *ret_element = (struct slice){text.ptr + start, behind - start};
    walk->at = skip_space(text, behind);
    if (is_at(text, walk->at, ',')) {
        walk->at = skip_space(text, walk->at + 1);
    } else {
        end(walk, is_at(text, walk->at, ']'));
    }
    return true;
}

bool
json_split(struct slice text, struct slice *elements, size_t most, size_t *ret_count)
{
    struct walk walk;
    struct slice element;
    size_t count = 0;
    if (!begin(&walk, text)) {
        return false;
    }
    while (next(&walk, &element)) {
        if (count == most) {
            return false;
        }
        elements[count++] = element;
    }
    if (walk.is_broken) {
        return false;
    }
    *ret_count = count;
    return true;
}
