#include "ingest/text/word_form.h"

#include <string.h>

#include "ingest/text/text.h"
#include "ingest/text/utf8.h"

bool
word_form_is_space(uint32_t code)
{
    return (code >= 0x09 && code <= 0x0d) || code == ' ' || code == 0x85 ||
           code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
           code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f ||
           code == 0x3000;
}

// Copies the text with each run of white space as one space; returns its length.
static size_t
put_spaced(struct slice text, char *out)
{
    size_t len = 0;
    bool is_behind_space = false;
    for (size_t at = 0; at < text.len;) {
        unsigned char byte = (unsigned char)text.ptr[at];
        struct utf8_char c =
            byte < 0x80 ? (struct utf8_char){byte, 1} : utf8_at(text, at);
        bool is_blank = word_form_is_space(c.code);
        if (!is_blank) {
            memcpy(out + len, text.ptr + at, c.size);
            len += c.size;
        } else if (!is_behind_space) {
            out[len++] = ' ';
        }
        is_behind_space = is_blank;
        at += c.size;
    }
    return len;
}

// The same for a text of ASCII alone, which is brought into lower case as well; false
// if it is not one.
static bool
put_ascii(struct slice text, char *out, size_t *ret_len)
{
    size_t len = 0;
    bool is_behind_space = false;
    for (size_t at = 0; at < text.len; at++) {
        unsigned char c = (unsigned char)text.ptr[at];
        if (c >= 0x80) {
            return false;
        }
        bool is_blank = c == ' ' || (c >= 0x09 && c <= 0x0d);
        if (!is_blank || !is_behind_space) {
            out[len++] = is_blank ? ' ' : slice_lower((char)c);
        }
        is_behind_space = is_blank;
    }
    *ret_len = len;
    return true;
}

struct slice
word_form(struct arena *arena, struct slice text)
{
    size_t len = 0;
    char *out = arena_alloc(arena, text.len + 1, 1);
    if (out == NULL) {
        return SLICE_NONE;
    }
    if (put_ascii(text, out, &len)) {
        return (struct slice){out, len};
    }
    struct slice folded = text_fold(arena, text);
    out = arena_alloc(arena, folded.len + 1, 1);
    if (slice_is_none(folded) || out == NULL) {
        return SLICE_NONE;
    }
    return (struct slice){out, put_spaced(folded, out)};
}
