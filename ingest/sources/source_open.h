// Chooses the transport by the address: http(s)://, ws(s):// and kafka(s)://.
#pragma once

#include "ingest/sources/source.h"

// Creates the source for setup->options->url; source_destroy frees it. On failure
// *ret_source is untouched. Error: STATUS_PARSE or STATUS_RANGE for the URL,
// STATUS_NOMEM.
enum status source_open(const struct source_setup *setup, struct source **ret_source,
                        struct error *error) MUST_USE;

// For the end of the process, after the last source_destroy: waits until threads of
// libraries have ended, but at most a second.
void source_open_settle(void);
