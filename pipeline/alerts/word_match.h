// Words in the texts of people: found without case, and only where they stand alone.
//
// Letters of Latin, Greek and Cyrillic script compare without case, all others as they
// are. A word stands alone when no letter, digit or '_' is beside it; scripts without
// spaces (Chinese, Japanese, Thai, …) have no such bounds. Texts are UTF-8; a broken
// byte is a character of its own.
#pragma once

#include <stdbool.h>

#include "base/slice.h"

// True if the word (or phrase) stands in the text. An empty one stands in none.
bool word_match_have(struct slice text, struct slice word);

// True if the hashtag stands in the text. tag: without '#'.
bool word_match_have_hashtag(struct slice text, struct slice tag);

// True if both are the same but for the case of ASCII letters.
bool word_match_equal(struct slice one, struct slice other);
