// Opens what a replay reads: files, named pipes, and "-", the standard input.
#pragma once

// A descriptor of its own, or -1 with errno set. A named pipe is not waited for here.
int replay_files_open(const char *name);

// The first file that cannot be opened, or NULL. Call it before anything is started.
const char *replay_files_unreadable(char **files, int file_count, int *ret_errno);
