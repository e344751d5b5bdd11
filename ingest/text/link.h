// Finds the web addresses in a text, so that no mention or hashtag is found inside
// them.
//
// The rules of twitter-text, except for its list of top-level domains: an address is
//   - "http://" or "https://" in any case, or nothing; not right after [A-Za-z0-9@$#]
//     or the full-width @ and #, and without "http://" also not after [-_./];
//   - a host of labels separated by dots, of letters, digits, "-" and "_" (neither at
//     the edges of a label, "_" not in the last two), the last of them 2 to 24 letters
//     or "xn--" and more; non-ASCII characters count as letters, but not without
//     "http://";
//   - perhaps ":" and a port;
//   - perhaps "/" and a path: ASCII letters, digits and !*';:=+,.$/%#[]-_~@|&, en dash,
//     Cyrillic and accented Latin letters, and pairs of parentheses nested at most
//     twice. Punctuation at its end is left out;
//   - perhaps "?" and a query of ASCII characters, likewise.
//
// After http://t.co/ only letters and digits belong to the path.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct link_walk {
    struct slice text; // borrowed
    size_t start;      // of the last address found so far
    size_t end;        // behind it
    size_t seen;       // no address has its first dot between `end` and here
    size_t floor;      // no address begins between `end` and here
    struct slice host; // of that address; points into the text
};

static inline struct link_walk
link_walk(struct slice text)
{
    return (struct link_walk){.text = text};
}

// True if byte `at` is inside an address. Calls must have ascending `at`; all together
// they take time linear in the length of the text.
bool link_covers(struct link_walk *walk, size_t at);

// Moves to the next address; false: there is none. A walk that has come to an address
// by link_covers continues behind it.
bool link_next(struct link_walk *walk);

// The host of an address with a scheme, without port, user and full stop at the end;
// none if it has none. Points into the address.
struct slice link_host(struct slice address);

// Letters with accents as twitter-text lists them, and combining accents.
bool link_is_accented_latin(uint32_t code);
