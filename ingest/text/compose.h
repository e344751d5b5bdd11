// Unicode's composed form (NFC).
#pragma once

#include "base/arena.h"
#include "base/slice.h"

// A character with more marks than this stays as it is: sorting marks takes time that
// grows with the square of their number.
enum { COMPOSE_MARKS_MAX = 64 };

// Borrows text. Returns the text itself if it is surely composed, else a slice in the
// arena; SLICE_NONE beyond the arena's limit. Text that is not UTF-8 stays as it is.
struct slice compose_text(struct arena *arena, struct slice text);
