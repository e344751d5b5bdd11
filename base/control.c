#include "base/control.h"

#include <stdbool.h>
#include <stdint.h>

// U+2000 to U+207F begin with these two bytes; the third determines the character.
static bool
is_separator_or_bidi(unsigned char second, unsigned char third)
{
    if (second == 0x80) {
        return third == 0x8e || third == 0x8f || (third >= 0xa8 && third <= 0xae);
    }
    return second == 0x81 && third >= 0xa6 && third <= 0xa9;
}

size_t
control_length(struct slice text)
{
    const unsigned char *byte = (const unsigned char *)text.ptr;
    if (text.len == 0) {
        return 0;
    }
    if (byte[0] < 0x20 || byte[0] == 0x7f) {
        return 1;
    }
    if (text.len >= 2 && byte[0] == 0xc2 && byte[1] >= 0x80 && byte[1] <= 0x9f) {
        return 2;
    }
    if (text.len >= 2 && byte[0] == 0xd8 && byte[1] == 0x9c) {
        return 2; // U+061C
    }
    bool is_three = text.len >= 3 && byte[0] == 0xe2;
    return is_three && is_separator_or_bidi(byte[1], byte[2]) ? 3 : 0;
}

size_t
control_utf8(struct slice text)
{
    const unsigned char *byte = (const unsigned char *)text.ptr;
    if (text.len == 0) {
        return 0;
    }
    static const unsigned char least[] = {0, 0, 0x80, 0xa0, 0x90};
    size_t size = byte[0] < 0x80                       ? 1
                  : byte[0] >= 0xc2 && byte[0] <= 0xdf ? 2
                  : byte[0] >= 0xe0 && byte[0] <= 0xef ? 3
                  : byte[0] >= 0xf0 && byte[0] <= 0xf4 ? 4
                                                       : 0;
    for (size_t i = 1; i < size; i++) {
        if (i >= text.len || (byte[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool is_overlong = (byte[0] == 0xe0 || byte[0] == 0xf0) && byte[1] < least[size];
    bool is_surrogate = byte[0] == 0xed && byte[1] > 0x9f;
    bool is_beyond = byte[0] == 0xf4 && byte[1] > 0x8f;
    return is_overlong || is_surrogate || is_beyond ? 0 : size;
}
