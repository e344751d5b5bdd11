// sd_notify(3): reports the state of this process to the service manager. Without a
// manager ($NOTIFY_SOCKET is not set) every call does nothing.
#pragma once

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/status.h"
#include "base/usec.h"

struct notify {
    int fd; // -1: no manager
    struct sockaddr_un address;
    socklen_t address_len;
    usec watchdog; // how often the manager expects WATCHDOG=1; 0: never
};

// Reads $NOTIFY_SOCKET (a path, or '@' and an abstract name), $WATCHDOG_USEC and
// $WATCHDOG_PID. False with error set when the socket cannot be used; later calls then
// do nothing.
bool notify_init(struct notify *notify, struct error *error);
void notify_fini(struct notify *notify);

// "READY=1\nSTATUS=…", printf's format. If the manager does not read, the message is
// lost; this is not an error.
void notify_send(const struct notify *notify, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Before READY=1: the process waits for this reason; extends the start timeout. Does
// nothing if the text is empty.
void notify_wait(const struct notify *notify, const char *why);
