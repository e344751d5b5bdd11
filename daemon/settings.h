// Everything a user may set, gathered from the option rows of the parts.
//
// The values come from the rows' presets, then the configuration file, then -o on the
// command line; the last one wins. Sources are sections with a title, so their options
// are named "source.<title>.<option>" and there may be none of them or many.
#pragma once

#include "base/option.h"
#include "daemon/lookup.h"
#include "daemon/state.h"
#include "ingest/source_options.h"
#include "pipeline/pipeline.h"
#include "sinks/http_options.h"
#include "sinks/redis_options.h"

enum { SETTINGS_SOURCES_MAX = 32 };

struct daemon_options {
    char format[OPTION_TEXT_MAX];
};

struct settings {
    struct daemon_options daemon;
    struct pipeline_options pipeline;
    struct redis_options redis;
    struct state_options state;
    struct http_options http;
    struct lookup_options lookup;
    struct source_options sources[SETTINGS_SOURCES_MAX];
    int source_lines[SETTINGS_SOURCES_MAX]; // of the file below; 0: not from it
    size_t source_count;
    const char *file; // the configuration that was read, kept; NULL: none
};

// One part's rows and where its values lie within struct settings.
struct settings_part {
    const struct option *rows;
    size_t offset;
};

// Called for each thing that is wrong.
typedef void (*settings_error_fn)(void *context, const struct error *error);

extern const struct settings_part settings_parts[];
extern const size_t settings_part_count;

void settings_presets(struct settings *settings);

// The source of that title, added with its presets if there is none yet. NULL with
// error set past SETTINGS_SOURCES_MAX, or when the title is too long.
struct source_options *settings_source(struct settings *settings, struct slice title,
                                       struct error *error);

// The row of that name, or NULL with error set; *ret_values is where its part's values
// lie. Adds a source that is named for the first time.
const struct option *settings_find(struct settings *settings, struct slice name,
                                   void **ret_values, struct error *error);

// Turns names of secret files without a '/' into paths within `folder`, where systemd
// lays credentials. folder: NULL leaves everything as it is.
void settings_resolve(struct settings *settings, const char *folder);

// What the rows alone cannot judge: combinations, files. Tells everything that is
// wrong; true if nothing is.
bool settings_check(const struct settings *settings, settings_error_fn on_error,
                    void *context);

// True if both rows' values read the same.
bool settings_equal(const struct option *rows, const void *one, const void *other);
