// Boards drawn side by side in bands of lines.
//
// A band has up to BANDS_BOARDS_MAX boards; each takes its share of the width. The text
// in them is untrusted: it is printed through cell_put.
#pragma once

#include <stddef.h>

#include "base/buffer.h"
#include "ctl/board.h"
#include "ctl/screen.h"

enum { BANDS_BOARDS_MAX = 4 };

// A board's place in a band and its share of the width; share 0: no board.
struct bands_place {
    enum board_index board;
    size_t share;
};

struct bands {
    struct buffer *out;
    const struct screen *screen;
    const struct board_snapshot *snapshot;
};

// Appends an empty line, the titles and the first `rows` rows of the boards of a band.
// Borrows all.
void bands_put(const struct bands *bands,
               const struct bands_place places[BANDS_BOARDS_MAX], size_t rows);
