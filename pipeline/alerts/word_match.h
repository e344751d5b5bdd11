// Finds words in texts without case, and only where they are separate words.
//
// Letters of Latin, Greek and Cyrillic script compare without case, all others exactly.
// A word is separate if no letter, digit or '_' is next to it; words of scripts without
// spaces (Chinese, Japanese, Thai, …) need not be. Texts are UTF-8; an invalid byte
// counts as one character.
#pragma once

#include <stdbool.h>

#include "base/slice.h"

// True if the text contains the word (or phrase). No text contains an empty one.
bool word_match_have(struct slice text, struct slice word);

// True if the text contains the hashtag. tag: without '#'.
bool word_match_have_hashtag(struct slice text, struct slice tag);
