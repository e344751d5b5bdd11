#include "sinks/http/http_metrics.h"

#include <stddef.h>

// clang-format off
const struct metric http_metrics_rows[] = {
    {"cascaded_http_requests_total", NULL, METRIC_COUNTER, offsetof(struct http_metrics, requests),
     "Requests answered"},
    {"cascaded_http_requests_refused_total", NULL, METRIC_COUNTER,
     offsetof(struct http_metrics, refused), "Requests answered with a client error (4xx)"},
    {"cascaded_pushed_messages_total", "result=\"accepted\"", METRIC_COUNTER,
     offsetof(struct http_metrics, posts_accepted), "Posts and control messages pushed over HTTP"},
    {"cascaded_pushed_messages_total", "result=\"rejected\"", METRIC_COUNTER,
     offsetof(struct http_metrics, posts_rejected), "Posts and control messages pushed over HTTP"},
    {"cascaded_pushed_messages_total", "result=\"ignored\"", METRIC_COUNTER,
     offsetof(struct http_metrics, posts_ignored), "Posts and control messages pushed over HTTP"},
    {"cascaded_pushes_delayed_total", NULL, METRIC_COUNTER,
     offsetof(struct http_metrics, pushes_delayed), "Pushes answered with 429 because there was no room"},
    {"cascaded_http_connections_closed_total", "reason=\"late\"", METRIC_COUNTER,
     offsetof(struct http_metrics, late), "Connections closed before their request was complete"},
    {"cascaded_http_connections_closed_total", "reason=\"crowded\"", METRIC_COUNTER,
     offsetof(struct http_metrics, crowded_out),
     "Connections closed before their request was complete"},
    {"cascaded_http_connections_starved_total", NULL, METRIC_COUNTER,
     offsetof(struct http_metrics, starved),
     "Connections that arrived while no file descriptor was free"},
    {"cascaded_http_feeds", NULL, METRIC_GAUGE, offsetof(struct http_metrics, feeds),
     "Clients of the live feed"},
    {"cascaded_http_feeds_refused_total", NULL, METRIC_COUNTER,
     offsetof(struct http_metrics, feeds_refused),
     "Clients of the live feed refused because there were too many"},
    {"cascaded_http_feeds_lost_total", NULL, METRIC_COUNTER,
     offsetof(struct http_metrics, feeds_lost),
     "Times that a client of the live feed fell behind and had to fetch everything again"},
    {"cascaded_http_feeds_stalled_total", NULL, METRIC_COUNTER,
     offsetof(struct http_metrics, feeds_stalled),
     "Clients of the live feed closed because they did not read"},
    METRIC_END,
};
// clang-format on
