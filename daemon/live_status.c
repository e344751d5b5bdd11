#include "daemon/live_status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/alert_delivery.h"
#include "daemon/notify.h"
#include "daemon/streams.h"
#include "net/clock.h"
#include "sinks/redis/redis_sink.h"

// "1240000" → "1 240 000".
static const char *
group_digits(uint64_t number, char text[32])
{
    char plain[24];
    int length = snprintf(plain, sizeof(plain), "%" PRIu64, number);
    size_t used = 0;
    for (int i = 0; i < length; i++) {
        if (i != 0 && (length - i) % 3 == 0) {
            text[used++] = ' ';
        }
        text[used++] = plain[i];
    }
    text[used] = '\0';
    return text;
}

void
live_status_start(struct live_status *status, uint64_t posts)
{
    status->counted_at = clock_monotonic();
    status->posts = posts;
}

void
live_status_report(struct live_status *status, struct notify *notify,
                   const struct live_status_needs *needs)
{
    const struct streams_figures *figures = needs->figures;
    usec now = clock_monotonic();
    double seconds = (double)(now - status->counted_at) / (double)USEC_PER_S;
    double rate = seconds > 0 ? (double)(needs->posts - status->posts) / seconds : 0;
    status->posts = needs->posts;
    status->counted_at = now;
    char digits[32];
    char text[LIVE_STATUS_MAX];
    char waiting[64] = "";
    uint64_t pending = alert_delivery_pending(needs->delivery);
    if (pending != 0) {
        snprintf(waiting, sizeof(waiting), ", %" PRIu64 " alerts wait", pending);
    }
    snprintf(text, sizeof(text), "%zu/%zu streams, %s posts/s, lag %.1f s%s%s",
             figures->live, figures->count,
             group_digits((uint64_t)(rate + 0.5), digits),
             (double)figures->lag / (double)USEC_PER_S, waiting,
             redis_sink_is_up(needs->sink) ? "" : ", Redis is unreachable");
    if (strcmp(text, status->text) != 0) {
        memcpy(status->text, text, sizeof(status->text));
        notify_send(notify, "STATUS=%s", text);
    }
}
