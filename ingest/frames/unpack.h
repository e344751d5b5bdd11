// Decompresses messages packed with zstd and a dictionary, each a frame of its own, as
// sent by Jetstream. Pure except for reading the dictionary file.
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

// The number in the dictionary's own header.
uint32_t unpack_dictionary(const struct unpack *unpack);

// *ret_message is followed by LINES_PADDING readable bytes and is valid until the next
// call. STATUS_FULL: it is longer than LINES_MAX. STATUS_PARSE: it is not exactly one
// frame of this dictionary.
enum status unpack_message(struct unpack *unpack, struct slice packed,
                           struct slice *ret_message) MUST_USE;
