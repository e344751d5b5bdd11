#include "ingest/source_open.h"

#include <string.h>

#include "ingest/http_source.h"
#include "ingest/jetstream_source.h"
#include "ingest/source_options.h"
#include "net/url.h"

// Who serves a scheme of an address.
static const struct {
    const char *scheme;
    enum status (*create)(const struct source_setup *setup, struct source **ret_source,
                          struct error *error);
} transports[] = {
    {"https", http_source_create},
    {"http", http_source_create},
    {"wss", jetstream_source_create},
    {"ws", jetstream_source_create},
    {NULL, NULL},
};

enum status
source_open(const struct source_setup *setup, struct source **ret_source,
            struct error *error)
{
    struct url url;
    enum status status = url_parse(slice_of(setup->options->url), &url, error);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; transports[i].scheme != NULL; i++) {
        if (strcmp(transports[i].scheme, url.scheme) == 0) {
            return transports[i].create(setup, ret_source, error);
        }
    }
    return error_set(error, STATUS_RANGE, "url: this build does not support %s://",
                     url.scheme);
}
