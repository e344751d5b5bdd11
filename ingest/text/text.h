// Mentions and hashtags in the text of a post, and other functions on text that
// decoders share.
//
// The rules are those of twitter-text 3 (its documentation and conformance cases), by
// Unicode category instead of lists of ranges:
//
// Mention: a sign (@ or full-width U+FF20), then a name of 1 to 20 of [A-Za-z0-9_], as
// many as there are (the rest of a longer name is ignored).
//   - Before it: nothing, or a character that is none of [A-Za-z0-9_!@#$%&*] or U+FF20;
//     or "RT" in any case, itself after none of [A-Za-z0-9_+~.-].
//   - After it: no sign, no accented Latin letter (or U+0300-036F, U+02BB), no "://".
//   - "@name/slug" (a letter and up to 24 more of [A-Za-z0-9_-]) names a list of that
//     person, not the person: it is no mention. The rule about what follows then
//     applies after the slug.
//
// Hashtag: a sign (# or full-width U+FF03), then letters, marks, decimal digits, "_"
// and a few joiners that words of some languages need, at least one of them a letter or
// mark.
//   - Before it: nothing, or a character that cannot be inside a hashtag and is not
//     "&"; a variation selector (U+FE0E, U+FE0F) is allowed, since it ends an emoji.
//   - The sign is not part of a keycap emoji (followed by U+FE0F or U+20E3).
//   - After it: no hashtag sign, no "://".
//
// Neither is found inside a web address (ingest/text/link.h).
//
// In text that is not UTF-8, each invalid byte is read as a control character. All
// functions borrow the text, accept an absent one, and take time linear in its length.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

// One result, as bytes [start, end) of the text: the sign, then the name. `name` points
// into the text.
struct text_entity {
    size_t start;
    size_t end;
    struct slice name;
};

// Finds all, in order, and writes the first `max` of them. Returns how many there are,
// which may be more than `max`; `ret` may be NULL if max is 0.
size_t text_mentions(struct slice text, struct text_entity *ret, size_t max);
size_t text_hashtags(struct slice text, struct text_entity *ret, size_t max);

// The name at the start of the text, after nothing but white space and direction marks:
// the post is then addressed to that person. On false *ret_handle is untouched. It
// points into the text.
bool text_reply_to(struct slice text, struct slice *ret_handle);

// The text with each character mapped by Unicode's simple lower-case mapping (one to
// one, no locale). Returns the text itself if nothing changes, else a slice in the
// arena; SLICE_NONE beyond the arena's limit.
struct slice text_lower(struct arena *arena, struct slice text);

// The form in which hashtags are compared: without hashtag signs and white space in
// front and white space at the end, in Unicode's composed form (NFC), then in lower
// case, with the final sigma (U+03C2) as any other. May be empty. Memory as text_lower.
struct slice text_hashtag(struct arena *arena, struct slice tag);

// The form in which handles are compared: as of a hashtag, but nothing is removed from
// the ends.
struct slice text_fold(struct arena *arena, struct slice handle);

// The text without white space at the front and at the end. Points into it.
struct slice text_trim(struct slice text);

// The handle without signs and white space in front and white space at the end; may be
// empty. Points into it.
struct slice text_handle(struct slice handle);

// The text with &amp; &lt; &gt; &quot; &apos; &nbsp; &#NN; and &#xHH; decoded, once;
// anything similar is not changed. Returns the text itself if it contains none, else a
// slice in the arena; SLICE_NONE beyond the arena's limit.
struct slice text_unescape(struct arena *arena, struct slice text);

// The length of the numeric reference (&#NN; or &#xHH;) at the start of the text, 0 if
// there is none. *ret_code is TEXT_CODE_NONE if there is no such character.
enum { TEXT_CODE_NONE = 0x110000 };
size_t text_numeric(struct slice text, uint32_t *ret_code);

// The longest beginning of the text that has at most `max` bytes and does not end
// within a character.
struct slice text_cut(struct slice text, size_t max);
