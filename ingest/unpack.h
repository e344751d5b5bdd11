// Messages packed with zstd and a dictionary, each one frame of its own, as Jetstream
// sends them. Pure but for the file of the dictionary.
#pragma once

#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

struct unpack;

enum { UNPACK_DICTIONARY_MAX = 1 << 20 };

// Reads the dictionary once. On failure *ret_unpack is untouched.
enum status unpack_create(const char *dictionary_file, struct unpack **ret_unpack,
                          struct error *error) MUST_USE;
// Accepts NULL.
void unpack_destroy(struct unpack **unpack);

// The number the dictionary has given itself.
uint32_t unpack_dictionary(const struct unpack *unpack);

// *ret_message has LINES_PADDING readable bytes behind it and is valid until the next
// call. STATUS_FULL: it is longer than LINES_MAX. STATUS_PARSE: it is no whole frame of
// this dictionary.
enum status unpack_message(struct unpack *unpack, struct slice packed,
                           struct slice *ret_message) MUST_USE;
