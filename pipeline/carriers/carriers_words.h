// What a ledger of carriers knows of a person, as words.
#pragma once

#include <stdbool.h>

struct carriers_view;

enum { CARRIERS_SUM_MAX = 26, CARRIERS_WORDS_MAX = 128 };

// Writes a sum that fades with age: rounded from 0.95 on, with one digit behind the
// point below, and "under 0.1" below 0.05; thousands have commas. Returns the end; at
// most CARRIERS_SUM_MAX bytes.
char *carriers_words_sum(char *at, double sum);

// Writes "318 people came through 41 of 60 reshares", of one "1 person". Returns the
// end; at most CARRIERS_WORDS_MAX bytes.
char *carriers_words(char *at, const struct carriers_view *view);
// True if one of these numbers is shown as a fraction.
bool carriers_words_are_faded(const struct carriers_view *view);
