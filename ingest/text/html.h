// The plain text of a post in HTML, as Mastodon and related servers write it.
//
// Reads markup like a browser, as far as posts need it:
//   - tags, comments, and all of <script>, <style>, <template> and <title> are removed;
//   - <br> is a line break; paragraphs are separated by a blank line, other blocks
//     (div, li, blockquote, pre, h1-h6, tr …) by a line break; there is none at the
//     beginning or end;
//   - text in class "invisible" is kept: it is the part of a web address that a page
//     hides, and the whole address is needed. Class "ellipsis" adds nothing for the
//     same reason;
//   - the named entities of HTML 4 and numeric ones are decoded; a number that is not a
//     character becomes U+FFFD; anything else after "&" is not changed;
//   - other bytes, white space included, are not changed.
//
// Takes time linear in the length of the input, and no recursion. A tag that never ends
// removes the rest of the text, as in a browser; a "<" that starts no tag is text.
#pragma once

#include "base/arena.h"
#include "base/slice.h"

// Borrows html. Returns html itself if nothing is to be changed, else a slice in the
// arena, never longer than html; SLICE_NONE beyond the arena's limit.
struct slice html_text(struct arena *arena, struct slice in);
