// Makes the tokens of a message findable although some of its bytes are not allowed in
// JSON, so that only the parts that contain these bytes are lost. Pure.
#pragma once

#include <stddef.h>

#include "base/slice.h"

#ifdef __cplusplus
extern "C" {
#endif

// Copies the message to `out`, which has room for its length. Each byte that is not
// part of a character of UTF-8, and each control character within a string, is replaced
// by one '?'. Returns how many were replaced.
size_t json_mend(struct slice message, char *out);

// The number of bytes of `part` that were replaced in `mended`, its copy, and the place
// of the first one, `part.len` if there is none.
size_t json_mend_count(struct slice part, const char *mended);
size_t json_mend_find(struct slice part, const char *mended);

#ifdef __cplusplus
}
#endif
