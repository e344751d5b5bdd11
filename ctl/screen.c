#include "ctl/screen.h"

#include "ingest/text/cell.h"

#include "base/buffer.h"
#include "base/output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
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
    *screen = (struct screen){.signals = -1};
    fit_terminal(screen);
}

// Keys come one by one and are not shown; Ctrl-C and the like remain signals.
static void
take_keys(struct screen *screen)
{
    screen->key_count = 0;
    screen->has_keys = screen->is_terminal && isatty(STDIN_FILENO) == 1 &&
                       tcgetattr(STDIN_FILENO, &screen->former) == 0;
    if (screen->has_keys) {
        struct termios raw = screen->former;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        screen->has_keys = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    }
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
    screen->signals = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
    take_keys(screen);
    if (screen->is_terminal) {
        (void)write_all(slice_of(enter_text));
    }
}

void
screen_leave(struct screen *screen)
{
    if (screen->is_terminal) {
        (void)write_all(slice_of(leave_text));
    }
    if (screen->has_keys) {
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &screen->former);
    }
    if (screen->signals >= 0) {
        (void)close(screen->signals);
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

// ── keys ───────────────────────────────────────────────────────────────────

// Takes one key of what was read; false: there is none, or it is not complete. Arrows
// are ESC [ C or ESC O C; of other sequences nothing is a key.
static bool
take_key(struct screen *screen)
{
    static const char arrows[] = {'D', 'C'};
    const char *keys = screen->keys;
    size_t used = 1;
    screen->key = (unsigned char)keys[0];
    if (screen->key_count == 0) {
        return false;
    }
    if (keys[0] == '\x1b' && screen->key_count > 1 &&
        (keys[1] == '[' || keys[1] == 'O')) {
        used = 2;
        while (used < screen->key_count && keys[used] < '@') {
            used++;
        }
        if (used == screen->key_count) {
            return false;
        }
        screen->key = keys[used] == arrows[0]   ? SCREEN_KEY_LEFT
                      : keys[used] == arrows[1] ? SCREEN_KEY_RIGHT
                                                : 0;
        used++;
    }
    screen->key_count -= used;
    memmove(screen->keys, screen->keys + used, screen->key_count);
    return true;
}

// False: standard input is closed.
static bool
read_keys(struct screen *screen)
{
    if (screen->key_count == SCREEN_KEYS_MAX) {
        screen->key_count = 0; // a sequence without an end
    }
    ssize_t got = read(STDIN_FILENO, screen->keys + screen->key_count,
                       SCREEN_KEYS_MAX - screen->key_count);
    screen->key_count += got > 0 ? (size_t)got : 0;
    return got > 0 || (got < 0 && errno == EINTR);
}

// ── waiting ────────────────────────────────────────────────────────────────

static enum screen_event
on_signal(struct screen *screen, uint32_t number)
{
    switch (number) {
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

enum screen_event
screen_wait(struct screen *screen, usec span)
{
    struct signalfd_siginfo info;
    struct pollfd polled[] = {
        {.fd = screen->signals, .events = POLLIN},
        {.fd = screen->has_keys ? STDIN_FILENO : -1, .events = POLLIN},
    };
    usec most = (usec)INT_MAX * USEC_PER_MS;
    int ms = span < 0 ? -1 : (int)((span < most ? span : most) / USEC_PER_MS);
    if (take_key(screen)) {
        return SCREEN_KEY;
    }
    if (poll(polled, sizeof polled / sizeof *polled, ms) <= 0) {
        return SCREEN_TIMEOUT;
    }
    if (read(screen->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        return on_signal(screen, info.ssi_signo);
    }
    if (polled[1].revents != 0 && !read_keys(screen)) {
        return SCREEN_QUIT;
    }
    return take_key(screen) ? SCREEN_KEY : SCREEN_RESIZED;
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
