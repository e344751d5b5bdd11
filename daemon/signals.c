#include "daemon/signals.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "net/clock.h"

// Half a second of the 5 s is reserved for the system, to free the memory.
#define SIGNALS_WITHIN (4500 * USEC_PER_MS)
// timeout(1) and shells send a signal to a process and to its group.
#define SIGNALS_ARE_ONE (200 * USEC_PER_MS)

enum { TEXT_MAX = 512 };

// Signal handlers have no context argument.
static struct {
    struct event *readable;
    signals_fn on_signal;
    void *context;
    timer_t timer;
    bool is_installed; // handlers, timer and pipe
    int wake[2];
    volatile sig_atomic_t is_halting;
    volatile usec halted_at; // monotonic
    volatile sig_atomic_t exit_code;
    const char *volatile doing;
    usec deadline; // monotonic, from the first signal that the loop received
} signals;

static void
on_number(int number)
{
    int errno_before = errno;
    usec now = clock_monotonic();
    if (signals.is_halting && now - signals.halted_at < SIGNALS_ARE_ONE) {
        errno = errno_before;
        return;
    }
    if (!signals.is_halting) {
        const struct itimerspec within = {
            .it_value = {SIGNALS_WITHIN / USEC_PER_S,
                         SIGNALS_WITHIN % USEC_PER_S * 1000}};
        signals.halted_at = now;
        signals.is_halting = 1;
        timer_settime(signals.timer, 0, &within, NULL);
    }
    char byte = (char)number;
    ssize_t done = write(signals.wake[1], &byte, 1);
    (void)done; // full: the loop is woken already
    errno = errno_before;
}

static void
on_alarm(int number)
{
    (void)number;
    char text[TEXT_MAX];
    char *end = stpcpy(text, "stopped at the deadline of 5 s; ");
    strncat(end, signals.doing, (size_t)(text + sizeof(text) - 1 - end));
    log_now(LOG_LEVEL_ERROR, LOG_EVENT("stopped_late"), text);
    _exit(signals.exit_code);
}

static void
on_wake(evutil_socket_t fd, short what, void *context)
{
    (void)what;
    (void)context;
    char bytes[16];
    ssize_t count = read(fd, bytes, sizeof(bytes));
    if (signals.deadline == 0) {
        signals.deadline = clock_monotonic() + SIGNALS_WITHIN;
    }
    for (ssize_t i = 0; i < count; i++) {
        signals.on_signal(signals.context);
    }
}

static bool
handle(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    return sigaction(number, &action, NULL) == 0;
}

// A closed terminal ends the process in order, unless it was started to survive that.
// A live daemon takes the signal over, to read its configuration again.
static bool
handle_hangup(void)
{
    struct sigaction before;
    return sigaction(SIGHUP, NULL, &before) == 0 &&
           (before.sa_handler == SIG_IGN || handle(SIGHUP, on_number));
}

static bool
install(void)
{
    struct sigevent alarm = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    if (pipe(signals.wake) != 0 ||
        timer_create(CLOCK_MONOTONIC, &alarm, &signals.timer) != 0) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        if (evutil_make_socket_nonblocking(signals.wake[i]) != 0 ||
            evutil_make_socket_closeonexec(signals.wake[i]) != 0) {
            return false;
        }
    }
    signals.is_installed = handle(SIGALRM, on_alarm) && handle(SIGINT, on_number) &&
                           handle(SIGTERM, on_number) && handle_hangup();
    return signals.is_installed;
}

bool
signals_init(struct event_base *base, signals_fn on_signal, void *context)
{
    signals.on_signal = on_signal;
    signals.context = context;
    signals_doing("nothing was started", 0);
    if (!signals.is_installed && !install()) {
        return false;
    }
    signals.readable =
        event_new(base, signals.wake[0], EV_READ | EV_PERSIST, on_wake, NULL);
    return signals.readable != NULL && event_add(signals.readable, NULL) == 0 &&
           handle_hangup();
}

void
signals_detach(void)
{
    if (signals.readable != NULL) {
        event_free(signals.readable);
        signals.readable = NULL;
    }
}

void
signals_fini(void)
{
    if (signals.readable == NULL) {
        return;
    }
    handle(SIGINT, SIG_IGN);
    handle(SIGTERM, SIG_IGN);
    handle(SIGHUP, SIG_IGN);
    signals_detach();
    signals.is_installed = false;
    close(signals.wake[0]);
    close(signals.wake[1]);
}

void
signals_doing(const char *doing, int exit_code)
{
    signals.exit_code = exit_code;
    signals.doing = doing;
}

const char *
signals_unfinished(void)
{
    return signals.doing;
}

usec
signals_left(void)
{
    usec left =
        signals.deadline != 0 ? signals.deadline - clock_monotonic() : SIGNALS_WITHIN;
    return left > 0 ? left : 0;
}
