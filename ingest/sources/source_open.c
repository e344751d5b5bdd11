#include "ingest/sources/source_open.h"

#include <string.h>

#include "ingest/sources/http_source.h"
#include "ingest/sources/jetstream_source.h"
#ifdef CASCADED_KAFKA
#include "ingest/sources/kafka_client.h"
#include "ingest/sources/kafka_source.h"
#endif
#include "ingest/sources/mastodon_backfill_http.h"
#include "ingest/sources/source_options.h"
#include "net/url.h"

// The transport and the backfill of each scheme.
static const struct {
    const char *scheme;
    enum status (*create)(const struct source_setup *setup, struct source **ret_source,
                          struct error *error);
    enum status (*attach_backfill)(struct source *source, struct error *error);
} transports[] = {
    {"https", http_source_create, mastodon_backfill_http_attach},
    {"http", http_source_create, mastodon_backfill_http_attach},
    {"wss", jetstream_source_create, NULL},
    {"ws", jetstream_source_create, NULL},
#ifdef CASCADED_KAFKA
    {"kafkas", kafka_source_create, NULL},
    {"kafka", kafka_source_create, NULL},
#endif
};

enum status
source_open(const struct source_setup *setup, struct source **ret_source,
            struct error *error)
{
    struct url url;
    struct source *source = NULL;
    enum status status = url_parse(slice_of(setup->options->url), &url, error);
    if (status != STATUS_OK) {
        return status;
    }
    size_t i = 0;
    while (i < sizeof(transports) / sizeof(transports[0]) &&
           strcmp(transports[i].scheme, url.scheme) != 0) {
        i++;
    }
    if (i == sizeof(transports) / sizeof(transports[0])) {
        return error_set(error, STATUS_RANGE, "url: this build does not support %s://",
                         url.scheme);
    }
    status = transports[i].create(setup, &source, error);
    if (status == STATUS_OK && transports[i].attach_backfill != NULL) {
        status = transports[i].attach_backfill(source, error);
    }
    if (status != STATUS_OK) {
        source_destroy(&source);
        return status;
    }
    *ret_source = source;
    return STATUS_OK;
}

void
source_open_settle(void)
{
#ifdef CASCADED_KAFKA
    kafka_client_settle();
#endif
}
