// The form in which the words of campaigns and texts are compared: as hashtags are
// (text_fold), with each run of white space as one space.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

// SLICE_NONE beyond the arena's limit.
struct slice word_form(struct arena *arena, struct slice text);

// True of each character of a run that becomes one space.
bool word_form_is_space(uint32_t code);
