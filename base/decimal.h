// Numbers as text, the same everywhere: no locale, no exponent.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum { DECIMAL_TEXT_MAX = 48, DECIMAL_DIGITS_MAX = 15 };

// A value rounded to `digits` significant digits (1 to DECIMAL_DIGITS_MAX), without
// trailing zeros after the point. Below 1e-15, or if it is not a number, it is "0";
// above 1e18 it is 1e18. Returns the length; no terminating NUL.
size_t decimal_put(char text[DECIMAL_TEXT_MAX], double value, int digits);

// Writes a whole number. Returns the end; at most 20 bytes.
char *decimal_put_whole(char *at, uint64_t number);

// The same with a comma before each three digits: "1,234". At most 26 bytes.
char *decimal_put_grouped(char *at, uint64_t number);

// Writes a value of at least 0 with 1 to 3 places after the point: the same text as
// printf's %.*f, at a tenth of its cost. Above 1e12 it is 1e12. Returns the end; at
// most 17 bytes.
char *decimal_put_places(char *at, double value, int places);

// Writes "." and the digits of rest / unit, if rest is not 0, without trailing zeros.
// unit: a power of ten, above rest. Returns the end; at most 20 bytes.
char *decimal_put_fraction(char *at, uint64_t rest, uint64_t unit);

// Parses a whole number without a sign, of at most 18 digits; false for anything else.
bool decimal_parse_whole(struct slice text, uint64_t *ret_number);

// Parses what decimal_put writes; false for anything else.
bool decimal_parse(struct slice text, double *ret_value);
