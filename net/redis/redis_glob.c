#include "net/redis/redis_glob.h"

static char *
put(char *out, struct slice text)
{
    static const struct slice special = {"*?[]\\^-", 7};
    for (size_t i = 0; i < text.len; i++) {
        if (memchr(special.ptr, text.ptr[i], special.len) != NULL) {
            *out++ = '\\';
        }
        *out++ = text.ptr[i];
    }
    return out;
}

void
redis_glob_begin(char *pattern, struct slice prefix, struct slice head)
{
    char *end = put(put(pattern, prefix), head);
    end[0] = '*';
    end[1] = '\0';
}
