// A cell: text from strangers made fit for a terminal.
//
// Everything that comes from Redis passes here on its way out. What could steer a
// terminal or make a line read other than it is stored never gets through: C0 and C1
// controls, bidi controls, zero-width and other ignorable characters, noncharacters,
// more than two marks on one letter. Bytes that are not UTF-8 become U+FFFD; a run of
// white space becomes one space. Widths are columns as wcwidth(3) of the C.UTF-8 locale
// counts them.
#pragma once

#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"

enum cell_align { CELL_LEFT, CELL_RIGHT };

// Chooses the locale that the widths are taken from. Returns 0, or -1 if the system
// lacks it.
int cell_init(void);

// Appends `text` cut to at most `width` columns, a cut shown by "…". Returns the
// columns used. Borrows text.
size_t cell_put(struct buffer *out, struct slice text, size_t width);

// The same, filled up with spaces to exactly `width` columns.
void cell_put_aligned(struct buffer *out, struct slice text, size_t width,
                      enum cell_align align);

void cell_fill(struct buffer *out, size_t columns); // spaces

// "1234567" as "1,234,567"; of anything that is not a whole number, the text as it is.
// Returns text or `number`; borrows number.
enum { CELL_NUMBER_MAX = 48 };
struct slice cell_number(struct slice number, char text[CELL_NUMBER_MAX]);
