#include "daemon/replay_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
replay_files_open(const char *name)
{
    return strcmp(name, "-") == 0 ? dup(STDIN_FILENO)
                                  : open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

const char *
replay_files_unreadable(char **files, int file_count, int *ret_errno)
{
    for (int i = 0; i < file_count; i++) {
        struct stat status;
        if (stat(files[i], &status) == 0 && S_ISFIFO(status.st_mode)) {
            continue; // its writer would take this for the end of the reader
        }
        int fd = replay_files_open(files[i]);
        bool is_found = fd >= 0 && fstat(fd, &status) == 0;
        int kind = is_found && S_ISDIR(status.st_mode) ? EISDIR : 0;
        *ret_errno = is_found ? kind : errno;
        if (fd >= 0) {
            close(fd);
        }
        if (*ret_errno != 0) {
            return files[i];
        }
    }
    return NULL;
}
