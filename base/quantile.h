// Quantiles of a set of numbers.
#pragma once

#include <stddef.h>

// Sorts the values, least first. None may be NAN.
void quantile_sort(double *values, size_t count);

// The quantile `part` (0 to 1) of sorted values, linear between neighbours (definition
// 7 of Hyndman and Fan, 1996); 0.5 is the median. NAN if there are none.
double quantile_of(const double *values, size_t count, double part);
