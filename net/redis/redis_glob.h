// Patterns of SCAN and KEYS, in which some characters have a meaning.
#pragma once

#include "base/slice.h"

// Writes the pattern of all keys that begin with both texts, one behind the other: at
// most twice their bytes, '*' and NUL.
void redis_glob_begin(char *pattern, struct slice prefix, struct slice head);
