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
