#include "daemon/alert_out.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

enum { WAITING_MAX = 4 << 20, FINISH_MS = 5000 };

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

void
alert_out_add(struct alert_out *out, struct slice json)
{
    if (out->is_broken || json.len + 1 > WAITING_MAX - out->text.size) {
        out->dropped++;
        if (out->dropped == 1 && !out->is_broken) {
            log_warn("output_unread",
                     "standard output is not read: alerts for it are dropped");
        }
        return;
    }
    buffer_append(&out->text, json);
    buffer_append_byte(&out->text, '\n');
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
            out->is_broken = true;
            out->is_failed = errno != EPIPE;
            if (out->is_failed) {
                log_error("output_failed", "cannot write alerts to standard output: %s",
                          strerror(errno));
            }
            out->written = out->text.size;
        }
        return false;
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
    return !out->is_failed && (out->is_broken || (out->dropped == 0 && left(out) == 0));
}
