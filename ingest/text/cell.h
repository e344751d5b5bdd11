// A cell: untrusted text made safe for a terminal.
//
// What others wrote is printed to a terminal through this module. Characters that
// control a terminal or hide parts of a line are removed: C0 and C1 controls, bidi
// controls, zero-width and other ignorable characters, noncharacters, more than two
// marks on one letter. Bytes that are not UTF-8 become U+FFFD; a run of white space
// becomes one space. Widths are columns as given by wcwidth(3) in the C.UTF-8 locale.
#pragma once

#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"

enum cell_align { CELL_LEFT, CELL_RIGHT };

// Sets the locale that determines the widths. Returns 0, or -1 if the system lacks it.
int cell_init(void);

// Appends `text` cut to at most `width` columns; a cut is shown as "…". Returns the
// columns used. Borrows text.
size_t cell_put(struct buffer *out, struct slice text, size_t width);

// The same, padded with spaces to exactly `width` columns.
void cell_put_aligned(struct buffer *out, struct slice text, size_t width,
                      enum cell_align align);

void cell_fill(struct buffer *out, size_t columns); // spaces

// "1234567" as "1,234,567"; a text that is not a whole number is not changed. Returns
// text or `number`; borrows number.
enum { CELL_NUMBER_MAX = 48 };
struct slice cell_number(struct slice number, char text[CELL_NUMBER_MAX]);
