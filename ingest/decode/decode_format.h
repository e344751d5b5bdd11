// Names and descriptions of formats, and the fields that they read.
#pragma once

#include <stddef.h>

#include "base/slice.h"
#include "base/status.h"
#include "ingest/decode/decode.h"

// clang-format off
#define DECODE_FORMAT_SPACED(id, name, what) " " name
// " auto x1 …": all names, as a literal to put behind other text.
#define DECODE_FORMAT_NAMES DECODE_FORMATS(DECODE_FORMAT_SPACED)
// clang-format on

const char *decode_format_name(enum decode_format format);
const char *decode_format_what(enum decode_format format);
// Finds a format by name; STATUS_PARSE if there is none.
enum status decode_format_parse(struct slice name,
                                enum decode_format *ret_format) MUST_USE;

// Writes the fields that a format reads, "id_str, user.screen_name, …", from its
// tables; returns the length as snprintf does. Empty for DECODE_AUTO.
size_t decode_format_fields(enum decode_format format, char *text, size_t size);
