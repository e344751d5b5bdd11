#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

void
output_guard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

static int first_failure;

void
output_failed(int reason)
{
    first_failure = first_failure != 0 ? first_failure : reason;
}

// The errno of an earlier write is lost, but a pipe without a reader shows it.
static int
lost_reason(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    bool has_no_reader = poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
    return has_no_reader ? EPIPE : EIO;
}

int
output_flush(void)
{
    if (fflush(stdout) != 0) {
        output_failed(errno);
    } else if (ferror(stdout) != 0) {
        output_failed(lost_reason());
    }
    return first_failure == EPIPE ? 0 : first_failure;
}
