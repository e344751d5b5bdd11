#include "net/token_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/redact.h"

enum status
token_file_read(const char *path, char token[TOKEN_FILE_MAX], struct error *error)
{
    char shown[REDACT_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, token, TOKEN_FILE_MAX - 1) : -1;
    int code = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (size < 0) {
        return error_set(error, STATUS_IO, "token_file: cannot read %s: %s",
                         redact_path(path, code, shown), strerror(code));
    }
    size_t len = (size_t)size;
    while (len > 0 && strchr("\r\n \t", token[len - 1]) != NULL) {
        len--;
    }
    token[len] = '\0';
    bool is_good = len > 0;
    for (size_t i = 0; i < len; i++) {
        // Any other byte might end a header and begin another.
        is_good = is_good && token[i] > ' ' && token[i] < 0x7f;
    }
    if (!is_good) {
        return error_set(error, STATUS_PARSE,
                         "token_file: %s does not contain one token on one line", path);
    }
    return STATUS_OK;
}

enum status
token_file_line(const char *option, const char *path, char text[TOKEN_FILE_LINE_MAX],
                struct error *error)
{
    char shown[REDACT_MAX];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return error_set(error, STATUS_IO, "%s: cannot read %s: %s", option,
                         redact_path(path, errno, shown), strerror(errno));
    }
    // No second copy of the secret in a buffer that is freed without being cleared.
    setvbuf(file, NULL, _IONBF, 0);
    bool has_line = fgets(text, TOKEN_FILE_LINE_MAX, file) != NULL;
    fclose(file);
    size_t length = has_line ? strcspn(text, "\r\n") : 0;
    if (length == 0 || length == TOKEN_FILE_LINE_MAX - 1) {
        return error_set(error, STATUS_IO,
                         "%s: the first line of %s must hold 1 to %d bytes", option,
                         path, TOKEN_FILE_LINE_MAX - 2);
    }
    text[length] = '\0';
    return STATUS_OK;
}
