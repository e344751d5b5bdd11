// MAP_ANONYMOUS and close_range are not in POSIX.
#define _GNU_SOURCE

#include "daemon/config_apart.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/config.h"

// The event loop waits for the child, so the limit is below the 5 s of a stop.
enum { ERRORS_MAX = 64, SECONDS_MAX = 3 };

// Memory shared by the child and its parent.
struct shared {
    struct settings settings;
    struct error errors[ERRORS_MAX];
    size_t error_count; // those beyond ERRORS_MAX included
    bool is_good;
    bool is_done; // false: the child ended early
};

static void
keep(void *context, const struct error *error)
{
    struct shared *shared = context;
    if (shared->error_count < ERRORS_MAX) {
        shared->errors[shared->error_count] = *error;
    }
    shared->error_count++;
}

// Signals and descriptors belong to the parent. The child ends when the parent does, so
// that no port stays in use. What libraries print before they end the process is
// discarded: the parent reports the failure.
static void
read_in_child(const char *path, struct shared *shared)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        signal(numbers[i], SIG_IGN);
    }
    signal(SIGALRM, SIG_DFL);
    alarm(SECONDS_MAX);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)close_range(STDERR_FILENO + 1, UINT_MAX, 0);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0) {
        (void)dup2(nowhere, STDERR_FILENO);
    }
    shared->is_good = config_read(path, &shared->settings, keep, shared);
    shared->is_done = true;
    _exit(0);
}

static enum status
explain(int status, struct error *error)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        return error_set(error, STATUS_IO,
                         "the configuration could not be read within %d s: is it a "
                         "regular file?",
                         SECONDS_MAX);
    }
    return error_set(error, STATUS_NOMEM,
                     "the configuration could not be read: out of memory (the process "
                     "that reads it ended with %s %d)",
                     WIFSIGNALED(status) ? "signal" : "exit code",
                     WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static bool
take_over(const struct shared *shared, struct settings *settings,
          settings_error_fn on_error, void *context)
{
    size_t count = shared->error_count < ERRORS_MAX ? shared->error_count : ERRORS_MAX;
    for (size_t i = 0; i < count; i++) {
        on_error(context, &shared->errors[i]);
    }
    if (shared->error_count > ERRORS_MAX) {
        struct error error = {0};
        error_set(&error, STATUS_PARSE, "the configuration has %zu more errors",
                  shared->error_count - ERRORS_MAX);
        on_error(context, &error);
    }
    settings_copy(settings, &shared->settings);
    return shared->is_good;
}

bool
config_apart_read(const char *path, struct settings *settings,
                  settings_error_fn on_error, void *context)
{
    struct error error = {0};
    struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        error_set(&error, STATUS_NOMEM, "no memory for the configuration");
        error_at(&error, path, 0, 0);
        on_error(context, &error);
        return false;
    }
    bool is_good = false;
    int status = 0;
    settings_copy(&shared->settings, settings);
    pid_t child = fork();
    if (child == 0) {
        read_in_child(path, shared);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (child < 0) {
        error_set(&error, STATUS_IO,
                  "cannot start a process to read the configuration: %s",
                  strerror(errno));
    } else if (!shared->is_done) {
        (void)explain(status, &error);
    } else {
        is_good = take_over(shared, settings, on_error, context);
    }
    if (error.code != STATUS_OK) {
        error_at(&error, path, 0, 0);
        on_error(context, &error);
    }
    munmap(shared, sizeof(*shared));
    return is_good;
}
