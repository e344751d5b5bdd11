#include "daemon/alert_out.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

enum { WAITING_MAX = 4 << 20, FINISH_MS = 5000 };

#define METRIC(field) offsetof(struct alert_out_metrics, field)

// clang-format off
const struct metric alert_out_metric_rows[] = {
    {"cascaded_output_alerts_total", NULL, METRIC_COUNTER, METRIC(added),
     "Alerts for standard output, those that wait to be written included"},
    {"cascaded_output_alerts_dropped_total", NULL, METRIC_COUNTER, METRIC(dropped),
     "Alerts that are missing on standard output: it was not read, full or closed"},
    {"cascaded_output_failing", NULL, METRIC_GAUGE, METRIC(is_failing),
     "1 if standard output could not be written at the last attempt"},
    METRIC_END,
};
// clang-format on

void
alert_out_init(struct alert_out *out)
{
    *out = (struct alert_out){.written = 0};
    buffer_init(&out->text, WAITING_MAX);
}

void
alert_out_fini(struct alert_out *out)
{
    buffer_fini(&out->text);
}

static size_t
left(const struct alert_out *out)
{
    return out->text.size - out->written;
}

static void
drop(struct alert_out *out)
{
    out->metrics.dropped++;
    if (out->metrics.dropped == 1 && !out->is_broken) {
        log_warn("output_unread", "standard output %s: alerts for it are dropped",
                 out->metrics.is_failing != 0 ? "cannot be written" : "is not read");
    }
}

void
alert_out_add(struct alert_out *out, struct slice json)
{
    if (json.len + 1 > WAITING_MAX - out->text.size) {
        buffer_drop_first(&out->text, out->written);
        out->written = 0;
    }
    if (out->is_broken || json.len + 1 > WAITING_MAX - out->text.size) {
        drop(out);
        return;
    }
    out->metrics.added++;
    buffer_append(&out->text, json);
    buffer_append_byte(&out->text, '\n');
}

// A full disk is tried again, anything else is final.
static void
fail(struct alert_out *out, int why)
{
    bool was_failing = out->metrics.is_failing != 0;
    bool is_full = why == ENOSPC || why == EDQUOT || why == EFBIG;
    out->metrics.is_failing = 1;
    out->is_broken = !is_full;
    out->is_failed = out->is_broken && why != EPIPE;
    if (is_full && !was_failing) {
        log_error("output_failed",
                  "cannot write alerts to standard output: %s; they wait in memory",
                  strerror(why));
    } else if (out->is_failed) {
        log_error("output_failed", "cannot write alerts to standard output: %s",
                  strerror(why));
    }
    if (out->is_broken) {
        out->written = out->text.size;
    }
}

// Writes one piece that fits into the pipe at once. False: nothing can be written now,
// or at all.
static bool
write_piece(struct alert_out *out, int patience_ms)
{
    struct pollfd ready = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if (poll(&ready, 1, patience_ms) <= 0) {
        return false;
    }
    size_t size = left(out) < PIPE_BUF ? left(out) : PIPE_BUF;
    ssize_t done = write(STDOUT_FILENO, out->text.bytes + out->written, size);
    if (done < 0) {
        if (errno != EINTR && errno != EAGAIN) {
            fail(out, errno);
        }
        return false;
    }
    if (out->metrics.is_failing != 0) {
        out->metrics.is_failing = 0;
        log_info("output_recovered", "alerts are written to standard output again");
    }
    out->written += (size_t)done;
    return true;
}

static void
pump(struct alert_out *out, int patience_ms)
{
    while (left(out) != 0 && write_piece(out, patience_ms)) {
    }
    if (left(out) == 0) {
        buffer_reset(&out->text);
        out->written = 0;
    }
}

bool
alert_out_pump(struct alert_out *out)
{
    pump(out, 0);
    return left(out) != 0;
}

void
alert_out_finish(struct alert_out *out)
{
    pump(out, FINISH_MS);
}

bool
alert_out_is_good(const struct alert_out *out)
{
    return !out->is_failed &&
           (out->is_broken || (out->metrics.dropped == 0 && left(out) == 0));
}
