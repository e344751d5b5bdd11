#include "ctl/screen.h"

#include "ingest/text/cell.h"

#include "base/buffer.h"
#include "base/output.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { FRAME_MAX = 1 << 20, WIDTH_MAX = 500, HEIGHT_MAX = 500, PLAIN_HEIGHT = 24 };

// Alternate screen, no cursor, no wrapping: a glyph that is wider in the terminal than
// expected must not move the lines below it.
static const char enter_text[] = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H\x1b[2J";
static const char leave_text[] = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

static bool
write_all(struct slice text)
{
    while (text.len > 0) {
        ssize_t done = write(STDOUT_FILENO, text.ptr, text.len);
        if (done < 0 && errno != EINTR) {
            output_failed(errno);
            return false;
        }
        size_t count = done > 0 ? (size_t)done : 0;
        text = (struct slice){text.ptr + count, text.len - count};
    }
    return true;
}

static sigset_t
held_signals(void)
{
    static const int held[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        (void)sigaddset(&set, held[i]);
    }
    return set;
}

static size_t
at_most(size_t value, size_t most)
{
    return value < most ? value : most;
}

static void
fit_terminal(struct screen *screen)
{
    struct winsize size = {0};
    bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 &&
                    size.ws_row > 0;
    screen->width = is_known ? at_most(size.ws_col, WIDTH_MAX) : SCREEN_PLAIN_WIDTH;
    screen->height = is_known ? at_most(size.ws_row, HEIGHT_MAX) : PLAIN_HEIGHT;
    screen->height = screen->is_terminal ? screen->height : 0;
}

void
screen_measure(struct screen *screen)
{
    screen->is_terminal = false;
    fit_terminal(screen);
}

void
screen_enter(struct screen *screen)
{
    const char *term = getenv("TERM");
    screen->is_terminal =
        isatty(STDOUT_FILENO) == 1 && term != NULL && strcmp(term, "dumb") != 0;
    fit_terminal(screen);
    sigset_t held = held_signals();
    (void)sigprocmask(SIG_BLOCK, &held, NULL);
    if (screen->is_terminal) {
        (void)write_all(slice_of(enter_text));
    }
}

void
screen_leave(const struct screen *screen)
{
    if (screen->is_terminal) {
        (void)write_all(slice_of(leave_text));
    }
}

bool
screen_show(const struct screen *screen, struct slice frame)
{
    if (!screen->is_terminal) {
        return write_all(frame);
    }
    struct buffer out;
    buffer_init(&out, FRAME_MAX);
    buffer_append(&out, SLICE_LIT("\x1b[H"));
    for (size_t line = 0; line < screen->height && frame.len > 0; line++) {
        const char *end = memchr(frame.ptr, '\n', frame.len);
        size_t len = end != NULL ? (size_t)(end - frame.ptr) : frame.len;
        buffer_append(&out, line > 0 ? SLICE_LIT("\r\n") : SLICE_LIT(""));
        size_t used = len < frame.len ? len + 1 : len;
        bool is_last = line + 1 == screen->height || used == frame.len;
        // Before the text: after a full line the cursor is still in the last column.
        buffer_append(&out, is_last ? SLICE_LIT("\x1b[J") : SLICE_LIT("\x1b[K"));
        buffer_append(&out, (struct slice){frame.ptr, len});
        frame = (struct slice){frame.ptr + used, frame.len - used};
    }
    bool is_shown = write_all(buffer_text(&out));
    buffer_fini(&out);
    return is_shown;
}

static void
stop_here(struct screen *screen)
{
    screen_leave(screen);
    (void)raise(SIGSTOP);
    screen_enter(screen);
}

enum screen_event
screen_wait(struct screen *screen, usec span)
{
    sigset_t held = held_signals();
    struct timespec timeout = {
        .tv_sec = (time_t)(span / USEC_PER_S),
        .tv_nsec = (long)(span % USEC_PER_S) * 1000,
    };
    switch (sigtimedwait(&held, NULL, &timeout)) {
    case -1:
        return SCREEN_TIMEOUT;
    case SIGTSTP:
        stop_here(screen);
        return SCREEN_RESIZED;
    case SIGWINCH:
        fit_terminal(screen);
        return SCREEN_RESIZED;
    default:
        return SCREEN_QUIT;
    }
}

struct slice
screen_strong(const struct screen *screen)
{
    return screen->is_terminal ? SLICE_LIT("\x1b[1m") : SLICE_LIT("");
}

struct slice
screen_plain(const struct screen *screen)
{
    return screen->is_terminal ? SLICE_LIT("\x1b[0m") : SLICE_LIT("");
}

void
screen_put_strong(const struct screen *screen, struct buffer *out, struct slice text,
                  size_t columns)
{
    buffer_append(out, screen_strong(screen));
    cell_put_aligned(out, text, columns, CELL_LEFT);
    buffer_append(out, screen_plain(screen));
}
