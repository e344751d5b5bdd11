#include "daemon/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MESSAGE_MAX = 1024 };

static usec
read_watchdog(void)
{
    const char *period = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    if (period == NULL || (pid != NULL && strtoll(pid, NULL, 10) != getpid())) {
        return 0;
    }
    long long span = strtoll(period, NULL, 10);
    return span > 0 ? (usec)span : 0;
}

bool
notify_init(struct notify *notify, struct error *error)
{
    *notify = (struct notify){.fd = -1};
    const char *path = getenv("NOTIFY_SOCKET");
    if (path == NULL) {
        return true;
    }
    size_t len = strlen(path);
    if ((path[0] != '/' && path[0] != '@') || len < 2 ||
        len >= sizeof(notify->address.sun_path)) {
        error_set(error, STATUS_PARSE,
                  "NOTIFY_SOCKET=%s is not the address of a socket", path);
        return false;
    }
    notify->address.sun_family = AF_UNIX;
    memcpy(notify->address.sun_path, path, len);
    if (path[0] == '@') {
        notify->address.sun_path[0] = '\0';
    }
    notify->address_len =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (path[0] == '/'));
    notify->fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (notify->fd < 0 || fcntl(notify->fd, F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(notify->fd, F_SETFL, O_NONBLOCK) != 0) {
        error_set(error, STATUS_IO, "cannot send to the service manager: %s",
                  strerror(errno));
        notify_fini(notify);
        return false;
    }
    notify->watchdog = read_watchdog();
    return true;
}

void
notify_fini(struct notify *notify)
{
    if (notify->fd >= 0) {
        close(notify->fd);
        notify->fd = -1;
    }
}

void
notify_send(const struct notify *notify, const char *format, ...)
{
    if (notify->fd < 0) {
        return;
    }
    char text[MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (length > 0) {
        size_t size = (size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1;
        (void)sendto(notify->fd, text, size, MSG_NOSIGNAL,
                     (const struct sockaddr *)&notify->address, notify->address_len);
    }
}

void
notify_wait(const struct notify *notify, const char *why)
{
    if (why[0] != '\0') {
        notify_send(notify, "EXTEND_TIMEOUT_USEC=20000000\nSTATUS=Waiting: %s", why);
    }
}
