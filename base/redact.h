// Repeats a user's input in a message, to help find the mistake, but never an address
// that may contain a password or a token, however malformed.
#pragma once

#include "base/slice.h"

enum { REDACT_MAX = 512 };

// The text, cut to REDACT_MAX - 1 bytes; or "(an address)" in its place if it contains
// "://", or ":" and later "@". Returns shown.
const char *redact(struct slice text, char shown[REDACT_MAX]);

// The same for a path to a file that cannot be used, for that reason (an errno). Users
// sometimes give a secret in place of the path of its file, so a name is not shown if
// there is no such file. Returns shown.
const char *redact_path(const char *path, int reason, char shown[REDACT_MAX]);
