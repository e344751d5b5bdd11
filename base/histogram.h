// A histogram of 32-bit numbers in bounded memory: one count for each group of numbers
// with the same five leading binary digits. Ranks are exact; values are at most 6 % too
// small. Numbers are only added.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { HISTOGRAM_GROUPS = 464 };

struct histogram {
    uint64_t count;
    uint64_t groups[HISTOGRAM_GROUPS];
};

void histogram_add(struct histogram *histogram, uint32_t value);
// The least number of the group that holds the lower median; false if it is empty.
bool histogram_median(const struct histogram *histogram, uint32_t *ret_median);
// The tenth of all numbers to which a number belongs, 0 to 9: ten times the count in
// smaller groups, divided by the count of all, at most 9. 0 if it is empty.
uint32_t histogram_decile(const struct histogram *histogram, uint32_t value);
