// The first board of the page as HTML, so that it can be read before the page's script
// runs and without one: an <ol> in <section id="first-board">.
#pragma once

#include "base/buffer.h"

struct api;

// The people of the board that the page shows first. Writes text of posts and people
// escaped.
void api_board_write(struct api *api, struct buffer *html);
