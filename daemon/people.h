// The people files of all campaigns (daemon/people_file.h): read at the start, and
// again at SIGHUP, in parts between other events. Until a file is read to its end, and
// if it cannot be read, the people read before stay in use.
#pragma once

#include <stddef.h>

#include "base/status.h"
#include "net/timer.h"

struct event_base;
struct people_file;
struct pipeline;
struct settings;

struct people {
    const struct settings *settings;
    struct pipeline *pipeline;
    struct timer step;
    size_t campaign; // the next one, or the one whose file is being read
    struct people_file *file;
};

// Keeps all. The campaigns of the settings are those of the pipeline, in that order.
enum status people_init(struct people *people, struct event_base *base,
                        const struct settings *settings,
                        struct pipeline *pipeline) MUST_USE;
// Accepts zeroed.
void people_fini(struct people *people);

// Reads all files at once, and logs what was read. Stops at the first that cannot be
// read, with error set.
enum status people_read(struct people *people, struct error *error) MUST_USE;
// Begins to read all files, from the first one on. Errors are logged.
void people_read_again(struct people *people);

// Reads all files without keeping anything; logs which lines are not understood. Stops
// at the first file that cannot be read, with error set.
enum status people_check(const struct settings *settings, struct error *error) MUST_USE;
