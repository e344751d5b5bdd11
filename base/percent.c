#include "base/percent.h"

#include <stdbool.h>

void
percent_put(struct buffer *out, struct slice bytes)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char byte = (unsigned char)bytes.ptr[i];
        char lower = slice_lower(bytes.ptr[i]);
        bool is_plain = (lower >= 'a' && lower <= 'z') ||
                        (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' ||
                        byte == '_' || byte == '~';
        if (is_plain) {
            buffer_append_byte(out, bytes.ptr[i]);
        } else {
            const char code[] = {'%', digits[byte >> 4], digits[byte & 15]};
            buffer_append(out, (struct slice){code, sizeof(code)});
        }
    }
}
