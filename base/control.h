// Characters that control how text is displayed and are invisible: the controls C0, DEL
// and C1, the separators of lines and paragraphs, and the controls of writing direction
// (Unicode's Bidi_Control). Text from posts must not pass them to a terminal, a log or
// a chat.
#pragma once

#include <stddef.h>

#include "base/slice.h"

// How many bytes at the start of the text are one of them, in UTF-8; 0: none.
size_t control_length(struct slice text);

// How many bytes the character at the start of the text has; 0: it is no UTF-8 there.
size_t control_utf8(struct slice text);
