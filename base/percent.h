// Percent-encoding of one piece of a path (RFC 3986).
#pragma once

#include "base/buffer.h"
#include "base/slice.h"

// Appends the bytes: letters, digits and "-._~" as they are, all others as %XX.
void percent_put(struct buffer *out, struct slice bytes);
