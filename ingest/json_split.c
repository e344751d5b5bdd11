#include "ingest/json_split.h"

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

// Behind the string that begins at `at`.
static size_t
skip_string(struct slice text, size_t at)
{
    for (at++; at < text.len && text.ptr[at] != '"'; at++) {
        at += text.ptr[at] == '\\';
    }
    return at + 1;
}

// Behind the object that begins at `at`; past the end if it does not end.
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

bool
json_split(struct slice text, struct slice *elements, size_t most, size_t *ret_count)
{
    size_t count = 0;
    size_t at = skip_space(text, 0);
    if (!is_at(text, at, '[')) {
        return false;
    }
    at = skip_space(text, at + 1);
    bool is_over = is_at(text, at, ']');
    while (!is_over) {
        size_t start = at;
        if (count == most || !is_at(text, at, '{')) {
            return false;
        }
        at = skip_object(text, at);
        if (at > text.len) {
            return false;
        }
        elements[count++] = (struct slice){text.ptr + start, at - start};
        at = skip_space(text, at);
        is_over = is_at(text, at, ']');
        if (!is_over && !is_at(text, at, ',')) {
            return false;
        }
        at += !is_over;
        at = is_over ? at : skip_space(text, at);
    }
    if (skip_space(text, at + 1) != text.len) {
        return false;
    }
    *ret_count = count;
    return true;
}
