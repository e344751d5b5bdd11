// How values of options are written. option_format and the iterators of lists are in
// the same file.
#pragma once

#include <stdint.h>

#include "base/usec.h"

enum { OPTION_FORMAT_NUMBER_MAX = USEC_TEXT_MAX };

// The factor of a letter after a number of bytes, as in 64M; 0: there is none.
uint64_t option_format_factor(char letter);

// The number with the greatest such letter that leaves it whole.
void option_format_bytes(uint64_t value, char text[OPTION_FORMAT_NUMBER_MAX]);
