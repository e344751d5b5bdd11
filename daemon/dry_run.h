// A dry run: recorded messages pass through a pipeline as in a replay, in event time,
// but nothing is written to Redis. A backtest and a report read recordings so.
//
// A signal ends it; a second one ends the process.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/usec.h"
#include "daemon/recording.h"
#include "daemon/refusals.h"
#include "ingest/frames/file_input.h"
#include "ingest/frames/lines.h"
#include "ingest/text/campaign_words.h"
#include "pipeline/pipeline.h"

struct settings;

struct dry_run_setup {
    const struct settings *settings; // kept, as all pointers here
    char **files;                    // "-": standard input
    int file_count;
    // Called after each post and before changes are discarded; false: there is no
    // memory. NULL: none.
    bool (*counted)(void *context);
    void *context;
};

struct dry_run {
    struct dry_run_setup setup;
    struct hash_key key;
    struct pipeline *pipeline; // until dry_run_forget
    struct recording recording;
    struct campaign_words campaigns;
    struct file_input bytes;
    struct refusals refusals;
    struct lines lines;
    struct lines_metrics metrics;
    usec first;         // clock of the first post; USEC_NONE: there is none
    uint32_t undrained; // posts since changes were taken
    bool is_failed;
};

// Returns 0, or an exit code of sysexits; errors are logged.
int dry_run_init(struct dry_run *run, const struct dry_run_setup *setup);
void dry_run_fini(struct dry_run *run);

// A new pipeline for the options and campaigns. Returns an exit code.
int dry_run_prepare(struct dry_run *run);
// Reads all files into it; everything is counted and flushed then. Returns an exit
// code.
int dry_run_read(struct dry_run *run);
// Logs the faults of dates.
void dry_run_report(const struct dry_run *run);
// Destroys the pipeline, so that another one can be prepared.
void dry_run_forget(struct dry_run *run);

// Logs that there is no memory; returns the exit code.
int dry_run_out_of_memory(void);
