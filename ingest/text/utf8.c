#include "ingest/text/utf8.h"

#include <utf8proc.h>

enum { REPLACEMENT = 0xfffd };

struct utf8_char
utf8_at(struct slice text, size_t at)
{
    if (at >= text.len) {
        return (struct utf8_char){0, 0};
    }
    unsigned char first = (unsigned char)text.ptr[at];
    if (first < 0x80) {
        return (struct utf8_char){first, 1};
    }
    size_t rest = text.len - at;
    utf8proc_int32_t code;
    utf8proc_ssize_t size =
        utf8proc_iterate((const utf8proc_uint8_t *)text.ptr + at,
                         rest < 4 ? (utf8proc_ssize_t)rest : 4, &code);
    if (size <= 0) {
        return (struct utf8_char){0, 1};
    }
    return (struct utf8_char){(uint32_t)code, (size_t)size};
}

struct utf8_char
utf8_before(struct slice text, size_t at)
{
    if (at == 0) {
        return (struct utf8_char){0, 0};
    }
    for (size_t size = 1; size <= 4 && size <= at; size++) {
        if (((unsigned char)text.ptr[at - size] & 0xc0) != 0x80) {
            struct utf8_char c = utf8_at(text, at - size);
            return c.size == size ? c : (struct utf8_char){0, 1};
        }
    }
    return (struct utf8_char){0, 1};
}

size_t
utf8_put(char *out, uint32_t code)
{
    utf8proc_int32_t valid = REPLACEMENT;
    if (code <= 0x10ffff && utf8proc_codepoint_valid((utf8proc_int32_t)code)) {
        valid = (utf8proc_int32_t)code;
    }
    return (size_t)utf8proc_encode_char(valid, (utf8proc_uint8_t *)out);
}
