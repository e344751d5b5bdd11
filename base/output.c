#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
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

int
output_flush(void)
{
    if (fflush(stdout) != 0) {
        output_failed(errno);
    } else if (ferror(stdout) != 0) {
        output_failed(EIO); // an earlier write failed; its errno is lost
    }
    return first_failure == EPIPE ? 0 : first_failure;
}
