// sigaltstack is in no POSIX.1-2008 without XSI.
#define _GNU_SOURCE

#include "daemon/crash.h"

#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"

enum { FRAMES_MAX = 64, STACK_SIZE = 1 << 16, TEXT_MAX = 128 };

static const struct crash {
    int number;
    const char *name;
} crashes[] = {
    {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGILL, "SIGILL"},
    {SIGFPE, "SIGFPE"},   {SIGABRT, "SIGABRT"},
};

enum { CRASHES = sizeof(crashes) / sizeof(crashes[0]) };

// Written before a crash, because snprintf must not be called in a handler.
static char texts[CRASHES][TEXT_MAX];

static void
on_crash(int number)
{
    void *frames[FRAMES_MAX];
    for (size_t i = 0; i < CRASHES; i++) {
        if (crashes[i].number == number) {
            log_now(LOG_LEVEL_ERROR, LOG_EVENT("crashed"), texts[i]);
        }
    }
    backtrace_symbols_fd(frames, backtrace(frames, FRAMES_MAX), STDERR_FILENO);
    (void)raise(number); // the default, since SA_RESETHAND: delivered on return
}

static void
watch(const struct crash *crash)
{
    struct sigaction former;
    struct sigaction action = {.sa_handler = on_crash,
                               .sa_flags = SA_ONSTACK | (int)SA_RESETHAND};
    (void)sigemptyset(&action.sa_mask);
    if (sigaction(crash->number, NULL, &former) == 0 && former.sa_handler == SIG_DFL) {
        (void)sigaction(crash->number, &action, NULL);
    }
}

void
crash_watch(void)
{
    static char stack[STACK_SIZE];
    const stack_t own = {.ss_sp = stack, .ss_size = sizeof(stack)};
    void *frame;
    // The first call loads a library, which a handler must not do.
    (void)backtrace(&frame, 1);
    (void)sigaltstack(&own, NULL);
    for (size_t i = 0; i < CRASHES; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]),
                       "cascaded " CASCADED_VERSION
                       " crashed by signal %d (%s); the backtrace follows",
                       crashes[i].number, crashes[i].name);
        watch(&crashes[i]);
    }
}
