// A worker before it counts: it waits as a spare while another worker has the prefix,
// and takes over when that is silent or stops.
//
// A spare reads the beat of the other worker, nothing else, and has no pipeline. Its
// HTTP server answers /healthz and /metrics; all else with 503. When it takes over, it
// gets the snapshot in Redis if that is newer than its own, and makes it its newest, so
// that the start that follows is that of any worker.
#pragma once

#include <stdbool.h>

struct notify;
struct settings;
struct worker;

// Waits until this process is to count: worker->tenure is then set. dir: of the
// snapshots; empty: none. Returns 0, or an exit code, after logging why; *ret_taken is
// false if the process is to end.
int spare_wait(struct worker *worker, const struct settings *settings, const char *dir,
               const struct notify *notify, bool *ret_taken);
