#include "ingest/source.h"

#include <stddef.h>

#define AT(member) offsetof(struct source_metrics, member)

// clang-format off
const struct metric source_metric_rows[] = {
    {"cascaded_source_messages_read_total", NULL, METRIC_COUNTER, AT(messages),
     "Messages read from the stream"},
    {"cascaded_source_bytes_read_total", NULL, METRIC_COUNTER, AT(bytes),
     "Bytes of the stream, decompressed"},
    {"cascaded_source_signs_read_total", NULL, METRIC_COUNTER, AT(signs),
     "Keep-alives without content, such as blank lines and pongs"},
    {"cascaded_source_connects_total", "result=\"up\"", METRIC_COUNTER, AT(connects),
     "Attempts to connect that succeeded"},
    {"cascaded_source_connects_total", "result=\"failed\"", METRIC_COUNTER, AT(connects_failed),
     "Attempts to connect that failed"},
    {"cascaded_source_drops_total", NULL, METRIC_COUNTER, AT(drops),
     "Connections that were up and ended"},
    {"cascaded_source_stalls_total", NULL, METRIC_COUNTER, AT(stalls),
     "Connections closed because no data arrived"},
    {"cascaded_source_messages_dropped_total", "reason=\"too_long\"", METRIC_COUNTER, AT(too_long),
     "Messages over 8 MiB"},
    {"cascaded_source_protocol_errors_total", NULL, METRIC_COUNTER, AT(protocol_errors),
     "Protocol errors of the server"},
    {"cascaded_source_pauses_total", NULL, METRIC_COUNTER, AT(pauses),
     "Times the stream was paused because there was no room"},
    {"cascaded_source_fill_requests_total", NULL, METRIC_COUNTER, AT(fill_requests),
     "Pages requested to fill a gap"},
    {"cascaded_source_fill_failures_total", NULL, METRIC_COUNTER, AT(fill_failures),
     "Such pages that did not arrive or could not be used"},
    {"cascaded_source_fill_messages_total", NULL, METRIC_COUNTER, AT(fill_messages),
     "Messages read from such pages"},
    METRIC_END,
};
// clang-format on

const char *
source_state_name(enum source_state state)
{
    switch (state) {
    case SOURCE_CONNECTING:
        return "connecting";
    case SOURCE_LIVE:
        return "live";
    case SOURCE_IDLE_OK:
        return "idle-ok";
    case SOURCE_STALLED:
        return "stalled";
    case SOURCE_BACKING_OFF:
        return "backing-off";
    case SOURCE_FAILED:
        return "failed";
    }
    return "unknown";
}

void
source_destroy(struct source **source)
{
    if (*source != NULL) {
        (*source)->ops->destroy(*source);
        *source = NULL;
    }
}

void
source_start(struct source *source)
{
    source->ops->start(source);
}

void
source_stop(struct source *source)
{
    source->ops->stop(source);
}

void
source_resume(struct source *source)
{
    source->ops->resume(source);
}

void
source_set_state(struct source *source, enum source_state state,
                 const struct error *error)
{
    const struct source_callbacks *callbacks = &source->setup.callbacks;
    if (source->state != state || error != NULL) {
        source->state = state;
        callbacks->on_state(callbacks->context, state, error);
    }
}

bool
source_cursor(const struct source *source, struct source_cursor *ret_cursor)
{
    return source->ops->cursor != NULL && source->ops->cursor(source, ret_cursor);
}
