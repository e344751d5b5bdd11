// What a message repeats of a user's input, so that he finds his mistake: never an
// address that may hold a password or a token, however malformed.
#pragma once

#include "base/slice.h"

enum { REDACT_MAX = 512 };

// The text, cut to REDACT_MAX - 1 bytes; or "(an address)" in its place if it holds
// "://", or ":" and later "@". Returns shown.
const char *redact(struct slice text, char shown[REDACT_MAX]);
