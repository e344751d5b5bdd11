// Numbers as text, the same everywhere: no locale, no exponent.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

enum { DECIMAL_TEXT_MAX = 48, DECIMAL_DIGITS_MAX = 15 };

// A value rounded to so many significant digits (1 to DECIMAL_DIGITS_MAX), without
// trailing zeros behind the point. What is below 1e-15, or no number, is "0", what is
// above 1e18 is 1e18. Returns the length; no terminating zero.
size_t decimal_put(char text[DECIMAL_TEXT_MAX], double value, int digits);

// Reads what decimal_put writes; false for anything else.
bool decimal_parse(struct slice text, double *ret_value);
