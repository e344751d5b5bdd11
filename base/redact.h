// What a message repeats of a user's input, so that he finds his mistake: never an
// address that may hold a password or a token, however malformed.
#pragma once

#include "base/slice.h"

enum { REDACT_MAX = 512 };

// The text, cut to REDACT_MAX - 1 bytes; or "(an address)" in its place if it holds
// "://", or ":" and later "@". Returns shown.
const char *redact(struct slice text, char shown[REDACT_MAX]);

// The same of a path to a file that cannot be used, for that reason (an errno). People
// give a secret in place of the path of its file, so a name is not shown if there is no
// such file. Returns shown.
const char *redact_path(const char *path, int reason, char shown[REDACT_MAX]);
