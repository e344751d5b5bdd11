// SIGINT and SIGTERM, and the deadline they set: the process ends within 5 s whatever
// it is doing, even if a disk, a name server or Redis holds the loop.
//
// The signal's handler starts a timer of the system, then wakes the loop. If the
// process has not ended when the timer fires, one line says what is unfinished and the
// process exits from there. One per process.
#pragma once

#include <stdbool.h>

#include "base/usec.h"

struct event_base;

// Called from the loop, for each signal.
typedef void (*halt_fn)(void *context);

// Takes over both signals. Keeps all. False when the system refuses.
bool halt_init(struct event_base *base, halt_fn on_signal, void *context);
// The signals are ignored from here on; the deadline holds.
void halt_fini(void);

// What the process is about to do, and the exit code if the deadline comes meanwhile.
// doing: keeps; "the snapshot is not saved: …".
void halt_doing(const char *doing, int exit_code);

// Until the deadline; the whole span before a signal.
usec halt_left(void);
