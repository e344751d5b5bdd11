#include "ingest/json/json_mend.h"

#include <stdbool.h>
#include <string.h>

#include "ingest/text/utf8.h"

enum { REPLACEMENT = '?', FIRST_PRINTABLE = 0x20, FIRST_OF_MANY = 0x80 };

// The bytes of the character at `at`, or 0 if it is to be replaced.
static size_t
size_of(struct slice message, size_t at, bool is_string)
{
    unsigned char first = (unsigned char)message.ptr[at];
    if (first < FIRST_OF_MANY) {
        return !is_string || first >= FIRST_PRINTABLE;
    }
    struct utf8_char c = utf8_at(message, at);
    return c.code >= FIRST_OF_MANY ? c.size : 0;
}

size_t
json_mend(struct slice message, char *out)
{
    size_t replaced = 0;
    bool is_string = false;
    bool is_escape = false;
    for (size_t at = 0; at < message.len;) {
        size_t size = size_of(message, at, is_string);
        if (size == 0) {
            out[at++] = REPLACEMENT;
            replaced++;
            is_escape = false;
            continue;
        }
        memcpy(out + at, message.ptr + at, size);
        char c = message.ptr[at];
        is_string = is_string != (c == '"' && !is_escape);
        is_escape = c == '\\' && !is_escape;
        at += size;
    }
    return replaced;
}

size_t
json_mend_count(struct slice part, const char *mended)
{
    size_t count = 0;
    for (size_t i = 0; i < part.len; i++) {
        count += part.ptr[i] != mended[i];
    }
    return count;
}

size_t
json_mend_find(struct slice part, const char *mended)
{
    size_t at = 0;
    while (at < part.len && part.ptr[at] == mended[at]) {
        at++;
    }
    return at;
}
