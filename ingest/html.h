// The plain text of a post that came as HTML, as Mastodon and its relatives write it.
//
// Reads markup the way a browser shows it, as far as posts need:
//   - tags, comments, and all of <script>, <style>, <template> and <title> go;
//   - <br> is a line break; paragraphs are parted by a blank line, other blocks (div,
//   li,
//     blockquote, pre, h1-h6, tr …) by a line break; none at the beginning or end;
//   - text in class "invisible" stays: it is the part of a web address that a page
//   hides, and
//     the address is wanted whole. Class "ellipsis" adds nothing for the same reason;
//   - the named entities of HTML 4 and numeric ones are decoded; a number that is no
//   character
//     becomes U+FFFD; anything else after "&" stays as it is;
//   - other bytes, white space included, stay as they are.
// Hostile input costs time linear in its length, and no recursion. A tag that never
// ends takes the rest with it, as in a browser; a "<" that starts no tag is text.
#pragma once

#include "base/arena.h"
#include "base/slice.h"

// Borrows html. Returns html itself if there is nothing to do, else a slice in the
// arena, never longer than html; SLICE_NONE past the arena's limit.
struct slice html_text(struct arena *arena, struct slice in);
