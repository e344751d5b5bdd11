// `cascadectl carriers`: the people through whom most people came, with the reason.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "ctl/client.h"

enum { CARRIERS_ROWS = 20 }; // by default

// Prints the first `rows` members of top:carriers as a table or as one JSON object. An
// empty board is no error.
enum status carriers_show(struct client *client, size_t rows, bool is_json,
                          struct error *error) MUST_USE;
