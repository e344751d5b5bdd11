// Handles SIGINT, SIGTERM and SIGHUP, and enforces the deadline: the process ends
// within 5 s even if a disk, a name server or Redis blocks the loop.
//
// The signal handler starts a timer of the system, then wakes the loop. If the process
// has not ended when the timer fires, one line reports what is unfinished and the
// process exits. One per process.
#pragma once

#include <stdbool.h>

#include "base/usec.h"

struct event_base;

// Called from the loop, for each signal; for those within 200 ms of the first, once.
typedef void (*signals_fn)(void *context);

// Installs the handlers; SIGHUP stays ignored if it is. Keeps all. False when the
// system refuses.
bool signals_init(struct event_base *base, signals_fn on_signal, void *context);
// The loop ends, and another one begins with signals_init, which gets what comes in
// between. signals_fini then does nothing.
void signals_detach(void);
// From here on the signals are ignored; the deadline remains in force.
void signals_fini(void);

// Sets the message and the exit code in case the deadline passes during the next
// action. doing: keeps; "the snapshot is not saved: …".
void signals_doing(const char *doing, int exit_code);

// The message set last.
const char *signals_unfinished(void);

// The time until the deadline; the full 4.5 s before a signal.
usec signals_left(void);
